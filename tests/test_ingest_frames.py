"""The caller's own tables: what goes in comes out, and what is wrong is all said at once."""

from __future__ import annotations

import os
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.dataset.schema import Dataset, Field, Noun
from ingest.errors import AskerError, DataError
from ingest.intake.roles import Roles
from ingest.loaders import load_source
from ingest.sources.raw import Reading

MERGED = """\
user,item,label,time,sex,age,occupation,genre1,genre2,genre3
4617,296,2,964138229,F,25,6,crime,drama,missing
1298,208,4,974849526,M,35,6,action,adventure,missing
4585,296,4,964322774,M,35,7,crime,drama,missing
4617,1136,5,966376465,F,25,6,comedy,missing,missing
"""
RATINGS = (
    "userId,movieId,rating,date\n1,10,5,2024-01-01\n1,007,4,2024-01-02T10:00:00+02:00\n3,10,3,60\n"
)
USERS = "id,age,sex\n1,20,F\n3,,M\n9,31,M\n"
ITEMS = "movieId,name,genres,year\n10,Heat,Crime|Drama,1995\n007,Bond,,1962\n11,Alien,Horror,\n"


class Desk:
    """Writes tables into a folder and loads them; `said` is what the loader had to say."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: list[str] = []

    def write(self, name: str, content: str | bytes) -> str:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    def load(self, content: str | bytes, roles: Roles | None = None, **more: Any) -> Dataset:
        return self.load_file(self.write("t.csv", content), roles, **more)

    def load_file(self, path: str, roles: Roles | None = None, **more: Any) -> Dataset:
        self.said.clear()
        return load_source(path, roles, notice=self.said.append, **more)

    def problems(self, content: str | bytes, roles: Roles | None = None, **more: Any) -> list[str]:
        """Return the problems, each without the folder's name."""
        with pytest.raises(DataError) as refused:
            self.load(content, roles, **more)
        return [str(problem).replace(f"{self.folder}/", "") for problem in refused.value.problems]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def pairs(data: Dataset) -> list[tuple[str, str]]:
    seen = data.interactions
    users, items = data.user_ids.external[seen.user], data.item_ids.external[seen.item]
    return list(zip(users.tolist(), items.tolist(), strict=True))


# --- what goes in comes out -----------------------------------------------------------------------


def test_the_first_notebooks_layout_is_read_with_the_notebooks_columns(desk: Desk) -> None:
    roles = Roles(
        user_columns=("sex", "age", "occupation"),
        item_columns=("genre1", "genre2", "genre3"),
        sparse=("sex", "occupation", "genre1", "genre2", "genre3"),
        dense=("age",),
    )
    data = desk.load(MERGED, roles)
    assert data.user_ids.external.tolist() == ["1298", "4585", "4617"]
    assert data.users["occupation"].tolist() == ["6", "7", "6"]
    assert data.users["age"].tolist() == [35.0, 35.0, 25.0]
    assert data.items["genre3"].tolist() == ["missing"] * 3
    assert data.interactions.label.tolist() == [2, 4, 4, 5]
    assert [field.kind for field in data.fields] == ["sparse", "dense", *["sparse"] * 4]
    assert desk.said == []


def test_numbered_columns_can_be_joined_into_one_multi_feature(desk: Desk) -> None:
    roles = Roles(
        item_columns=("genre1", "genre2", "genre3"), multi=("genres=genre1+genre2+genre3",)
    )
    data = desk.load(MERGED, roles, reading=Reading(missing=("missing",)))
    assert data.fields == (Field("genres", "multi", "item"),)
    assert data.item_ids.external.tolist() == ["208", "296", "1136"]
    assert data.items["genres"].tolist() == [
        ("action", "adventure"),
        ("crime", "drama"),
        ("comedy",),
    ]


def test_unused_columns_are_said(desk: Desk) -> None:
    desk.load(MERGED)
    assert len(desk.said) == 1
    assert "not used: 'sex', 'age', 'occupation', 'genre1'" in desk.said[0]


def test_a_column_that_looks_like_times_or_counts_is_hinted_at(desk: Desk) -> None:
    desk.load("user,item,shelf,whenSeen,checkout_day,plays\n1,a,3,x,5,7\n1,b,3,x,6,8\n")
    assert desk.said[0].partition("a feature; ")[2] == (
        "--time checkout_day if that is when it happened: without times histories have no order, "
        "and the lists are worse; --label plays if more of it means liked more"
    )
    desk.load("user,item,rating,time,shelf_day,qty\n1,a,3,5,5,7\n")
    assert desk.said[-1].endswith("makes a column a feature")


