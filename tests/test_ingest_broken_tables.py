"""Tables that are broken on purpose, each with the sentence it must give, and the way past it."""

from __future__ import annotations

import csv
import gzip
import lzma
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pytest

from ingest.dataset.schema import Dataset
from ingest.errors import AskerError, DataError
from ingest.intake import frames
from ingest.intake.in_memory import from_frames
from ingest.intake.roles import Roles
from ingest.loaders import load_source
from ingest.sources import swelling
from ingest.sources.raw import Reading

Table = str | bytes
IDS = "make them one, or pass --ids {} to take them as one, --ids exact to keep them apart"

BROKEN: dict[str, tuple[Table, Reading, list[str]]] = {
    "ids that differ by case": (
        "user,item\nAnn,a\nann,b\nbob,c\nann,d\n",
        Reading(),
        [
            "t.csv, column 'user', rows 3, 5: 'ann' and 'Ann' differ only by case; "
            + IDS.format("fold")
        ],
    ),
    "ids that differ by spaces": (
        "user,item\nAnn,a\nBob,b\nAnn ,c\n",
        Reading(),
        [
            "t.csv, column 'user', row 4: 'Ann ' and 'Ann' differ only by spaces; "
            + IDS.format("trim")
        ],
    ),
    "ids that differ by how an accent is composed": (
        "user,item\ncafé,a\ncafe\u0301,b\n",
        Reading(),
        [
            "t.csv, column 'user', row 3: 'cafe\u0301' and 'café' differ only by case; "
            + IDS.format("fold")
        ],
    ),
    "an id that is only spaces, trimmed": (
        "user,item\n  ,a\n1,b\n",
        Reading(ids="trim"),
        ["t.csv, column 'user', row 2: the id is missing; fill it in"],
    ),
    "an id with a line break": (
        'user,item\n"1\n2",a\n3,b\n',
        Reading(),
        [
            "t.csv, column 'user', row 2: the id '1\\n2' holds a line break or a control "
            "character; mend it"
        ],
    ),
    "short rows and long rows": (
        "user,item,label\n1,a\n1,b,3\n1,c,3,4\n2,d\n",
        Reading(),
        [
            "t.csv, row 4: has 4 fields where the header has 3; put text that holds the separator "
            "',' in quotes",
            "t.csv, rows 2, 5: has 2 fields where the header has 3; write the separator ',' for an "
            "empty field too",
        ],
    ),
    "a quote that swallows the rest": (
        'user,item,label\n1,a,"3\n2,b,4\n',
        Reading(),
        ["t.csv: a quote is opened and never closed; close it or double it"],
    ),
    "milliseconds among seconds": (
        "user,item,time\n1,a,1700000000\n1,b,1700000000000\n",
        Reading(),
        [
            "t.csv, column 'time', row 3: 1700000000000 is too far for seconds since 1970; write "
            "it in seconds like the others"
        ],
    ),
    "seconds among milliseconds": (
        "user,item,time\n1,a,1700000000\n1,b,1700000000000\n",
        Reading(time_unit="ms"),
        [
            "t.csv, column 'time', row 2: 1700000000 is in 1970 for milliseconds, unlike the "
            "others; write it in milliseconds"
        ],
    ),
    "nanoseconds": (
        "user,item,time\n1,a,1700000000000000000\n",
        Reading(),
        [
            "t.csv, column 'time', row 2: 1.7e+18 is too far for seconds since 1970; if these are "
            "nanoseconds, pass --time-unit ns"
        ],
    ),
    "a date that stands for none": (
        "user,item,time\n1,a,2024-01-01\n1,b,0001-01-01\n",
        Reading(),
        [
            "t.csv, column 'time', row 3: '0001-01-01' lies before the year 1000; mend it, or "
            "leave the row out if it stands for no time"
        ],
    ),
    "a date of another order": (
        "user,item,time\n1,a,31/05/2024\n",
        Reading(),
        [
            "t.csv, column 'time', row 2: '31/05/2024' is neither seconds since 1970 nor a date "
            "like 2024-05-31T18:30:00; if it is one, pass --time-format %d/%m/%Y"
        ],
    ),
    "a date that is not written as was said": (
        "user,item,time\n1,a,31.05.2024\n2,a,2024-05-31\n",
        Reading(time_format="%d.%m.%Y"),
        ["t.csv, column 'time', row 3: '2024-05-31' is not written as %d.%m.%Y; mend it"],
    ),
    "a number among days": (
        "user,item,time\n1,a,20240531\n2,a,20240601\n3,a,20240632\n",
        Reading(),
        ["t.csv, column 'time', row 4: 20240632 is no day, unlike 20240531; mend it"],
    ),
    "rows below the line that Excel writes": (
        "sep=;\nuser;item;label\n1;a;3\n2;b\n3;;4\n",
        Reading(),
        [
            "t.csv, row 4: has 2 fields where the header has 3; write the separator ';' for an "
            "empty field too",
            "t.csv, column 'item', row 5: the id is missing; fill it in",
        ],
    ),
    "a label out of its range": (
        "user,item,label\n1,a,3\n1,b,7\n1,c,-1\n",
        Reading(label_range=(1, 5)),
        ["t.csv, column 'label', rows 3, 4: 7 lies outside 1 to 5; mend it or widen --label-range"],
    ),
    "a label too large": (
        "user,item,label\n1,a,1e39\n",
        Reading(),
        ["t.csv, column 'label', row 2: 1e+39 is too large for a label; scale it"],
    ),
    "a decimal comma": (
        'user,item,label\n1,a,"3,5"\n',
        Reading(),
        ["t.csv, column 'label', row 2: '3,5' is not a number; mend it, or pass --decimal ,"],
    ),
    "thousands and a decimal comma": (
        "user;item;label\n1;a;1.234,5\n",
        Reading(),
        [
            "t.csv, column 'label', row 2: '1.234,5' is not a number; mend it, or pass --thousands "
            ". or --decimal ,"
        ],
    ),
    "groups that are not of three": (
        'user,item,label\n1,a,"1,5"\n',
        Reading(thousands=","),
        ["t.csv, column 'label', row 2: '1,5' is not a number; mend it, or pass --decimal ,"],
    ),
    "another separator than the one given": (
        "user,item\n1,a\n",
        Reading(separator=";"),
        ["t.csv: the fields are separated by ',', not by ';'; pass --sep ','"],
    ),
    "a blank first row": (
        "\nuser,item\n1,a\n",
        Reading(),
        ["t.csv: the first row is blank; the columns' names must stand there"],
    ),
    "UTF-16 without a mark": (
        "user,item\n1,a\n".encode("utf-16-le"),
        Reading(),
        ["t.csv: is not UTF-8 but looks like UTF-16; pass --encoding utf-16-le"],
    ),
    "gzip cut short": (
        gzip.compress(b"user,item\n1,a\n2,b\n", mtime=0)[:-9],
        Reading(),
        [
            "t.csv: cannot be read (Compressed file ended before the end-of-stream marker was "
            "reached)"
        ],
    ),
    "xz cut short": (
        lzma.compress(b"user,item\n1,a\n2,b\n" * 99)[:-30],
        Reading(),
        [
            "t.csv: cannot be read (Compressed file ended before the end-of-stream marker was "
            "reached)"
        ],
    ),
    "nothing but bad rows": (
        "user,item\n1,\n2,\n",
        Reading(on_bad_rows="skip"),
        ["t.csv, column 'item', rows 2, 3: the id is missing; fill it in"],
    ),
    "numbers and words in one column": (
        "user,item,label\n" + "".join(f"1,i{n},{n}\n" for n in range(3000)) + "1,x,good\n",
        Reading(),
        ["t.csv, column 'label', row 3002: 'good' is not a number; mend it"],
    ),
    "everything at once": (
        "user,item,label,time\n1,a,x,soon\n1,b\n,c,3,4\n1,a,2,1700000000000\n",
        Reading(),
        [
            "t.csv, row 3: has 2 fields where the header has 4; write the separator ',' for an "
            "empty field too",
            "t.csv, column 'user', row 4: the id is missing; fill it in",
            "t.csv, column 'label', row 2: 'x' is not a number; mend it",
            "t.csv, column 'time', row 2: 'soon' is neither seconds since 1970 nor a date like "
            "2024-05-31T18:30:00; mend it, or pass --time-format",
            "t.csv, column 'time', row 5: '1700000000000' is too far for seconds since 1970; write "
            "it in seconds like the others",
            "t.csv, rows 2, 5: user '1' and item 'a' stand together more than once; keep one row, "
            "or pass --duplicates last (or first)",
        ],
    ),
}


