"""schema.toml: the same words as the options, checked one by one."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from ingest.dataset.schema import Noun
from ingest.errors import AskerError
from ingest.intake.roles import Roles
from ingest.intake.schema_file import KEYS, read_schema, request_of, schema_text
from ingest.loaders import load
from ingest.sources.raw import Reading

FULL = """
source = "ratings.csv"
users = "people.csv"
user = "who"
label = "stars"
user_col = ["age", "town"]
multi_col = ["genres=genre1+genre2"]
sep = ";"
missing = ["?", "unknown"]
noun = ["book", "books"]
verb = "borrowed"
liked_from = 4
label_range = [1, 5]
quote = "none"
"""


def written(folder: Path, text: str) -> str:
    path = folder / "schema.toml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_schema_makes_the_request_its_options_would_make(tmp_path: Path) -> None:
    request = request_of(read_schema(written(tmp_path, FULL)))
    assert request.source == str(tmp_path / "ratings.csv")
    assert request.users == str(tmp_path / "people.csv")
    assert request.roles == Roles(
        user="who", label="stars", user_columns=("age", "town"), multi=("genres=genre1+genre2",)
    )
    assert request.reading == Reading(
        separator=";", missing=("?", "unknown"), label_range=(1, 5), quote=None
    )
    assert (request.noun, request.liked_from) == (Noun("book", "books"), 4.0)
    assert request.noun_for() == Noun("book", "books", "borrowed")


def test_a_schema_is_enough_to_load_from_python(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("a,b\n1,x\n2,y\n")
    path = written(tmp_path, 'source = "r.csv"\nuser = "a"\nitem = "b"\n')
    data = load(request_of(read_schema(path)))
    assert (data.n_users, data.n_items) == (2, 2)


@pytest.mark.parametrize("source", ["ml-100k", "dummy:7", "sqlite:///x.db#t", "/data/r.csv"])
def test_names_urls_and_whole_paths_are_not_looked_for_beside_the_schema(
    tmp_path: Path, source: str
) -> None:
    assert read_schema(written(tmp_path, f'source = "{source}"'))["source"] == source


def test_environment_variables_keep_passwords_out_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, 'source = "postgresql://ann:${SHOP_PASSWORD}@db/shop#ratings"')
    with pytest.raises(AskerError, match="needs the environment variable SHOP_PASSWORD, which is"):
        read_schema(path)
    monkeypatch.setenv("SHOP_PASSWORD", "sesame")
    assert read_schema(path)["source"] == "postgresql://ann:sesame@db/shop#ratings"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("usr = 'a'", "schema.toml has an unknown key 'usr'; did you mean user?"),
        ("zzz = 1", "schema.toml has an unknown key 'zzz'; the keys are source, users,"),
        ("[user]\ncolumn = 'a'", 'user must be a text in quotes, as in "age", not'),
        ("user_col = 'age'", 'user_col must be a list of texts, as in ["age", "sex"], not "age"'),
        ("missing = [1]", "missing must be a list of texts"),
        ("liked_from = '4'", 'liked_from must be a number, not "4"'),
        ("liked_from = true", "liked_from must be a number, not true"),
        ("label_range = [1]", "label_range must be two numbers, as in [1, 5], not [1]"),
        ("layout = 'list'", "layout must be one of auto, table, lists, merged, not 'list'"),
        ("user = a", "is not TOML (Invalid value (at line 1, column 8)); mend it there"),
    ],
)
def test_what_is_wrong_in_a_schema_is_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(AskerError) as refused:
        read_schema(written(tmp_path, text))
    assert sentence in str(refused.value)


def test_a_schema_that_is_not_there_or_names_no_source_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(AskerError, match="cannot be read .No such file"):
        read_schema(str(tmp_path / "none.toml"))
    with pytest.raises(AskerError, match="say what to read: a SOURCE, or `source = …`"):
        request_of(read_schema(written(tmp_path, 'user = "a"')))


def test_what_is_written_reads_back_the_same(tmp_path: Path) -> None:
    said: dict[str, Any] = {
        "source": 'a "b" \\ é.csv',
        "user": "tab\there\x7f",
        "noun": ("film", "films"),
        "liked_from": 3.5,
        "label_range": (1.0, 5.0),
        "missing": (),
    }
    text = schema_text(said, {"item": "movieId", "user": "not this"})
    assert tomllib.loads(text) == {
        "source": 'a "b" \\ é.csv',
        "user": "tab\there\x7f",
        "item": "movieId",
        "noun": ["film", "films"],
        "liked_from": 3.5,
        "label_range": [1, 5],
    }
    assert 'item = "movieId"  # guessed' in text


def test_every_option_about_a_source_is_a_key_and_the_other_way_round() -> None:
    from assistant.commands.ingest import ingest

    options = {parameter.name for parameter in ingest.params}
    others = {"schema", "home_dir", "as_json", "dry_run"}
    assert options - others == set(KEYS)


@pytest.mark.parametrize("verb", ["", "7", "bought; rm", "a b c d e", "bought\n"])
def test_a_verb_is_a_few_words(verb: str) -> None:
    with pytest.raises(AskerError, match="--verb takes what users have done, as in bought"):
        request_of({"source": "a.csv", "verb": verb})


def test_a_verb_alone_leaves_a_named_data_set_its_noun() -> None:
    data = load(request_of({"source": "dummy", "verb": "skimmed"}))
    assert data.noun == Noun("article", "articles", "skimmed")
