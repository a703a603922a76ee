"""A PostgreSQL server of the tests' own: in a temporary folder, on loopback, gone afterwards."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

PASSWORD = "se:sa/me @&open"
"""Of the user `ann`; it has to be written with %-codes in a URL."""
QUOTED = "se%3Asa%2Fme%20%40%26open"


def _binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


def _as_postgres(command: list[str], folder: Path) -> None:
    """Run a command as somebody else than root, whom PostgreSQL refuses."""
    owner = "postgres" if os.geteuid() == 0 else None
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=folder, timeout=60, check=False, user=owner
    )
    if done.returncode:
        pytest.skip(f"{Path(command[0]).name} failed: {done.stderr.strip()[-200:]}")


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a server and return the URL of its database `shop`, with the password of `ann`."""
    pytest.importorskip("psycopg", reason="psycopg, PostgreSQL's driver, is not installed")
    binaries = _binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL is installed here")
    folder = Path("/tmp") / f"whyrec-postgres-{os.getpid()}"  # a socket's path must be short
    folder.mkdir(mode=0o700)
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    secret = folder / "password"
    secret.write_text(PASSWORD)
    secret.chmod(0o644)
    data, options = folder / "data", f"-p {port} -h 127.0.0.1 -k {folder} -c fsync=off"
    try:
        _as_postgres(
            [str(binaries / "initdb"), "-D", str(data), "-U", "ann", "-A", "scram-sha-256"]
            + ["--pwfile", str(secret), "-E", "UTF8", "--locale", "C.UTF-8"],
            folder,
        )
        log = str(folder / "log")
        start = [str(binaries / "pg_ctl"), "-D", str(data), "-l", log, "-w", "-o", options]
        _as_postgres([*start, "start"], folder)
        try:
            _make_shop(port)
            yield f"postgresql://ann:{QUOTED}@127.0.0.1:{port}/shop"
        finally:
            stop = [str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop"]
            _as_postgres(stop, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _make_shop(port: int) -> None:
    import psycopg

    where = {"host": "127.0.0.1", "port": port, "user": "ann", "password": PASSWORD}
    with psycopg.connect(dbname="postgres", autocommit=True, **where) as connection:  # type: ignore[arg-type]
        connection.execute("CREATE DATABASE shop")
    with psycopg.connect(dbname="shop", **where) as connection:  # type: ignore[arg-type]
        connection.execute(
            """
            CREATE TABLE ratings (user_id text, item_id bigint, rating numeric(3,1), at timestamptz,
                                  PRIMARY KEY (user_id, item_id));
            INSERT INTO ratings VALUES ('007', 9007199254740993, 4.5, '2024-05-31T18:30:00+02:00'),
                ('007', 2, 3, '2024-06-01T00:00:00Z'), ('7', 2, 5, '2024-06-02T00:00:00Z');
            CREATE TABLE people (user_id text, age int, tags text[], about jsonb, key uuid);
            INSERT INTO people VALUES ('007', 40, '{spy,driver}', '{"a": 1}',
                '3510a6a1-6b35-4e71-9715-4e77690e85e1'), ('7', NULL, NULL, NULL, NULL);
            CREATE SCHEMA stock;
            CREATE TABLE stock.films (item_id bigint, title text);
            INSERT INTO stock.films VALUES (2, 'Heat'), (9007199254740993, 'Alien');
            CREATE MATERIALIZED VIEW stock.kept AS SELECT * FROM stock.films;
            CREATE VIEW recent AS SELECT * FROM ratings WHERE at > '2024-06-01';
            """
        )
