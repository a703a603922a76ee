"""SQL: any table, view or SELECT, read only, streamed; no message ever holds a password."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ingest.errors import AskerError, DataError, OperationError, WhyrecError
from ingest.sources import sql
from ingest.sources.raw import Reading
from ingest.sources.sql import is_sql, open_sql
from ingest.sources.sql_text import is_one_select
from tests.fixtures_postgres import PASSWORD, QUOTED

SHOP = """
    CREATE TABLE ratings ("user id" TEXT, item INTEGER, label REAL, at TEXT,
                          PRIMARY KEY ("user id", item));
    INSERT INTO ratings VALUES ('7', 9007199254740993, 4.5, '2024-01-01'), ('007', 2, 4, ''),
        ('007', 1, 'good', NULL);
    CREATE TABLE "order" (id INTEGER, note TEXT);
    CREATE VIEW rated AS SELECT DISTINCT item FROM ratings ORDER BY item;
"""


@pytest.fixture
def shop(tmp_path: Path) -> str:
    """The URL of a SQLite file."""
    connection = sqlite3.connect(tmp_path / "shop.db")
    connection.executescript(SHOP)
    connection.close()
    return f"sqlite:///{tmp_path}/shop.db"


def read(url: str, text: str = "", **what: Any) -> dict[str, list[Any]]:
    table = open_sql(url, Reading(), **what)
    held: dict[str, list[Any]] = table.read(table.columns, text.split(",")).table.to_pydict()
    return held


def test_a_table_comes_in_the_order_of_its_key_with_ids_as_they_are_written(shop: str) -> None:
    assert read(shop, "user id,item", table="ratings") == {
        "user id": ["007", "007", "7"],
        "item": ["1", "2", "9007199254740993"],
        "label": ["good", "4", "4.5"],
        "at": [None, None, "2024-01-01"],
    }


def test_only_the_wanted_columns_are_read_in_the_tables_order(shop: str) -> None:
    table = open_sql(shop, Reading(), "ratings")
    rows = table.read(["item", "user id"], [])
    assert rows.table.column_names == ["user id", "item"]
    assert list(rows.rows) == [1, 2, 3]


def test_a_view_and_a_table_of_a_reserved_name_can_be_named_behind_the_url(shop: str) -> None:
    assert read(f"{shop}#rated") == {"item": [1, 2, 9007199254740993]}
    assert open_sql(f"{shop}#order", Reading()).columns == ("id", "note")


def test_a_query_is_read_as_it_is(shop: str) -> None:
    query = """-- what each has rated; nothing else
        SELECT "user id" AS who, count(*) AS n FROM ratings WHERE at IS NULL OR at <> 'a:b;%'
        GROUP BY 1 ORDER BY 1;"""
    assert read(shop, query=query) == {"who": ["007", "7"], "n": [2, 1]}


def test_blocks_of_rows_give_the_same_table(shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = read(shop, table="ratings")
    monkeypatch.setattr(sql, "_BLOCK", 1)
    assert read(shop, table="ratings") == whole


def test_nothing_can_be_written(shop: str) -> None:
    from sqlalchemy import text

    with (
        pytest.raises(OperationError, match="readonly database"),
        sql._connected(sql._parsed(shop)[0], "shop") as connection,
    ):
        connection.execute(text("DELETE FROM ratings"))


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM ratings",
        "SELECT 1; DROP TABLE ratings",
        "WITH gone AS (DELETE FROM ratings RETURNING *) SELECT * FROM gone",
        "SELECT * INTO copy FROM ratings",
        "SELECT * FROM ratings FOR UPDATE",
        "SELECT /*!50000 1 INTO OUTFILE '/x' */",
        "PRAGMA writable_schema = ON",
        "-- nothing",
        "",
    ],
)
def test_what_is_not_one_select_is_refused(query: str, shop: str) -> None:
    assert not is_one_select(query)
    with pytest.raises(AskerError, match=r"--query must be a single SELECT|say what to read"):
        open_sql(shop, Reading(), query=query)


@pytest.mark.parametrize(
    "query",
    [
        "select 1",
        "  WITH a AS (SELECT 1 AS x) SELECT x FROM a ; ",
        "SELECT 'delete; from' AS \"insert\", replace(a, 'b', 'c') FROM t -- into",
        "SELECT $$ drop; into $$ /* update */",
    ],
)
def test_words_in_quotes_and_comments_do_not_make_a_select_anything_else(query: str) -> None:
    assert is_one_select(query)


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ({"table": "rating"}, "has no table or view 'rating'; did you mean ratings or rated?"),
        ({"table": "xyz"}, "has no table or view 'xyz'; there are: order, rated, ratings"),
        ({"query": "SELECT labl FROM ratings"}, "--query cannot be run (no such column: labl)"),
        ({}, "one of --table NAME or --query 'select …'"),
        ({"table": "a", "query": "select 1"}, "one of --table NAME or --query 'select …'"),
    ],
)
def test_what_the_caller_must_mend_is_said(shop: str, what: dict[str, str], sentence: str) -> None:
    with pytest.raises(AskerError) as refused:
        open_sql(shop, Reading(), **what)
    assert sentence in str(refused.value)


def test_two_columns_of_one_name_and_no_rows_are_named(shop: str) -> None:
    with pytest.raises(DataError, match="column 'a': two columns have this name; rename one with"):
        open_sql(shop, Reading(), query="SELECT 1 AS a, 2 AS a")
    with pytest.raises(DataError, match="there are column names but no rows below them"):
        read(shop, table="order")


def test_a_file_that_is_not_there_is_not_made_and_another_kind_is_named(tmp_path: Path) -> None:
    with pytest.raises(AskerError, match="there is no SQLite file for .*nope.db"):
        open_sql(f"sqlite:///{tmp_path}/nope.db", Reading(), "ratings")
    assert not list(tmp_path.iterdir())
    (tmp_path / "text.db").write_text("no database at all, but long enough to be looked at")
    with pytest.raises(OperationError, match=r"\(file is not a database\); name a SQLite file"):
        open_sql(f"sqlite:///{tmp_path}/text.db", Reading(), "ratings")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://ann:sesame@host/shop", "there is no driver for mysql here; install it"),
        ("oddbase://ann:sesame@host/shop", "there is no driver for oddbase here; install it"),
        ("postgresql://ann:x:sesame@host:port/shop", "the postgresql URL cannot be read; write"),
        ("postgresql://ann:ses#ame@127.0.0.1:1/shop", "see to it that the server runs"),
        ("postgresql://ann:sesame@127.0.0.1:1/shop?sslkey=sesame", "see to it that the server"),
        ("postgresql://ann:sesame@no.such.host.invalid/shop", "check the server's name"),
    ],
)
def test_no_message_and_no_traceback_holds_the_password(url: str, sentence: str) -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(WhyrecError) as refused:
        open_sql(url, Reading(), "ratings")
    assert sentence in str(refused.value)
    assert refused.value.__suppress_context__ or refused.value.__context__ is None
    for secret in ("sesame", "ses#ame", "ame@"):
        assert secret not in str(refused.value)


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        ("sqlite:///a.db", True),
        ("mysql+pymysql://h/d", True),
        ("https://h/a.csv", False),
        ("s3://b/a", False),
        ("a.csv", False),
        ("C:/a.csv", False),
    ],
)
def test_urls_of_databases_are_told_from_others(source: str, answer: bool) -> None:
    assert is_sql(source) == answer


# --- a real PostgreSQL ----------------------------------------------------------------------------


def test_postgres_types_arrive_as_they_are(postgres: str) -> None:
    assert read(postgres, "user_id,item_id", table="ratings") == {
        "user_id": ["007", "007", "7"],
        "item_id": ["2", "9007199254740993", "2"],
        "rating": [3.0, 4.5, 5.0],
        "at": [
            datetime(2024, 6, 1, tzinfo=UTC),
            datetime(2024, 5, 31, 16, 30, tzinfo=UTC),
            datetime(2024, 6, 2, tzinfo=UTC),
        ],
    }
    table = open_sql(f"{postgres}#people", Reading())
    rows = table.read(["user_id", "age", "tags", "key"], ["user_id"]).table.to_pydict()
    assert rows == {
        "user_id": ["007", "7"],
        "age": [40, None],
        "tags": ["spy|driver", None],
        "key": ["3510a6a1-6b35-4e71-9715-4e77690e85e1", None],
    }
    with pytest.raises(DataError, match="column 'about': holds objects, which cannot be used"):
        table.read(["about"], [])


def test_postgres_views_schemas_and_queries_can_be_read(postgres: str) -> None:
    assert read(f"{postgres}#recent", "user_id")["user_id"] == ["7"]
    assert read(postgres, table="stock.films")["title"] == ["Heat", "Alien"]
    query = "SELECT user_id, '100%'::text AS share FROM ratings WHERE user_id LIKE '0%' LIMIT 1"
    assert read(postgres, query=query) == {"user_id": ["007"], "share": ["100%"]}
    assert read(postgres, table="stock.kept")["title"] == ["Heat", "Alien"]
    query = """WITH RECURSIVE days(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM days WHERE n < 3),
    mine AS (SELECT user_id, count(*) AS seen FROM ratings GROUP BY user_id)
    SELECT user_id, seen, n FROM mine CROSS JOIN days ORDER BY user_id, n LIMIT 2;"""
    assert read(postgres, query=query) == {
        "user_id": ["007", "007"],
        "seen": [2, 2],
        "n": [1, 2],
    }


def test_postgres_results_may_be_as_wide_as_it_lets_them_be(postgres: str) -> None:
    columns = [f"c{number}" for number in range(1_600)]
    query = f"SELECT {', '.join(f'{n} AS {name}' for n, name in enumerate(columns))} FROM ratings"
    table = open_sql(postgres, Reading(), query=query)
    assert table.columns == tuple(columns)
    assert table.read(["c1599", "c7"], ["c7"]).table.to_pydict() == {
        "c7": ["7"] * 3,
        "c1599": [1599] * 3,
    }


def test_postgres_refuses_to_write_by_itself(postgres: str) -> None:
    from sqlalchemy import text

    with (
        pytest.raises(OperationError, match="read-only transaction"),
        sql._connected(sql._parsed(postgres)[0], "shop") as connection,
    ):
        plainly = connection.execution_options(stream_results=False)
        plainly.execute(text("DELETE FROM ratings"))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ((QUOTED, "wrong-sesame"), "check the user and the password"),
        (("/shop", "/shup"), 'database "shup" does not exist); check the names'),
    ],
)
def test_a_wrong_password_and_a_wrong_database_are_told_apart(
    postgres: str, change: tuple[str, str], sentence: str
) -> None:
    with pytest.raises(OperationError) as refused:
        open_sql(postgres.replace(*change), Reading(), "ratings")
    assert sentence in str(refused.value)
    assert not any(secret in str(refused.value) for secret in (PASSWORD, QUOTED, "wrong-sesame"))


def test_a_missing_table_in_postgres_suggests_the_near_one(postgres: str) -> None:
    with pytest.raises(AskerError, match="has no table or view 'rating'; did you mean ratings"):
        open_sql(postgres, Reading(), "rating")
