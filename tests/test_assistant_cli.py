"""The command line: instant help, one sentence for every mistake, JSON where asked."""

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from assistant.cli import run, whyrec

HEAVY = ("torch", "transformers", "chromadb", "langchain", "langchain_core", "pandas", "numba")
COMMANDS = list(whyrec.list_commands(None))  # type: ignore[arg-type]


def loaded_after(*arguments: str) -> list[str]:
    """Return which heavy packages a fresh process has loaded after running `whyrec` so."""
    code = (
        "import sys; from assistant.cli import run; run(sys.argv[1:]); "
        f"print('LOADED', *[name for name in {HEAVY} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.rpartition("LOADED")[2].split()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["nonsense"],
        ["ask", "--nonsense"],
        ["recommend", "-n", "many"],
        ["train", "--task", "nonsense"],
        *[[command, "--help"] for command in COMMANDS],
    ],
)
def test_help_and_usage_errors_load_nothing_heavy(arguments: list[str]) -> None:
    assert loaded_after(*arguments) == []


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    shown = capsys.readouterr().out
    assert [name for name in COMMANDS if f"\n  {name}" not in shown] == []


def test_help_says_of_every_command_what_it_does_in_one_whole_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["--help"]) == 0
    lines = capsys.readouterr().out.partition("Commands:\n")[2].splitlines()
    assert len(lines) == len(COMMANDS)
    assert [line for line in lines if not line.endswith(".") or "..." in line] == []


@pytest.mark.parametrize("command", [c for c in COMMANDS if c not in ("data",)])
def test_help_of_every_command_teaches_with_an_example(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([command, "--help"]) == 0
    shown = capsys.readouterr().out
    lines = shown.splitlines()
    assert any(line.strip().startswith(f"whyrec {command}") for line in lines) or (
        f"Example: whyrec {command}" in shown
    )
    assert "\\b" not in shown


def test_a_misspelt_command_is_set_right(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["recomend", "7"]) == 2
    assert "Did you mean 'recommend'?" in capsys.readouterr().err


def test_a_question_is_read_from_standard_input_where_a_dash_stands(
    ml100k_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("Suggest 1 film to user 78\n"))
    assert run(["ask", "-", "--home", str(ml100k_home), "--no-log"]) == 0
    assert "user 78 has not seen" in capsys.readouterr().out


@pytest.mark.parametrize("command", [c for c in COMMANDS if c != "data"])
def test_every_command_has_json_and_home(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([command, "--help"]) == 0
    shown = capsys.readouterr().out
    assert "--json" in shown
    assert "--home" in shown


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["ask", "hello user 1"], "there is no data in"),
        (["recommend", "78"], "run `whyrec demo`, or `whyrec build SOURCE`"),
        (["similar", "78"], "there is no data in"),
        (["train"], "there is no data in"),
        (["index"], "there is no data in"),
        (["build", "nowhere.csv"], "nowhere.csv"),
        (["ask", "hello", "--llm", "nonsense"], "names no language model"),
        (["ask", "hello", "--prompt", "nowhere.toml"], "there is no prompt 'nowhere.toml'"),
        (["recommend"], "name at least one user, or use --all"),
        (["similar", "1", "--all"], "name users or use --all, not both"),
    ],
)
def test_a_mistake_is_a_sentence_and_exit_code_two(
    arguments: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*arguments, "--home", str(tmp_path / "home")]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert sentence in printed.err
    assert "Traceback" not in printed.err


def test_a_home_of_another_version_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "home.json").write_text('{"format": 99, "parts": {}}')
    assert run(["ask", "hello", "--home", str(tmp_path)]) == 2
    assert "built by another version of whyrec" in capsys.readouterr().err


def test_doctor_names_what_is_missing_and_the_mend(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["doctor", "--home", str(tmp_path), "--json"]) == 1
    findings: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    data = next(finding for finding in findings if finding["check"] == "data")
    assert data["state"] == "failed"
    assert "whyrec demo" in data["mend"]


def test_doctor_names_an_endpoint_that_is_down(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["doctor", "--home", str(tmp_path), "--llm", "openai:m@http://127.0.0.1:9", "--json"])
    findings: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    model = next(finding for finding in findings if "language model" in finding["check"])
    assert (model["state"], model["mend"]) == ("failed", "answer without it: --llm none")
