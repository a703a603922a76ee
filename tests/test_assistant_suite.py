"""Suites as files: what is read, and the sentence for everything that can be wrong in one."""

import json
from pathlib import Path

import pytest

from assistant.evaluation import suite_files
from assistant.evaluation.generate_cases import ReadyCase, ready_cases
from assistant.evaluation.suite import Expect
from assistant.evaluation.suite_files import SuiteFile, load_suite, shipped_suites
from ingest.dataset.schema import Dataset
from ingest.errors import AskerError, DataError, WhyrecError

TWO = """\
name: two
expect: {status: answered}
cases:
  - id: one
    question: "Suggest {n} {nouns} to user {user}"
    user: 3
    vars: {n: 2}
    tags: [short]
    expect: {count: 2}
    variants: {de: "Empfiehl Nutzer {user} zwei Filme"}
  - id: two
    question: Who is most like user 1?
    shuffle: true
"""


def written(folder: Path, text: str, name: str = "suite.yaml") -> SuiteFile:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return load_suite(str(path))


def ready(folder: Path, text: str, films: Dataset) -> list[ReadyCase]:
    return ready_cases(written(folder, text), films)[0]


def complaint(folder: Path, text: str, name: str = "suite.yaml") -> str:
    with pytest.raises(WhyrecError) as caught:
        written(folder, text, name)
    return str(caught.value).replace(str(folder) + "/", "")


def test_variables_variants_and_shared_expectations_are_filled_in(
    tmp_path: Path, films: Dataset
) -> None:
    cases = ready(tmp_path, TWO, films)
    assert [case.id for case in cases] == ["one", "one/de", "two", "two/shuffled"]
    assert cases[0].question == "Suggest 2 films to user 3"
    assert (cases[0].expect.count, cases[0].expect.status) == (2, "answered")
    assert (cases[1].same_as, cases[1].tags, cases[1].group) == ("one", ("short", "de"), "one")
    assert [case.shuffle for case in cases] == [False, False, False, True]


def test_one_suite_in_four_formats_is_one_suite(tmp_path: Path, films: Dataset) -> None:
    case = {
        "id": "a",
        "question": "Suggest 2 films to user 3",
        "tags": ["x", "y"],
        "expect": {"count": 2, "items_exclude": ["101", "102"]},
    }
    table = (
        "id,question,tags,expect.count,expect.items_exclude\n"
        "a,Suggest 2 films to user 3,x|y,2,101|102\n"
    )
    texts = {
        "s.json": json.dumps({"cases": [case]}, indent="\t"),
        "s.yaml": json.dumps([case]),
        "s.jsonl": json.dumps(case) + "\n\n",
        "s.csv": table,
    }
    suites = [written(tmp_path, text, name).suite for name, text in texts.items()]
    assert all(suite == suites[0] for suite in suites)
    assert suites[0].cases[0].expect.items_exclude == ["101", "102"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "suite.yaml: the suite is empty"),
        ("name: x\ncases: []\n", "the suite has no case"),
        ("cases:\n  - id: a\n", "suite.yaml, line 2, field cases[1].question: the field"),
        (
            "cases:\n  - id: a\n    question: q\n    expect:\n      conut: 2\n",
            "line 5, field cases[1].expect.conut: there is no check 'conut'; did you mean 'count'",
        ),
        (
            "cases:\n  - id: a\n    question: q\n    expect: {count: many}\n",
            "line 4, field cases[1].expect.count: input should be a valid integer",
        ),
        (
            "cases:\n  - id: a\n    question: q\n  - id: a\n    question: r\n",
            "line 4, field cases[2].id: the id 'a' is that of case 1 too",
        ),
        ("cases:\n  - id: a\n    id: b\n", "line 3: the field 'id' stands twice"),
        ("cases: [*x]\n", "line 1: it is not YAML: found undefined alias"),
        ("a: &x [1]\nb: *x\n", "aliases (*name) are not read"),
        ("cases: [\n", "it is not YAML"),
        ("just words", "the suite is no mapping"),
        ("cases: 5\n", "field cases: input should be a valid list"),
        (
            "generate:\n  - question: q\n    users: all\n    id: x\n",
            "line 2, field generate[1]: the id must hold {user}",
        ),
    ],
)
def test_what_is_wrong_is_said_with_line_and_field(tmp_path: Path, text: str, said: str) -> None:
    assert said in complaint(tmp_path, text)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("s.json", '{"cases": [}', "s.json, line 1: it is not JSON"),
        ("s.jsonl", '{"id": "a", "question": "q"}\n{oops\n', "s.jsonl, line 2: it is not JSON"),
        ("s.jsonl", '{"id": "a"}\n', "s.jsonl, line 1, field cases[1].question"),
        ("s.csv", "id,question\na,b,c\n", "s.csv, line 2: it has 3 cells and the header 2"),
        ("s.csv", "id,question,colour\na,q,red\n", "line 2, field cases[1].colour: there is no"),
        ("s.csv", "", "s.csv: the suite is empty"),
        ("s.txt", "x", "there is no suite"),
    ],
)
def test_other_formats_are_complained_of_in_the_same_way(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    assert said in complaint(tmp_path, text, name)


def test_files_that_cannot_be_read_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(AskerError, match="there is no suite file"):
        load_suite(str(tmp_path / "none.yaml"))
    (tmp_path / "latin.yaml").write_bytes("name: \xe9\n".encode("latin-1"))
    with pytest.raises(AskerError, match="is not UTF-8 text"):
        load_suite(str(tmp_path / "latin.yaml"))
    (tmp_path / "dir.yaml").mkdir()
    with pytest.raises(AskerError, match="cannot be read"):
        load_suite(str(tmp_path / "dir.yaml"))
    monkeypatch.setattr(suite_files, "MAX_BYTES", 10)
    assert "bytes, over 10" in complaint(tmp_path, TWO)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TWO.replace("{n}", "{m}"), "line 5, field cases[1].question: the variable 'm' is unknown"),
        (TWO.replace("{n}", "{n.x}"), "the variable 'n.x' is unknown"),
        (TWO.replace("{n}", "{"), "single { or }"),
        (TWO.replace("user: 3", "user: 99"), "line 6, field cases[1].user: user 99 is not in"),
        (TWO.replace("shuffle: true", "same_as: three"), "'two' refers to 'three'"),
        (
            TWO.replace("{count: 2}", "{every: {genre: [Horror]}}"),
            "items of films have no 'genre'; there is title, year, genres",
        ),
        (
            TWO.replace("shuffle: true", "swap: [sex]"),
            "].swap: users of films have no 'sex' to swap; there is age, gender",
        ),
    ],
)
def test_what_does_not_fit_the_data_is_said_with_line_and_field(
    tmp_path: Path, films: Dataset, text: str, said: str
) -> None:
    with pytest.raises(DataError) as caught:
        ready(tmp_path, text, films)
    assert said in str(caught.value)


