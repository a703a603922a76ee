"""Layouts that say themselves what their columns mean: RecBole's, LibRecommender's, MovieLens's."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.dataset.schema import Field
from ingest.errors import AskerError, DataError
from ingest.intake.roles import Roles
from ingest.loaders import load_source
from ingest.sources.raw import Reading
from tests.test_ingest_movielens import GROUPLENS, LATEST, MILLION, folder

ATOMIC = {
    "tiny.inter": b"user_id:token\titem_id:token\trating:float\ttimestamp:float\treview:token_seq\n"
    b'007\tx\t4\t881250949\t"quite" good\n007\ty\t2\t881250950\t\n9\ty\t5\t881250951\tfine\n',
    "tiny.user": b"user_id:token\tage:float\tcity:token\tvector:float_seq\n"
    b"007\t40\tBonn\t1 2\n9\t\t\t3 4\n",
    "tiny.item": b"item_id:token\tmovie_title:token_seq\tclass:token_seq\tyear:token\n"
    b"x\tToy Story\tComedy Animation\t1995\ny\tHeat\tCrime\t1995\n",
}


def quiet(text: str) -> None:
    """Take a notice and do nothing."""


@pytest.mark.parametrize("named", [".", "tiny.inter"])
def test_recboles_atomic_files_are_read_by_their_typed_headers(tmp_path: Path, named: str) -> None:
    data = load_source(str(folder(tmp_path, ATOMIC) / named), notice=quiet)
    assert data.name == "tiny"
    assert data.user_ids.external.tolist() == ["007", "9"]
    assert data.interactions.label.tolist() == [4.0, 2.0, 5.0]
    assert data.users["age"].tolist()[0] == 40.0
    assert data.users["city"].tolist() == ["Bonn", None]
    assert data.items["title"].tolist() == ["Toy Story", "Heat"]
    assert data.items["class"].tolist() == [("Comedy", "Animation"), ("Crime",)]
    assert data.fields == (
        Field("age", "dense", "user"),
        Field("city", "sparse", "user"),
        Field("class", "multi", "item"),
        Field("year", "sparse", "item"),
    )


def test_options_win_over_the_typed_headers(tmp_path: Path) -> None:
    source = str(folder(tmp_path, ATOMIC))
    roles = Roles(dense=("year",), item_columns=("year",))
    data = load_source(source, roles, notice=quiet, liked_from=4.0)
    assert Field("year", "dense", "item") in data.fields
    assert [field.name for field in data.fields] == ["age", "city", "year"]


def test_the_first_two_tokens_are_the_ids_where_they_have_other_names(tmp_path: Path) -> None:
    path = tmp_path / "a.inter"
    path.write_bytes(b"reader:token\tvenue:token\tstars:float\n1\tx\t4\n2\ty\t5\n")
    data = load_source(str(path), notice=quiet)
    assert data.user_ids.external.tolist() == ["1", "2"]
    assert data.item_ids.external.tolist() == ["x", "y"]


def test_a_header_without_types_and_two_data_sets_are_sentences(tmp_path: Path) -> None:
    (tmp_path / "a.inter").write_bytes(b"user_id\titem_id:text\n1\t2\n")
    with pytest.raises(DataError) as refused:
        load_source(str(tmp_path), notice=quiet)
    assert "column 'user_id': its type is none of token, token_seq" in str(refused.value)
    assert "column 'item_id:text': its type is none of token, token_seq" in str(refused.value)
    (tmp_path / "b.inter").write_bytes(b"user_id:token\titem_id:token\n1\t2\n")
    with pytest.raises(DataError, match=r"holds several data sets \(a.inter, b.inter\)"):
        load_source(str(tmp_path), notice=quiet)


@pytest.mark.parametrize(
    ("files", "users", "items"), [(GROUPLENS, 4, 8), (MILLION, 3, 4), (LATEST, 2, 5)]
)
def test_an_unpacked_movielens_folder_is_a_source(
    tmp_path: Path, files: dict[str, bytes], users: int, items: int
) -> None:
    data = load_source(str(folder(tmp_path, files)), liked_from=3.5)
    assert (data.n_users, data.n_items, data.noun.many) == (users, items, "films")
    assert data.liked_from == 3.5
    with pytest.raises(AskerError, match="knows its own columns"):
        load_source(str(tmp_path), Roles(user="x"))


@pytest.mark.parametrize("cut", ["u.item", "u.data"])
def test_a_movielens_folder_that_was_changed_is_a_sentence(tmp_path: Path, cut: str) -> None:
    broken = folder(tmp_path, GROUPLENS | {cut: b"1|2|3\n1|2|3|4|5|6\n"})
    with pytest.raises(DataError, match="is not as MovieLens publishes it"):
        load_source(str(broken))


MERGED = """\
user,item,label,time,sex,age,occupation,genre1,genre2,genre3,device
4617,296,2,964138229,F,25,6,crime,drama,missing,phone
1298,208,4,974849526,M,35,7,action,adventure,missing,phone
4617,208,4,974849527,F,25,6,action,adventure,missing,tablet
1298,296,5,974849528,M,35,7,crime,drama,missing,tablet
"""


def test_the_sides_of_librecommenders_columns_are_found_in_the_rows(tmp_path: Path) -> None:
    (tmp_path / "merged.csv").write_text(MERGED)
    said: list[str] = []
    data = load_source(
        str(tmp_path / "merged.csv"),
        Roles(sparse=("occupation",)),
        Reading(layout="merged", missing=("missing",)),
        notice=said.append,
    )
    assert data.fields == (
        Field("sex", "sparse", "user"),
        Field("age", "dense", "user"),
        Field("occupation", "sparse", "user"),
        Field("genre", "multi", "item"),
    )
    assert data.items["genre"].tolist() == [("action", "adventure"), ("crime", "drama")]
    assert [text.partition(": ")[2] for text in said[:3]] == [
        "of the user: sex, age, occupation",
        "of the item: genre1, genre2, genre3",
        "of neither side, not used: device",
    ]


def test_a_column_that_fits_either_side_goes_with_its_siblings_or_to_the_user(
    tmp_path: Path,
) -> None:
    (tmp_path / "m.csv").write_text("user,item,label,a,g1,g2\n1,x,1,k,p,z\n1,y,1,k,q,z\n")
    said: list[str] = []
    data = load_source(
        str(tmp_path / "m.csv"), reading=Reading(layout="merged"), notice=said.append
    )
    assert data.fields == (Field("a", "sparse", "user"), Field("g", "multi", "item"))
    assert data.items["g"].tolist() == [("p", "z"), ("q", "z")]
    assert said[0].endswith("fit either side, taken as the user's: a")


def test_columns_that_were_told_keep_their_side(tmp_path: Path) -> None:
    (tmp_path / "merged.csv").write_text(MERGED)
    roles = Roles(item_columns=("genre3",))
    data = load_source(str(tmp_path / "merged.csv"), roles, Reading(layout="merged"), notice=quiet)
    assert {Field("genre3", "sparse", "item"), Field("genre", "multi", "item")} < {*data.fields}