@pytest.mark.parametrize("name", ["bought_at", "orderedAt", "created_at", "Timestamp", "date"])
def test_iso_texts_in_a_column_of_a_usual_name_are_the_times(desk: Desk, name: str) -> None:
    data = desk.load(f"user,item,{name}\n1,a,2024-05-31T18:30:00Z\n1,b,2024-06-01\n")
    assert data.interactions.time.tolist() == [1717180200, 1717200000]


@pytest.mark.parametrize("name", ["Titel", "titre", "titolo", "título"])
def test_titles_are_found_in_other_languages(desk: Desk, name: str) -> None:
    items = desk.write("i.csv", f"id,{name}\na,Heat\nb,Bond\n")
    assert desk.load("user,item\n1,a\n1,b\n", items=items).title(0) == "Heat"


@pytest.mark.parametrize("name", ["app", "App_ID"])
def test_the_column_called_like_an_item_is_the_items(desk: Desk, name: str) -> None:
    table = f"user,{name}\n1,a\n2,b\n"
    assert desk.problems(table) == [
        f"t.csv: no column looks like the item's id among 'user', {name!r}; name it with --item"
    ]
    assert pairs(desk.load(table, noun=Noun("app", "apps"))) == [("1", "a"), ("2", "b")]
    assert desk.said[-1].endswith(f"took column {name!r} as the item")


def test_times_that_are_all_equal_count_as_none(desk: Desk) -> None:
    data = desk.load("user,item,time\n1,a,86400\n2,b,86400\n1,b,86400\n")
    assert not data.has_times
    assert data.interactions.time.tolist() == [0, 1, 2]
    assert desk.said[-1].endswith(
        "column 'time': all times are 1970-01-02T00:00:00, so they order nothing and are left out; "
        "name another with --time"
    )
    assert desk.load("user,item,time\n1,a,86400\n2,b,86400\n1,b,86401\n").has_times
    assert desk.load("user,item,time\n1,a,86400\n").has_times


def test_a_pipe_is_refused_before_anybody_waits_for_it(desk: Desk) -> None:
    os.mkfifo(desk.folder / "pipe.csv")
    with pytest.raises(DataError, match="is no regular file but a pipe or a device; write the"):
        desk.load_file(str(desk.folder / "pipe.csv"))
    with pytest.raises(DataError, match="is no regular file"):
        desk.load(GOOD, items=str(desk.folder / "pipe.csv"))


def test_three_tables_are_put_together(desk: Desk) -> None:
    users, items = desk.write("u.csv", USERS), desk.write("i.csv", ITEMS)
    noun = Noun("film", "films")
    data = desk.load(RATINGS, users=users, items=items, noun=noun, liked_from=4.0)
    assert pairs(data) == [("1", "10"), ("1", "007"), ("3", "10")]
    assert data.interactions.time.tolist() == [1704067200, 1704182400, 60]
    assert data.users["age"].tolist()[0::2] == [20.0, 31.0]
    assert np.isnan(data.users["age"][1])
    assert data.items["title"].tolist() == ["Bond", "Heat", "Alien"]
    assert data.items["genres"].tolist() == [(), ("Crime", "Drama"), ("Horror",)]
    assert [(field.name, field.kind) for field in data.fields] == [
        *[("age", "dense"), ("sex", "sparse"), ("genres", "multi"), ("year", "dense")]
    ]
    assert (data.noun, data.liked_from, data.has_labels, data.has_times) == (noun, 4, True, True)


def test_every_guess_is_said(desk: Desk) -> None:
    desk.load(RATINGS)
    assert [text.partition(": ")[2] for text in desk.said] == [
        "took column 'userId' as the user",
        "took column 'movieId' as the item",
        "took column 'rating' as the label",
        "took column 'date' as the time",
    ]


def test_roles_that_are_told_are_not_guessed(desk: Desk) -> None:
    roles = Roles(user="who", item="what", label="how", time="when", title="called")
    data = desk.load("who,what,how,when,called,user\na,b,3,5,Bee,x\n", roles)
    assert pairs(data) == [("a", "b")]
    assert data.title(0) == "Bee"