def test_an_unknown_user_on_purpose_is_taken(tmp_path: Path, films: Dataset) -> None:
    text = TWO.replace("user: 3", "user: 99\n    unknown_user: true")
    assert ready(tmp_path, text, films)[0].question == "Suggest 2 films to user 99"


GENERATED = """\
seed: {seed}
generate:
  - question: Suggest 1 film to user {{user}}
    users: {users}
"""


def test_generated_cases_are_seeded_and_carry_their_truth(tmp_path: Path, films: Dataset) -> None:
    everyone = ready(tmp_path, GENERATED.format(seed=0, users="all"), films)
    assert [case.user for case in everyone] == ["1", "2", "3", "4", "5", "6", "7"]
    text = GENERATED.format(seed=1, users="{sample: 3, at_least: 2}")
    drawn = [case.user for case in ready(tmp_path, text, films)]
    assert drawn == [case.user for case in ready(tmp_path, text, films)]
    assert len(drawn) == 3 and set(drawn) <= {"1", "2", "3", "4", "5"}
    others = [
        [c.user for c in ready(tmp_path, text.replace("seed: 1", f"seed: {seed}"), films)]
        for seed in range(2, 9)
    ]
    assert any(other != drawn for other in others)
    told, _ = ready_cases(written(tmp_path, text), films, {"1": ["108"], "2": ["107", "108"]})
    assert {case.user: case.truth for case in told if case.truth} == {
        user: truth for user, truth in (("1", ("108",)), ("2", ("107", "108"))) if user in drawn
    }


def test_what_no_user_of_small_data_fits_is_skipped_and_told(
    tmp_path: Path, films: Dataset
) -> None:
    lonely = GENERATED.format(seed=0, users="{sample: 3, at_least: 20}")
    more = "\n  - {id: 'both-{user}', question: 'Suggest to user {user}', users: [1, 2]}\n"
    cases, skipped = ready_cases(written(tmp_path, lonely.rstrip() + more), films)
    assert [case.id for case in cases] == ["both-1", "both-2"]
    assert "generate[1].users: no user of films has 20 interactions or more" in str(skipped[0])
    with pytest.raises(WhyrecError, match="no user of films has 20 interactions or more"):
        ready_cases(written(tmp_path, lonely), films)


def test_shipped_suites_are_suites() -> None:
    names = shipped_suites()
    assert "seed" in names
    for name in names:
        assert load_suite(name).suite.name == name


def test_the_documented_suite_is_one(tmp_path: Path) -> None:
    page = (Path(__file__).parent.parent / "docs" / "evaluation.md").read_text(encoding="utf-8")
    example = page.partition("```yaml\n")[2].partition("```")[0]
    suite = written(tmp_path, example).suite
    assert (suite.hold_out, suite.cases[0].expect.count, len(suite.generate)) == ("loo", 2, 1)
    for name in shipped_suites():
        assert f"`{name}`" in page
    for name in Expect.model_fields:
        assert f"`{name}" in page, name
