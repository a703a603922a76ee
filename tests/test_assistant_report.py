"""Reports of a run: nothing in them runs, fetches or breaks, whatever the texts hold."""

import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from assistant.cli import run as whyrec
from assistant.commands.eval import eval_group
from assistant.evaluation.report import coloured
from assistant.evaluation.run_folder import RunFolder
from assistant.evaluation.running import Run, evaluate
from assistant.evaluation.thresholds import broken_thresholds, read_thresholds
from assistant.home import OpenHome
from ingest.errors import AskerError
from tests.fixtures_browser import Browser

HOSTILE = '<script>alert(1)</script> =HYPERLINK("http://x.test") & \x0b ]]> | `x`'


@pytest.fixture(scope="module")
def done(films_home: OpenHome, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("report")
    cases = [
        {"id": "good", "question": "Suggest 2 films to user 3", "tags": ["a"]},
        {"id": "=bad", "question": "Suggest 2 films to user 3 {text}", "vars": {"text": HOSTILE},
         "tags": ["@b"], "expect": {"count": 7, "text_has": [HOSTILE]}},
    ]  # fmt: skip
    path = folder / "hostile.json"
    path.write_text(json.dumps({"name": "<b>hostile</b>", "cases": cases}), encoding="utf-8")
    models = {"one": None, "two": None}
    return evaluate(str(path), home=films_home, models=models, out=folder / "run")


class Page(HTMLParser):
    """What a page would fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href") and value]


def test_the_page_runs_nothing_and_fetches_nothing(done: Run) -> None:
    text = (done.folder / "report.html").read_text(encoding="utf-8")
    page = Page()
    page.feed(text)
    assert {"script", "iframe", "img", "b"} & set(page.tags) == set()
    assert page.links == ["data:,"]
    assert "default-src 'none'" in text
    assert "&lt;script&gt;alert(1)" in text


def test_the_page_says_the_verdict_first_and_shows_every_case(done: Run) -> None:
    text = (done.folder / "report.html").read_text(encoding="utf-8")
    assert text.index("1 of 2 answers pass every check") < text.index("<h2>Variants")
    assert text.index("fail: count") < text.index('<td class="good"')
    assert "no difference seen" in text
    assert text.count("<details><summary><span") == 4


def test_the_table_holds_no_formula(done: Run) -> None:
    text = (done.folder / "results.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 4
    assert {row["case"] for row in rows} == {"good", "'=bad"}
    assert not [cell for row in rows for cell in row.values() if re.match(r"[=+@\t\r-]", cell)]
    assert float(rows[0]["pass"]) == 1


def test_the_junit_file_is_xml_with_a_test_a_case(done: Run) -> None:
    root = ElementTree.parse(done.folder / "junit.xml").getroot()
    suites = root.findall("testsuite")
    assert [(one.get("tests"), one.get("failures")) for one in suites] == [("2", "1")] * 2
    failures = [one.text or "" for one in root.iter("failure")]
    assert all("count: 2 items, not 7" in text for text in failures) and len(failures) == 2


def test_the_markdown_summary_escapes_what_it_quotes(done: Run) -> None:
    text = (done.folder / "report.md").read_text(encoding="utf-8")
    assert "<b>" not in text.replace("\\<", "") and "\\<b\\>hostile" in text
    assert "count: 2 items, not 7" in text


def test_rejected_claims_are_coloured_in_what_the_model_wrote() -> None:
    text = "True. It won\nan Oscar. True."
    parts = coloured(text, ["It won an Oscar."])
    assert parts == [("good", "True. "), ("bad", "It won\nan Oscar."), ("good", " True.")]
    assert coloured("a", []) == [("good", "a")]


def test_runs_are_compared_and_cases_shown_by_name(done: Run) -> None:
    from assistant.evaluation.compare_runs import case_in_full, compare, open_run, sentences

    run = open_run(str(done.folder))
    document = compare(run, RunFolder(done.folder))
    assert document["changed"] == []
    assert {one["difference_seen"] for one in document["comparisons"]} == {False}
    assert "changed: nothing but time" in sentences(document)[0]
    assert len(case_in_full(run, "good")) == 2
    assert len(case_in_full(run, "good", "two")) == 1
    with pytest.raises(AskerError, match="no answer to the case 'goood'; there are good"):
        case_in_full(run, "goood")
    with pytest.raises(AskerError, match="there is no run 'nowhere'"):
        open_run("nowhere")


def test_thresholds_name_what_is_missed(done: Run) -> None:
    assert broken_thresholds(done.results, read_thresholds(["pass=0.5", "shown.seen=0"])) == []
    missed = broken_thresholds(done.results, read_thresholds(["pass=0.9", "failed=-1"]))
    assert [one.split(": ")[1] for one in missed] == [
        "pass is 0.5000, under 0.9", "pass is 0.5000, under 0.9",
        "failed is 0.0000, over -1", "failed is 0.0000, over -1",
    ]  # fmt: skip
    with pytest.raises(AskerError, match="no answer has the metric 'pas'; did you mean 'pass'"):
        broken_thresholds(done.results, read_thresholds(["pas=1"]))
    with pytest.raises(AskerError, match="what a judge says is no gate"):
        read_thresholds(["judge.grounded=1"])
    for text in ("pass", "=1", "pass=high", "pass=nan"):
        with pytest.raises(AskerError, match="takes METRIC=VALUE"):
            read_thresholds([text])


def test_the_command_compares_shows_and_lists(
    done: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(done.folder)
    assert eval_group.main(["show", folder, "good", "--json"], standalone_mode=False) is None
    assert json.loads(capsys.readouterr().out)[0]["row"]["case"] == "good"
    eval_group.main(["compare", folder, folder], standalone_mode=False)
    assert "no difference seen" in capsys.readouterr().out
    eval_group.main(["show", folder, "=bad", "--variant", "one"], standalone_mode=False)
    assert "count: 2 items, not 7" in capsys.readouterr().out
    eval_group.main(["suites"], standalone_mode=False)
    assert "seed" in capsys.readouterr().out


@pytest.mark.slow
def test_the_command_runs_a_shipped_suite_and_fails_by_name(
    ml100k_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = ["--home", str(ml100k_home), "--llm", "none"]
    assert whyrec(["eval", "seed", *home, "--fail-under", "pass=1", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["n_done"] == document["n_planned"] and "rows" not in document
    again = ["eval", "seed", *home, "--limit", "3", "--baseline", document["folder"]]
    assert whyrec(again) == 0
    assert "report.html" in capsys.readouterr().out
    assert whyrec(["eval", "seed", *home, "--limit", "2", "--fail-under", "pass=1.5"]) == 1
    assert "seed, none: pass is 1.0000, under 1.5" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1200])
def test_a_browser_shows_the_page_in_light_and_dark_and_asks_for_nothing(
    done: Run, browser: Browser, width: int
) -> None:
    light, dark = (browser.show(done.folder / "report.html", width, dark) for dark in (False, True))
    for seen in (light, dark):
        assert seen.requests == []
        assert seen.errors == []
        assert seen.width <= width
        assert len(seen.picture) > 5000
    assert light.background != dark.background
    assert light.picture != dark.picture


@pytest.mark.slow
def test_the_browser_would_tell(browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(
        "<body style='min-width: 900px'><img src='http://127.0.0.1:9/x.png'>"
        "<script>console.error('oh'); throw new Error('no')</script>"
    )
    seen = browser.show(page, width=390)
    assert seen.requests == ["http://127.0.0.1:9/x.png"]
    assert len(seen.errors) == 3  # the console, the exception, the picture
    assert seen.width >= 900