def test_only_ids_are_enough(desk: Desk) -> None:
    data = desk.load("user,item\na,x\nb,x\na,y\n")
    assert pairs(data) == [("a", "x"), ("b", "x"), ("a", "y")]
    assert data.interactions.time.tolist() == [0, 1, 2]
    assert (data.has_labels, data.has_times, data.fields, data.name) == (False, False, (), "t")


def test_ids_stay_as_they_are_written(desk: Desk) -> None:
    data = desk.load("user,item\n007,1.0\n7,1e3\nNA,None\n９,é\n")
    assert pairs(data) == [("007", "1.0"), ("7", "1e3"), ("NA", "None"), ("９", "é")]


def test_a_column_named_in_user_col_limits_a_users_table(desk: Desk) -> None:
    users = desk.write("u.csv", USERS)
    data = desk.load("user,item\n1,a\n", Roles(user_columns=("sex",)), users=users)
    assert [field.name for field in data.fields] == ["sex"]


def test_kinds_are_inferred_from_what_stands_in_the_column(desk: Desk) -> None:
    content = "user,item,n,text,many,flag,code\n1,a,3,x,p|q,True,6\n2,b,4.5,y,p,False,7\n"
    roles = Roles(item_columns=("n", "text", "many", "flag", "code"), sparse=("code",))
    data = desk.load(content, roles)
    kinds = {field.name: field.kind for field in data.fields}
    assert kinds == {
        **{"n": "dense", "text": "sparse", "many": "multi"},
        **{"flag": "sparse", "code": "sparse"},
    }
    assert data.items["flag"].tolist() == ["True", "False"]
    assert data.items["many"].tolist() == [("p", "q"), ("p",)]


def test_another_multi_separator_is_taken(desk: Desk) -> None:
    roles = Roles(item_columns=("tags",), multi=("tags",))
    data = desk.load("user,item,tags\n1,a,x; y;x;\n", roles, reading=Reading(multi_separator=";"))
    assert data.items["tags"].tolist() == [("x", "y")]


def test_a_column_without_values_is_left_out_and_said(desk: Desk) -> None:
    data = desk.load("user,item,age\n1,a,\n2,b,\n", Roles(user_columns=("age",)))
    assert data.fields == ()
    assert "left out column 'age', which has no values" in desk.said[0]


def test_a_missing_attribute_is_filled_from_another_row_of_the_same_user(desk: Desk) -> None:
    data = desk.load("user,item,age\n1,a,\n1,b,20\n", Roles(user_columns=("age",)))
    assert data.users["age"].tolist() == [20.0]


@pytest.mark.parametrize(("keep", "labels"), [("first", [4.0, 1.0]), ("last", [5.0, 1.0])])
def test_duplicates_can_be_settled_by_time(desk: Desk, keep: str, labels: list[float]) -> None:
    content = "user,item,label,time\n1,a,5,30\n1,a,4,10\n1,b,1,0\n1,a,3,20\n"
    data = desk.load(content, reading=Reading(duplicates=keep))  # type: ignore[arg-type]
    assert data.interactions.label.tolist() == labels
    assert "left out 2 rows that repeat a user and an item" in desk.said[-1]


def test_parquet_and_csv_give_the_same_data(desk: Desk) -> None:
    frame = pd.DataFrame(
        {
            "user": [1, 2, 2],
            "item": ["a", "b", "a"],
            "label": [1.5, 2.0, 3.0],
            "time": [10, 20, 30],
            "age": [20.0, None, None],
            "tags": ["x|y", "z", "x|y"],
        }
    )
    roles = Roles(user_columns=("age",), item_columns=("tags",))
    frame.to_csv(desk.folder / "t.csv", index=False)
    frame.to_parquet(desk.folder / "t.parquet")
    lists = frame.assign(
        tags=frame["tags"].str.split("|"), time=pd.to_datetime(frame["time"], unit="s")
    )
    lists.to_parquet(desk.folder / "l.parquet")
    prints = {
        desk.load_file(str(desk.folder / name), roles).fingerprint
        for name in ("t.csv", "t.parquet", "l.parquet")
    }
    assert len(prints) == 1


def test_parquet_ids_with_gaps_are_whole_numbers_and_the_gap_is_found(desk: Desk) -> None:
    frame = pd.DataFrame({"user": [1.0, 2.0, None], "item": ["a", "b", "c"]})
    path = str(desk.folder / "t.parquet")
    frame.to_parquet(path)
    with pytest.raises(DataError, match=r"column 'user', row 3: the id is missing"):
        desk.load_file(path)
    frame.head(2).to_parquet(path)
    assert desk.load_file(path).user_ids.external.tolist() == ["1", "2"]


