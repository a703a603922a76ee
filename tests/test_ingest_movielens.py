"""MovieLens in the formats it is published in; the rows are in those formats, to the byte."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ingest.dataset.schema import Dataset, Field
from ingest.layouts.movielens import (
    AGES_1M,
    GENRES,
    OCCUPATIONS_1M,
    read_1m,
    read_100k,
    read_100k_recbole,
)
from ingest.layouts.movielens_csv import read_folder


def flags(*genres: str) -> str:
    return "|".join("1" if genre in genres else "0" for genre in GENRES)


def url(title: str) -> str:
    return f"http://us.imdb.com/M/title-exact?{title}"


GROUPLENS_ITEMS = "\n".join(
    [
        f"1|Toy Story (1995)|01-Jan-1995||{url('Toy')}|{flags('Animation', 'Comedy')}",
        f"2|Misérables, Les (1995)|01-Jan-1995||{url('Mis%E9rables')}|{flags('Drama')}",
        f"3|Two Friends (1986) |01-Jan-1986||{url('Two')}|{flags('Drama')}",
        f"4|Seven (Se7en) (1995)|01-Jan-1995||{url('Se7en')}|{flags('Crime', 'Thriller')}",
        f"267|unknown||||{flags('unknown')}",
        f"1373|Good Morning (1971)|4-Feb-1971||{url('Good')}|{flags('unknown')}",
        f"1412|Land Before Time III (1995) (V)|01-Jan-1995||{url('Land')}|{flags('Sci-Fi')}",
        f'1413|"Quoted", The (1990)|01-Jan-1990||{url("Q")}|{flags("Film-Noir", "War")}',
        "",
    ]
)
RECBOLE_ITEMS = """\
item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq
1\tToy Story\t1995\tAnimation Comedy
2\tMisérables, Les\t1995\tDrama
3\tTwo Friends\t1986\tDrama
4\tSeven (Se7en)\t1995\tCrime Thriller
267\tunkonwn\tunkonwn\tunknown
1373\tGood Morning\t1971\tunknown
1412\tLand Before Time III (1995)\tV\tSci-Fi
1413\t"Quoted", The\t1990\tFilm-Noir War
"""
RATINGS = (
    "196\t2\t3\t881250949\n186\t3\t3\t891717742\n22\t1413\t1\t878887116\n196\t1\t5\t881250948\n"
)
USERS = "22|25|M|writer|40206\n186|39|F|executive|00000\n196|49|M|none|T8H1N\n300|7|F|student|1\n"

GROUPLENS = {
    "u.data": RATINGS.encode("latin-1"),
    "u.user": USERS.encode("latin-1"),
    "u.item": GROUPLENS_ITEMS.encode("latin-1"),
}
RECBOLE = {
    "ml-100k.inter": b"user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
    + RATINGS.encode(),
    "ml-100k.user": b"user_id:token\tage:token\tgender:token\toccupation:token\tzip_code:token\n"
    + USERS.replace("|", "\t").encode(),
    "ml-100k.item": RECBOLE_ITEMS.encode("utf-8"),
}


def folder(path: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        path.joinpath(name).write_bytes(content)
    return path


@pytest.fixture(params=["GroupLens", "RecBole"])
def small(request: pytest.FixtureRequest, tmp_path: Path) -> Dataset:
    if request.param == "GroupLens":
        return read_100k(folder(tmp_path, GROUPLENS))
    return read_100k_recbole(folder(tmp_path, RECBOLE))


def test_both_formats_give_the_same_data_to_the_bit(tmp_path: Path) -> None:
    ours = read_100k(folder(tmp_path, GROUPLENS))
    assert ours.fingerprint == read_100k_recbole(folder(tmp_path, RECBOLE)).fingerprint


def test_a_title_stands_without_its_year(small: Dataset) -> None:
    assert small.items["title"].tolist() == [
        *("Toy Story", "Misérables, Les", "Two Friends", "Seven (Se7en)", None, "Good Morning"),
        *("Land Before Time III", '"Quoted", The'),
    ]
    years = small.items["year"].tolist()
    assert years[:4] + years[5:] == [1995, 1995, 1986, 1995, 1971, 1995, 1990]
    assert math.isnan(years[4])


def test_unknown_is_no_genre(small: Dataset) -> None:
    genres = dict(zip(small.item_ids.external, small.items["genres"], strict=True))
    assert genres["1"] == ("Animation", "Comedy")
    assert genres["1413"] == ("Film-Noir", "War")
    assert genres["267"] == genres["1373"] == ()


def test_users_and_items_without_interactions_stay(small: Dataset) -> None:
    assert small.user_ids.external.tolist() == ["22", "186", "196", "300"]
    assert small.item_ids.external.tolist() == ["1", "2", "3", "4", "267", "1373", "1412", "1413"]
    assert small.users["age"].tolist() == [25.0, 39.0, 49.0, 7.0]
    assert small.users["occupation"].tolist() == ["writer", "executive", "none", "student"]


def test_interactions_keep_file_order(small: Dataset) -> None:
    seen = small.interactions
    assert [small.user_ids.external[user] for user in seen.user] == ["196", "186", "22", "196"]
    assert [small.item_ids.external[item] for item in seen.item] == ["2", "3", "1413", "1"]
    assert seen.label.tolist() == [3, 3, 1, 5]
    assert seen.time.tolist() == [881250949, 891717742, 878887116, 881250948]


def test_a_film_is_a_film_and_four_stars_are_liked(small: Dataset) -> None:
    assert (small.noun.one, small.noun.many, small.liked_from) == ("film", "films", 4.0)


MILLION = {
    "ratings.dat": b"1::1193::5::978300760\n1::661::3::978302109\n2::1193::4::978298413\n",
    "users.dat": b"1::F::1::10::48067\n2::M::56::16::70072\n3::M::25::20::55117\n",
    "movies.dat": (
        "661::James and the Giant Peach (1996)::Animation|Children's|Musical\n"
        "1193::One Flew Over the Cuckoo's Nest (1975)::Drama\n"
        "3000::Star Wars: Episode IV - A New Hope (1977)::Action|Sci-Fi\n"
        "3114::Misérables, Les (1998)::Drama\n"
    ).encode("latin-1"),
}


def test_the_million_format_is_read(tmp_path: Path) -> None:
    data = read_1m(folder(tmp_path, MILLION))
    assert data.items["title"].tolist() == [
        "James and the Giant Peach",
        "One Flew Over the Cuckoo's Nest",
        "Star Wars: Episode IV - A New Hope",
        "Misérables, Les",
    ]
    assert data.items["year"].tolist() == [1996, 1975, 1977, 1998]
    assert data.items["genres"][2] == ("Action", "Sci-Fi")
    assert data.interactions.label.tolist() == [5, 3, 4]
    assert data.user_ids.external.tolist() == ["1", "2", "3"]


def test_the_codes_of_the_million_are_words(tmp_path: Path) -> None:
    users = read_1m(folder(tmp_path, MILLION)).users
    assert users["occupation"].tolist() == ["K-12 student", "self-employed", "writer"]
    assert users["age_group"].tolist() == ["under 18", "56 or older", "25-34"]
    assert users["gender"].tolist() == ["F", "M", "M"]
    assert len(OCCUPATIONS_1M) == 21
    assert len(AGES_1M) == 7


def test_movielens_100k_is_what_its_readme_says(ml100k: Dataset) -> None:
    assert (ml100k.n_users, ml100k.n_items, len(ml100k.interactions)) == (943, 1682, 100_000)
    assert np.bincount(ml100k.interactions.user).min() == 20
    assert sorted(set(ml100k.interactions.label.tolist())) == [1, 2, 3, 4, 5]
    assert set(ml100k.users["gender"]) == {"F", "M"}
    assert ml100k.users["occupation"].nunique() == 21
    assert {genre for genres in ml100k.items["genres"] for genre in genres} == {*GENRES[1:]}


def test_movielens_100k_has_its_well_known_rows(ml100k: Dataset) -> None:
    toy_story = ml100k.items.iloc[0]
    assert toy_story["title"] == "Toy Story"
    assert toy_story["year"] == 1995
    assert toy_story["genres"] == ("Animation", "Children's", "Comedy")
    assert ml100k.users.iloc[0].tolist() == [24.0, "M", "technician"]
    first = ml100k.interactions.take(np.array([0]))
    assert (ml100k.user_ids.external[first.user[0]], first.label[0]) == ("196", 3)
    assert ml100k.title(int(first.item[0])) == "Kolya"
    unknown = ml100k.item_ids.code("267")
    assert unknown is not None
    assert ml100k.title(unknown) == "film 267"


def test_movielens_100k_is_complete_but_for_one_film(ml100k: Dataset) -> None:
    assert ml100k.items["title"].isna().sum() == 1
    assert ml100k.items["year"].isna().sum() == 1
    assert not ml100k.users.isna().any(axis=None)
    assert (ml100k.items["genres"].map(len) == 0).sum() == 2


def test_movielens_100k_is_the_same_by_either_route(ml100k: Dataset) -> None:
    assert ml100k.fingerprint == "27adc3d87d044073"
    assert replace(ml100k, name="x").fingerprint == ml100k.fingerprint


# --- ratings.csv and movies.csv: 20M, 25M, 32M, latest -------------------------------------------

LATEST = {
    "ratings.csv": b"userId,movieId,rating,timestamp\n1,296,5.0,1147880044\n1,4973,4.5,1147868828\n"
    b"2,296,0.5,1141415820\n2,131241,3.0,1141416589\n",
    "movies.csv": b"movieId,title,genres\n296,Pulp Fiction (1994),Comedy|Crime|Drama|Thriller\n"
    b'4973,"Am\xc3\xa9lie (Fabuleux destin d\'Am\xc3\xa9lie Poulain, Le) (2001)",Comedy|Romance\n'
    b"131241,Ants in the Pants (2000) ,(no genres listed)\n"
    b'131999,"Babylon 5",Sci-Fi\n131998,"11\'09""01 - September 11 (2002)",Drama\n',
    "links.csv": b"movieId,imdbId,tmdbId\n",
}


def test_the_layout_since_20m_is_read(tmp_path: Path) -> None:
    data = read_folder(folder(tmp_path, LATEST))
    assert data.name == tmp_path.name
    assert data.item_ids.external.tolist() == ["296", "4973", "131241", "131998", "131999"]
    assert data.items["title"].tolist() == [
        "Pulp Fiction",
        "Amélie (Fabuleux destin d'Amélie Poulain, Le)",
        "Ants in the Pants",
        "11'09\"01 - September 11",
        "Babylon 5",
    ]
    years = data.items["year"].tolist()
    assert years[:4] == [1994, 2001, 2000, 2002]
    assert math.isnan(years[4])
    assert data.items["genres"].tolist()[1:3] == [("Comedy", "Romance"), ()]
    assert data.fields == (Field("year", "dense", "item"), Field("genres", "multi", "item"))
    assert data.interactions.label.tolist() == [5.0, 4.5, 0.5, 3.0]
    assert data.interactions.time.tolist()[0] == 1147880044
    assert (data.noun.many, data.liked_from) == ("films", 4.0)
