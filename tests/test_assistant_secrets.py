"""A database's password is in no output and in no file that a command leaves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixtures_postgres import PASSWORD, QUOTED

WHYREC = "from assistant.cli import main; main()"
SECRETS = (PASSWORD, QUOTED, QUOTED[:8], "sesame-street", "open-sesame")


def whyrec(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run the command line in `folder`; return its exit code and all that it printed."""
    command = [sys.executable, "-c", WHYREC, *arguments, "--home", "home"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    return done.returncode, done.stdout + done.stderr


def files_with_a_secret(folder: Path) -> list[Path]:
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and any(secret.encode() in path.read_bytes() for secret in SECRETS)
    ]


@pytest.mark.slow
def test_a_password_is_neither_printed_nor_kept(postgres: str, tmp_path: Path) -> None:
    wrong = postgres.replace(QUOTED, "sesame-street")
    commands = {
        ("ingest", f"{postgres}#ratings", "--time", "at"): 0,
        ("add", f"{postgres}#ratings", "--time", "at"): 0,
        ("ingest", f"{postgres}#rating"): 2,
        ("ingest", postgres, "--query", "select nothing"): 2,
        ("ingest", f"{wrong}#ratings"): 1,
        ("add", f"{wrong}?sslkey=open-sesame#ratings"): 1,
        ("ingest", f"{postgres}?options=open-sesame#ratings", "--dry-run"): 1,
        ("ingest", f"{postgres}#ratings", "--user", "open"): 2,
    }
    for arguments, expected in commands.items():
        status, said = whyrec(tmp_path, *arguments)
        assert status == expected, said
        assert not any(secret in said for secret in SECRETS), said
        assert "Traceback" not in said
    assert files_with_a_secret(tmp_path) == []