class Desk:
    """Writes tables into a folder and loads them; `said` is what the loader had to say."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: list[str] = []

    def load(self, content: Table, reading: Reading, **more: Any) -> Dataset:
        path = self.folder / "t.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        self.said.clear()
        return load_source(str(path), reading=reading, notice=self.said.append, **more)

    def problems(self, content: Table, reading: Reading, **more: Any) -> list[str]:
        with pytest.raises(DataError) as refused:
            self.load(content, reading, **more)
        return [self.short(str(problem)) for problem in refused.value.problems]

    def short(self, text: str) -> str:
        return text.replace(f"{self.folder}/", "")

    def write(self, name: str, content: str) -> str:
        (self.folder / name).write_text(content)
        return str(self.folder / name)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def rows(data: Dataset) -> list[tuple[str, str, float, int]]:
    seen = data.interactions
    users, items = data.user_ids.external[seen.user], data.item_ids.external[seen.item]
    columns = users.tolist(), items.tolist(), seen.label.tolist(), seen.time.tolist()
    return list(zip(*columns, strict=True))


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_table_gives_its_sentences_and_no_others(desk: Desk, name: str) -> None:
    content, reading, sentences = BROKEN[name]
    assert desk.problems(content, reading) == sentences


FRAMES: dict[str, tuple[Any, str]] = {
    "numbers and text in one column": (
        pd.DataFrame({"user": [1, 2, "3"], "item": ["a", "b", "c"]}),
        "interactions frame, column 'user', row 3: holds int and str values; make them one type, "
        "for example with .astype(str)",
    ),
    "objects": (
        pd.DataFrame({"user": [object(), object()], "item": ["a", "b"]}),
        "interactions frame, column 'user': holds object values, which cannot be used here; write "
        "text or numbers",
    ),
    "a number for a name": (
        pd.DataFrame({"user": ["1"], 7: ["a"]}),
        "interactions frame: a column is called 7, which is no text; rename the columns",
    ),
    "two columns of one name": (
        pd.DataFrame([["1", "2"]], columns=["user", "user"]),
        "interactions frame, column 'user': two columns have this name; rename one",
    ),
    "no frame": (
        [1, 2],
        "interactions frame: is no frame but list; give a pandas, polars or Arrow table",
    ),
    "a missing id": (
        pd.DataFrame({"user": ["1", None], "item": ["a", "b"]}),
        "interactions frame, column 'user', row 2: the id is missing; fill it in",
    ),
}


@pytest.mark.parametrize("name", FRAMES)
def test_a_broken_frame_gives_its_sentence(name: str) -> None:
    frame, sentence = FRAMES[name]
    with pytest.raises(DataError) as refused:
        from_frames(frame, notice=lambda text: None)
    assert str(refused.value) == sentence


def test_a_feature_table_that_writes_ids_another_way_is_told_so(desk: Desk) -> None:
    items = desk.write("i.csv", "id,kind\n07,x\nB,y\n")
    assert desk.problems("user,item\n1,7\n2,07\n", Reading(), items=items) == [
        "t.csv, column 'item', row 2: i.csv has no row for 1 of the items here, '7' for one "
        "('07' is there); write it the same way"
    ]


# --- rows that are left out -----------------------------------------------------------------------

MESSY = "user,item,label\n1,a,3\n1,b\n=2,c,x\n-1,d,5\n1,a,6\n"


def test_bad_rows_are_skipped_and_counted(desk: Desk) -> None:
    data = desk.load(MESSY, Reading(on_bad_rows="skip"))
    assert rows(data) == [("1", "a", 3.0, 0), ("-1", "d", 5.0, 1)]
    assert desk.short(desk.said[0]) == "t.csv: left out 3 of 5 rows"
    assert [desk.short(text).partition(": ")[0] for text in desk.said[1:]] == [
        "  t.csv, row 3",
        "  t.csv, column 'label', row 4",
        "  t.csv, rows 2, 6",
    ]
    assert list(desk.folder.iterdir()) == [desk.folder / "t.csv"]


def test_refused_rows_are_written_with_their_reasons_and_no_formula(desk: Desk) -> None:
    reading = Reading(on_bad_rows="report", refused_folder=str(desk.folder / "out"))
    data = desk.load(MESSY, reading)
    assert len(data.interactions) == 2
    path = desk.folder / "out" / "t.refused.csv"
    assert f"they are in {path}" in desk.said[0]
    with path.open(newline="") as file:
        written = list(csv.DictReader(file))
    assert [row["refused_row"] for row in written] == ["3", "4", "6"]
    assert written[0]["refused_text"] == "1,b"
    assert written[1]["user"] == "'=2"  # an apostrophe keeps a spreadsheet from running it
    assert (written[1]["refused_column"], written[1]["label"]) == ("label", "x")
    assert written[1]["refused_reason"] == "'x' is not a number; mend it"
    assert (written[2]["user"], written[2]["item"], written[2]["label"]) == ("1", "a", "6")


def test_no_cell_and_no_name_of_a_column_is_written_as_a_formula(desk: Desk) -> None:
    evil = ["=1+1", " =1", "@SUM(A1)", "+cmd|' /C calc'!A0", "＝1", "-2+3"]
    lines = [f"{text},{place},x,-7.5" for place, text in enumerate(evil)]
    reading = Reading(on_bad_rows="report", refused_folder=str(desk.folder))
    desk.load("\n".join(["user,item,label,=HYPERLINK(1)", "1,a,5,", *lines, ""]), reading)
    with (desk.folder / "t.refused.csv").open(newline="") as file:
        head, *rows = csv.reader(file)
    assert head[3:] == ["user", "item", "label", "'=HYPERLINK(1)", "refused_text"]
    assert [row[3] for row in rows] == [f"'{text}" for text in evil]
    assert {row[6] for row in rows} == {"-7.5"}  # a number is no formula


def test_a_row_with_several_reasons_stands_once_in_the_report(desk: Desk) -> None:
    reading = Reading(on_bad_rows="report", refused_folder=str(desk.folder))
    desk.load("user,item,label,time\n,a,x,soon\n1,b,-4,5\n", reading)
    with (desk.folder / "t.refused.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["refused_column"] == "user / label / time"
    assert row["refused_reason"].count(" / ") == 2
    assert desk.said[0].startswith(f"{desk.folder}/t.csv: left out 1 of 2 rows")


def test_a_report_that_cannot_be_written_is_a_sentence(desk: Desk) -> None:
    blocked = desk.write("file", "")
    reading = Reading(on_bad_rows="report", refused_folder=blocked)
    with pytest.raises(AskerError, match="give another folder with --refused-folder"):
        desk.load(MESSY, reading)


def test_whoever_has_only_bad_rows_is_not_in_the_data(desk: Desk) -> None:
    content = "user,item,label,age\n1,a,3,20\n2,b,x,30\n"
    data = desk.load(content, Reading(on_bad_rows="skip"), roles=Roles(user_columns=("age",)))
    assert data.user_ids.external.tolist() == ["1"]
    assert data.item_ids.external.tolist() == ["a"]
    assert data.users["age"].tolist() == [20.0]


def test_skipping_in_a_feature_table_keeps_the_first_row_of_an_id(desk: Desk) -> None:
    users = desk.write("u.csv", "id,age\n1,20\n1,21\n,30\n2,old\n")
    roles = Roles(dense=("age",))
    reading = Reading(on_bad_rows="skip")
    data = desk.load("user,item\n1,a\n2,a\n", reading, users=users, roles=roles)
    assert data.users["age"].tolist() == [20.0]
    assert rows(data) == [("1", "a", 1.0, 0)]  # user 2 has no row of features left


def test_a_contradicting_attribute_falls_and_the_first_one_stays(desk: Desk) -> None:
    content = "user,item,age\n1,a,20\n1,b,21\n1,c,20\n"
    data = desk.load(content, Reading(on_bad_rows="skip"), roles=Roles(user_columns=("age",)))
    assert [row[1] for row in rows(data)] == ["a", "c"]


# --- and what is no problem when it is asked for --------------------------------------------------


def test_ids_can_be_trimmed_folded_or_kept_apart(desk: Desk) -> None:
    content = "user,item\nAnn,a\nann,b\nBob ,c\nBob,d\n"

    def users(ids: Any) -> list[str]:
        return [row[0] for row in rows(desk.load(content, Reading(ids=ids)))]

    assert users("exact") == ["Ann", "ann", "Bob ", "Bob"]
    assert users("trim") == ["Ann", "ann", "Bob", "Bob"]
    assert users("fold") == ["ann", "ann", "bob", "bob"]


def test_ids_of_64_bits_unicode_and_zeros_in_front_stay_as_written(desk: Desk) -> None:
    content = "user,item\n18446744073709551615,007\n9223372036854775808,7\n٣,🎬\n-5,1e3\n"
    data = desk.load(content, Reading())
    assert [row[:2] for row in rows(data)] == [
        ("18446744073709551615", "007"),
        ("9223372036854775808", "7"),
        ("٣", "🎬"),
        ("-5", "1e3"),
    ]
    whole = desk.load("user,item\n18446744073709551615,1\n99,1\n9223372036854775808,1\n", Reading())
    assert whole.user_ids.external.tolist() == ["99", "9223372036854775808", "18446744073709551615"]


def test_milliseconds_microseconds_and_nanoseconds_are_read_when_asked_for(desk: Desk) -> None:
    for unit, factor in (("ms", 10**3), ("us", 10**6), ("ns", 10**9)):
        content = f"user,item,time\n1,a,{1_700_000_000 * factor}\n"
        data = desk.load(content, Reading(time_unit=unit))  # type: ignore[arg-type]
        assert data.interactions.time.tolist() == [1_700_000_000]


def test_days_are_read_in_whatever_form_they_are_written(desk: Desk) -> None:
    day = 1_717_113_600  # 2024-05-31
    for table, how in (
        ("user,item,time\n1,a,2024-05-31\n", Reading()),
        ("user,item,time\n1,a,20240531\n", Reading()),
        ("user,item,time\n1,a,20240531\n2,a,2024-05-31T02:00:00+02:00\n3,a,20240601\n", Reading()),
        ("user,item,time\n1,a,31.05.2024\n", Reading(time_format="%d.%m.%Y")),
        ("user,item,time\n1,a,05/31/2024 12:00 AM\n", Reading(time_format="%m/%d/%Y %I:%M %p")),
    ):
        assert set(desk.load(table, how).interactions.time.tolist()) - {day + 86_400} == {day}
        told = any("took 20240531 and the like as days" in said for said in desk.said)
        assert told == (",20240531\n" in table)
    seconds = desk.load("user,item,time\n1,a,20240531\n2,a,20\n", Reading())
    assert seconds.interactions.time.tolist() == [20_240_531, 20]


def test_labels_in_words_of_truth_are_one_and_zero(desk: Desk) -> None:
    data = desk.load("user,item,label\n1,a,true\n1,b,False\n2,a,TRUE\n", Reading())
    assert data.interactions.label.tolist() == [1.0, 0.0, 1.0]


def test_spaces_around_ids_are_said(desk: Desk) -> None:
    data = desk.load("user,item\n1, a\n2, b\n", Reading())
    assert data.item_ids.external.tolist() == [" a", " b"]
    assert desk.said[-1].endswith(
        "column 'item': 2 ids begin or end with spaces, like ' a'; --ids trim leaves the spaces out"
    )


def test_the_line_that_excel_writes_tells_the_separator(desk: Desk) -> None:
    data = desk.load("\ufeffsep=;\r\nuser;item;label\r\n1;a,b;3\r\n", Reading())
    assert data.item_ids.external.tolist() == ["a,b"]


def test_times_in_the_future_are_said(desk: Desk) -> None:
    desk.load("user,item,time\n1,a,2093-01-01\n", Reading())
    assert "column 'time' goes into the future, up to 2093-01-01; is that right?" in desk.said[0]


def test_decimal_commas_and_thousands_are_read_when_asked_for(desk: Desk) -> None:
    reading = Reading(decimal=",", thousands=".")
    content = "user;item;label;time\n1;a;1.003,5;60\n1;b;4;1.700.000.000\n1;c;-,5;7\n"
    assert [row[2:] for row in rows(desk.load(content, reading))] == [
        (1003.5, 60),
        (4.0, 1_700_000_000),
        (-0.5, 7),
    ]


@pytest.mark.parametrize(
    ("mark", "told"), [(";", False), ("\t", False), ("|", False), ("::", False), ("~~", True)]
)
def test_separators_are_found_out_or_told(desk: Desk, mark: str, told: bool) -> None:
    content = f'user{mark}item{mark}label\n1{mark}"a{mark}b"{mark}3\n2{mark}c{mark}4\n'
    data = desk.load(content, Reading(separator=mark if told else None, ids="exact"))
    assert [row[:3] for row in rows(data)] == [("1", f"a{mark}b", 3.0), ("2", "c", 4.0)]
    assert bool(desk.said) is not told


def test_quotes_may_be_another_mark_or_mean_nothing(desk: Desk) -> None:
    assert rows(desk.load("user,item\n1,'a,b'\n", Reading(quote="'")))[0][1] == "a,b"
    assert rows(desk.load('user,item\n1,"a\n2,b\n', Reading(quote=None)))[0][1] == '"a'


def test_a_packed_file_that_grows_beyond_measure_is_refused(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(swelling, "LARGE", 1_000)
    lines = b'{"user":1,"item":2}\n' * 100_000
    (desk.folder / "t.jsonl").write_bytes(gzip.compress(lines))
    with pytest.raises(DataError, match="t.jsonl: unpacks to over 200 times its size; unpack it"):
        load_source(str(desk.folder / "t.jsonl"), reading=Reading(duplicates="first"))
    packed = gzip.compress(b"user,item\n" + b"1,a\n" * 100_000)
    with pytest.raises(DataError, match="t.csv: unpacks to over 200 times its size; unpack it"):
        desk.load(packed, Reading(duplicates="first"))


def test_more_rows_than_can_be_numbered_are_refused(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "MOST_ROWS", 2)
    assert len(rows(desk.load("user,item\n1,a\n2,b\n", Reading()))) == 2
    with pytest.raises(DataError, match="has 3 rows; at most 2 can be used"):
        desk.load("user,item\n1,a\n2,b\n3,c\n", Reading())
    with pytest.raises(DataError, match="has 3 entries in its lists; at most 2 can be used"):
        desk.load('user,item\n1,"[4, 0]"\n2,"[5]"\n', Reading())


def test_zstandard_is_unpacked(desk: Desk) -> None:
    packed = pa.compress(b"user,item\n1,a\n", codec="zstd", asbytes=True)
    assert rows(desk.load(packed, Reading()))[0][:2] == ("1", "a")


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ({"quote": "ab"}, "--quote takes one character"),
        ({"thousands": ".."}, "--thousands takes one character"),
        ({"decimal": "x"}, "--decimal takes . or ,"),
        ({"decimal": ",", "thousands": ","}, "--decimal takes . or ,"),
        ({"separator": ""}, "--sep takes the text"),
        ({"label_range": (5, 1)}, "--label-range takes the least and the greatest label"),
    ],
)
def test_a_way_of_reading_that_cannot_be_is_a_sentence(told: Any, sentence: str) -> None:
    with pytest.raises(AskerError, match=sentence):
        Reading(**told)