@pytest.mark.parametrize("packed", ["gzip", "bz2", "xz"])
def test_compressed_files_are_read_whatever_they_are_called(desk: Desk, packed: Any) -> None:
    path = desk.folder / "t.csv"
    pd.DataFrame({"user": ["1"], "item": ["a"]}).to_csv(path, index=False, compression=packed)
    assert pairs(desk.load_file(str(path))) == [("1", "a")]


def test_tabs_semicolons_marks_and_other_encodings_are_read(desk: Desk) -> None:
    expected = [("1", "é")]
    tsv = desk.write("t.tsv", "user\titem\n1\té\n")
    assert pairs(desk.load_file(tsv)) == expected
    assert pairs(desk.load("user;item\n1;é\n", reading=Reading(separator=";"))) == expected
    assert pairs(desk.load("\ufeffuser,item\n1,é\n")) == expected
    for encoding in ("latin-1", "utf-16"):
        content = "user,item\n1,é\n".encode(encoding)
        assert pairs(desk.load(content, reading=Reading(encoding=encoding))) == expected


def test_the_users_own_zero_padded_lists_are_read(desk: Desk) -> None:
    data = desk.load('user_id,item_id\n1,"[0, 2, 3]"\n2,"[0, 0, 0]"\n')
    assert pairs(data) == [("1", "2"), ("1", "3")]
    assert data.user_ids.external.tolist() == ["1", "2"]


def test_blank_lines_are_no_rows_but_count_as_lines(desk: Desk) -> None:
    assert pairs(desk.load("user,item\n1,a\n\n,\n2,b\n\n")) == [("1", "a"), ("2", "b")]
    assert desk.problems("user,item\n1,a\n\n,b\n") == [
        "t.csv, column 'user', row 4: the id is missing; fill it in"
    ]


cell = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=5)
tables = st.lists(
    st.tuples(cell, cell, st.floats(-5, 5, width=32), st.integers(-(10**9), 10**9)),
    min_size=1,
    max_size=25,
    unique_by=lambda row: row[:2],
)


@given(rows=tables)
@settings(max_examples=60, deadline=None)
def test_what_goes_in_comes_out(
    rows: list[tuple[str, str, float, int]], tmp_path_factory: Any
) -> None:
    no_value = {"", "NaN", "nan", "NULL", "null", "<NA>"}
    rows = [row for row in rows if not no_value & {row[0], row[1]}]
    if not rows:
        return
    path = tmp_path_factory.mktemp("t") / "t.csv"
    frame = pd.DataFrame(rows, columns=["user", "item", "label", "time"])
    frame.to_csv(path, index=False, float_format="%.9g")
    exact = Reading(layout="table", ids="exact")
    data = load_source(str(path), reading=exact, notice=lambda text: None)
    assert pairs(data) == [row[:2] for row in rows]
    np.testing.assert_allclose(data.interactions.label, [row[2] for row in rows], rtol=1e-6)
    assert data.interactions.time.tolist() == [row[3] for row in rows]
    again = load_source(str(path), reading=exact, notice=lambda text: None)
    assert again.fingerprint == data.fingerprint


snippet = st.sampled_from(
    [b"", b",", b'"', b"\n", b"\r", b"\0", b"\xff", b"1e999", b"[", b"9" * 25]
)
damage = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), snippet), min_size=1, max_size=6)


@given(damage=damage, parquet=st.booleans())
@settings(max_examples=150, deadline=None)
def test_whatever_is_broken_it_is_a_sentence_or_it_is_read(
    damage: list[tuple[float, int, bytes]], parquet: bool, tmp_path_factory: Any
) -> None:
    path = tmp_path_factory.mktemp("t") / "t.csv"
    path.write_text(MERGED)
    if parquet:
        pd.read_csv(path).to_parquet(path)
    content = bytearray(path.read_bytes())
    for place, length, put in damage:
        start = int(place * len(content))
        content[start : start + length] = put
    path.write_bytes(content)
    roles = Roles(user_columns=("sex", "age"), item_columns=("genre1",), sparse=("sex",))
    try:
        data = load_source(str(path), roles, notice=lambda text: None)
    except (DataError, AskerError) as refused:
        assert str(path) in str(refused)
    else:
        assert len(data.interactions) > 0


# --- what is wrong is said, all of it at once -----------------------------------------------------

GOOD = "user,item,label\n1,a,3\n"
BROKEN: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "t.csv: the file is empty"),
    "header only": ("user,item\n", "t.csv: there are column names but no rows below them"),
    "no user": (
        "shop,item\n1,a\n",
        "t.csv: no column looks like the user's id among 'shop', 'item'; name it with --user",
    ),
    "no header": (
        "1,2\n3,4\n",
        "t.csv: no column looks like the user's id among '1', '2'; "
        "the first row must hold the columns' names",
    ),
    "two columns of one name": (
        "user,item,user\n1,a,2\n",
        "t.csv, column 'user': two columns have this name; rename one",
    ),
    "missing id": (
        "user,item\n1,a\n,b\nNaN,c\n",
        "t.csv, column 'user', rows 3, 4: the id is missing; fill it in",
    ),
    "text for a label": (
        "user,item,label\n1,a,3\n1,b,good\n",
        "t.csv, column 'label', row 3: 'good' is not a number; mend it",
    ),
    "missing label": (
        "user,item,label\n1,a,3\n1,b,\n",
        "t.csv, column 'label', row 3: the number is missing; fill it in or leave the row out",
    ),
    "infinite label": (
        "user,item,label\n1,a,-inf\n",
        "t.csv, column 'label', row 2: the number is infinite; give a finite one",
    ),
    "thousands": (
        'user,item,label\n1,a,"1,000"\n',
        "t.csv, column 'label', row 2: '1,000' is not a number; mend it, or pass --thousands , or "
        "--decimal ,",
    ),
    "text for a time": (
        "user,item,time\n1,a,10\n1,b,soon\n",
        "t.csv, column 'time', row 3: 'soon' is neither seconds since 1970 nor a date like "
        "2024-05-31T18:30:00; mend it, or pass --time-format",
    ),
    "impossible date": (
        "user,item,time\n1,a,2024-02-30\n",
        "t.csv, column 'time', row 2: '2024-02-30' is neither seconds since 1970 nor a date like "
        "2024-05-31T18:30:00; mend it, or pass --time-format",
    ),
    "missing time": (
        "user,item,time\n1,a,\n2,b,5\n",
        "t.csv, column 'time', row 2: the time is missing; fill it in or leave the row out",
    ),
    "milliseconds": (
        "user,item,time\n1,a,1700000000000\n",
        "t.csv, column 'time', row 2: 1700000000000 is too far for seconds since 1970; if these "
        "are milliseconds, pass --time-unit ms",
    ),
    "a pair twice": (
        "user,item\n1,a\n1,b\n1,a\n",
        "t.csv, rows 2, 4: user '1' and item 'a' stand together more than once; keep one row, or "
        "pass --duplicates last (or first)",
    ),
    "a long row": (
        "user,item,label\n1,a,3\n1,b,3,4\n",
        "t.csv, row 3: has 4 fields where the header has 3; put text that holds the separator "
        "',' in quotes",
    ),
    "an open quote": (
        'user,item,label\n1,"a,3\n',
        "t.csv: a quote is opened and never closed; close it or double it",
    ),
    "latin-1": (
        "user,item\n1,a\n1,é\n".encode("latin-1"),
        "t.csv, row 3: is not in the encoding utf-8; if it is cp1252, pass --encoding cp1252",
    ),
    "utf-16": (
        "user,item\n1,a\n".encode("utf-16"),
        "t.csv: is not UTF-8 but UTF-16; pass --encoding utf-16",
    ),
    "half a zip": (b"PK\x03\x04rest", "t.csv: is a damaged zip; bring it here again"),
    "an old Excel file": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500),
        "t.csv: is an Excel or other office file; save the sheet as CSV UTF-8 and name that file",
    ),
    "a database file": (
        b"SQLite format 3\0" + bytes(90),
        "t.csv: is a SQLite file; write sqlite:///FILE and name its --table",
    ),
    "a PDF": (b"%PDF-1.7\n", "t.csv: is a PDF; export the table as CSV"),
    "a pickle": (
        b"\x80\x05\x95\x10\x00",
        "t.csv: is a Python pickle, which is never read; write the table as Parquet",
    ),
    "a heading above the columns' names": (
        "Sales of May\nuser,item,label\n1,a,3\n2,b,4\n",
        "t.csv: the first row is 'Sales of May' and those below have 3 fields; the first row must "
        "hold the columns' names",
    ),
    "column names without a line's end": (
        "user,item,label",
        "t.csv: there are column names but no rows below them",
    ),
    "a quote escaped by a backslash": (
        'user,item,title\n1,a,"says \\"hi\\", waves"\n2,b,Heat\n',
        't.csv, row 2: has 4 fields where the header has 3; write a quote inside quotes as "", '
        'not \\"',
    ),
    "only padding": (
        'user_id,item_id\n1,"[0, 0]"\n',
        "t.csv, column 'item_id': no list holds an item, only padding; is this the right column?",
    ),
    "a list that is none": (
        'user_id,item_id\n1,"[0, 2]"\n' + '2,"[0, 2]"\n' * 10 + "3,4\n",
        "t.csv, column 'item_id', row 13: this is no list in square brackets, like [0, 2, 0, 4]; "
        "mend it",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_table_gives_its_sentence(desk: Desk, name: str) -> None:
    content, sentence = BROKEN[name]
    assert sentence in desk.problems(content)


BROKEN_ROLES: dict[str, tuple[Roles, str]] = {
    "a column that is not there": (
        Roles(label="labl"),
        "t.csv, column 'labl': there is no such column; did you mean 'label'? the columns are "
        "'user', 'item', 'label', 'age'",
    ),
    "a feature that is not there": (
        Roles(user_columns=("agee",)),
        "t.csv, column 'agee': there is no such column; did you mean 'age'? the columns are "
        "'user', 'item', 'label', 'age'",
    ),
    "one column for two roles": (
        Roles(user="item"),
        "t.csv, column 'item': is taken as the user and as the item; name another with --item",
    ),
    "a kind for no feature": (
        Roles(dense=("age",)),
        "t.csv, column 'age': --dense-col names it, but it is no feature; add it to --user-col or "
        "--item-col",
    ),
    "two kinds for a feature": (
        Roles(user_columns=("age",), dense=("age",), sparse=("age",)),
        "t.csv, column 'age': --sparse-col and another option both give its kind; keep one",
    ),
    "a quantity that is text": (
        Roles(user_columns=("age",), dense=("age",)),
        "t.csv, column 'age', row 3: 'old' is not a number; mend it, or pass --sparse-col age",
    ),
    "an attribute that contradicts itself": (
        Roles(user_columns=("age",), sparse=("age",)),
        "t.csv, column 'age', row 3: user '1' has 'old' here but '20' in row 2; give one user one "
        "value in all rows",
    ),
}


@pytest.mark.parametrize("name", BROKEN_ROLES)
def test_a_role_that_does_not_fit_gives_its_sentence(desk: Desk, name: str) -> None:
    roles, sentence = BROKEN_ROLES[name]
    assert sentence in desk.problems("user,item,label,age\n1,a,3,20\n1,b,3,old\n", roles)


def test_a_second_column_called_title_is_a_problem(desk: Desk) -> None:
    items = desk.write("i.csv", "id,headline,title\na,Bees,Dr\n")
    assert desk.problems("user,item\n1,a\n", Roles(title="headline"), items=items) == [
        "i.csv, column 'title': the title is taken from 'headline'; rename this column or leave it "
        "out"
    ]


def test_a_file_without_known_columns_has_only_that_problem(desk: Desk) -> None:
    found = desk.problems("shop,till\n1,2\n")
    assert [problem.partition(" among")[0] for problem in found] == [
        "t.csv: no column looks like the user's id",
        "t.csv: no column looks like the item's id",
    ]


def test_an_index_that_pandas_wrote_along_is_no_column(desk: Desk) -> None:
    items = pd.DataFrame({"id": ["a"], "kind": ["x"]}, index=[7])
    items.to_csv(desk.folder / "i.csv")
    items.to_parquet(desk.folder / "i.parquet")
    for name in ("i.csv", "i.parquet"):
        data = desk.load("user,item\n1,a\n", items=str(desk.folder / name))
        assert [field.name for field in data.fields] == ["kind"]


def test_a_parquet_column_of_another_type_is_a_sentence(desk: Desk) -> None:
    path = str(desk.folder / "t.parquet")
    frame = pd.DataFrame({"user": ["1"], "item": ["a"], "label": [{"x": 1}]})
    frame.to_parquet(path)
    with pytest.raises(DataError, match=r"column 'label': holds objects, which cannot"):
        desk.load_file(path)
    priced = frame.assign(label=pd.Series([Decimal("2.50")], dtype=object), time=[date(1970, 1, 2)])
    priced.to_parquet(path)
    data = desk.load_file(path)
    assert (data.interactions.label[0], data.interactions.time[0]) == (2.5, 86400)


def test_tables_beside_are_checked_against_the_interactions(desk: Desk) -> None:
    users = desk.write("u.csv", "id,age\n1,20\n1,21\n,30\n")
    items = desk.write("i.csv", "id,kind\na,x\n")
    found = desk.problems("user,item\n1,a\n2,a\n2,b\n1,c\n", users=users, items=items)
    assert found == [
        "u.csv, column 'id', row 4: the id is missing; fill it in",
        "u.csv, column 'id', rows 2, 3: the id '1' has more than one row; keep one of them",
        "t.csv, column 'user', rows 3, 4: u.csv has no row for 1 of the users here, '2' for one; "
        "add it there",
        "t.csv, column 'item', rows 4, 5: i.csv has no row for 2 of the items here, 'b' for one; "
        "add them there",
    ]


def test_all_problems_of_all_tables_come_at_once(desk: Desk) -> None:
    users = desk.write("u.csv", "")
    items = desk.write("i.csv", "id,year\na,1995\nb,MCM\n")
    content = "user,item,label,time\n1,a,x,soon\n,b,inf,5\n1,a,3,6\n"
    roles = Roles(dense=("year",))
    found = desk.problems(content, roles, users=users, items=items)
    assert [problem.partition(":")[0] for problem in found] == [
        "u.csv",
        "i.csv, column 'year', row 3",
        "t.csv, column 'user', row 3",
        "t.csv, column 'label', row 2",
        "t.csv, column 'label', row 3",
        "t.csv, column 'time', row 2",
        "t.csv, rows 2, 4",
    ]


def test_many_rows_are_counted_and_five_are_named(desk: Desk) -> None:
    content = "user,item,label\n" + "".join(f"1,i{n},bad\n" for n in range(1000))
    assert desk.problems(content) == [
        "t.csv, column 'label', rows 2, 3, 4, 5, 6 and 995 more: 'bad' is not a number; mend it"
    ]


@pytest.mark.parametrize("content", [b"PAR1 cut off", b"user,item\n1,a\n"])
def test_what_is_no_parquet_file_is_a_sentence(desk: Desk, content: bytes) -> None:
    path = desk.write("t.parquet", content)
    with pytest.raises(DataError, match="is not a Parquet file, or is damaged"):
        desk.load_file(path)


def test_a_folder_is_a_sentence(desk: Desk) -> None:
    with pytest.raises(DataError, match="is a folder without Parquet files; name the file in it"):
        desk.load_file(str(desk.folder))


@pytest.mark.parametrize(
    ("source", "more", "message"),
    [
        ("nosuch.csv", {}, "no file or data set called nosuch.csv; the data sets are ml-100k"),
        ("ml100k", {}, "did you mean ml-100k?"),
        ("https://x.example/t.csv", {}, "a URL of a file is not read"),
        ("ml-100k", {"roles": Roles(user="u")}, "ml-100k knows its own columns"),
        ("dummy", {"users": "u.csv"}, "dummy knows its own columns"),
        ("dummy", {"liked_from": 4.0}, "dummy has no labels"),
        ("dummy:x", {}, "the seed in 'dummy:x' must be a whole number"),
        ("dummy", {"liked_from": float("nan")}, "--liked-from must be a number"),
    ],
)
def test_a_source_that_cannot_be_is_a_sentence(
    source: str, more: dict[str, Any], message: str, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AskerError, match=message.replace("?", r"\?")):
        load_source(source, **more)


def test_an_items_table_that_is_not_there_is_a_sentence(desk: Desk) -> None:
    with pytest.raises(AskerError, match="there is no file nosuch.csv"):
        desk.load(GOOD, items="nosuch.csv")


def test_an_encoding_that_does_not_exist_is_a_sentence(desk: Desk) -> None:
    with pytest.raises(AskerError, match="no encoding called 'klingon'"):
        desk.load(GOOD, reading=Reading(encoding="klingon"))


def test_liked_needs_labels(desk: Desk) -> None:
    with pytest.raises(AskerError, match="--liked-from needs a column of labels"):
        desk.load("user,item\n1,a\n", liked_from=4.0)
    assert desk.load(GOOD, liked_from=4.0).liked_from == 4.0
