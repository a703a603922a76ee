"""`whyrec ask --file`: a row each, and a failing row stops nobody."""

import json
from pathlib import Path

import pytest

from assistant.asking.question_file import read_questions
from assistant.chain import RecommendationQA
from assistant.commands.ask_file import answer_file
from assistant.home import OpenHome
from ingest.errors import AskerError

THREE = [("Suggest 2 films to user 3", None), ("who is most like me?", "3"), ("", None)]


@pytest.fixture(scope="module")
def qa(films_home: OpenHome) -> RecommendationQA:
    return RecommendationQA(films_home)


def rows_of(path: Path, text: str) -> list[tuple[int, str, str | None, str | None]]:
    path.write_text(text, encoding="utf-8")
    return [(one.row, one.query, one.user_id, one.problem) for one in read_questions(path)]


def test_a_text_file_is_a_question_a_line(tmp_path: Path) -> None:
    rows = rows_of(tmp_path / "q.txt", "describe user 3\n\n  what's new? \n")
    assert rows == [(1, "describe user 3", None, None), (3, "what's new?", None, None)]


def test_a_csv_file_has_columns_for_question_and_user(tmp_path: Path) -> None:
    text = '\ufeffid,question,user\n7,"two films, please",3\n8,describe user 1,\n'
    rows = rows_of(tmp_path / "q.csv", text)
    assert rows == [(2, "two films, please", "3", None), (3, "describe user 1", None, None)]


def test_jsonl_lines_are_texts_or_objects_and_others_are_problems(tmp_path: Path) -> None:
    text = '"describe user 3"\n{"query": "two films", "user_id": 3}\n{"q": 1}\nnonsense\n[1]\n'
    rows = rows_of(tmp_path / "q.jsonl", text)
    assert [row[:3] for row in rows[:2]] == [(1, "describe user 3", None), (2, "two films", "3")]
    problems = [row[3] for row in rows[2:]]
    assert all(problems) and "not JSON" in str(problems[1])


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("q.xlsx", b"", "ends in .txt, .csv or .jsonl"),
        ("q.csv", b"a,b\n1,2\n", "no column query"),
        ("q.txt", b"\xff\xfe\x00", "not UTF-8"),
        ("q.txt", b"\n\n", "holds no question"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_in_one_sentence(
    qa: RecommendationQA, tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(AskerError, match=says):
        answer_file(qa, tmp_path / name, None, None, as_json=False)


def test_a_missing_file_is_named(qa: RecommendationQA, tmp_path: Path) -> None:
    with pytest.raises(AskerError, match="cannot be read: No such file"):
        answer_file(qa, tmp_path / "none.txt", None, None, as_json=False)


def test_every_row_is_answered_and_the_failing_one_named(
    qa: RecommendationQA, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = tmp_path / "q.csv", tmp_path / "answers.jsonl"
    lines = ["query,user_id", *(f"{query},{user or ''}" for query, user in THREE)]
    source.write_text("\n".join([*lines, "has user 3 seen Alien?,", ""]), encoding="utf-8")
    with pytest.raises(AskerError, match=r"1 of 4 rows was not answered: row 4 \(the question is"):
        answer_file(qa, source, None, out, as_json=False)
    answers = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [one["row"] for one in answers] == [2, 3, 4, 5]
    alone = qa.invoke(THREE[0][0])
    assert answers[0]["recommendations"] == alone["recommendations"]
    assert [row["user_id"] for row in answers[1]["similar_users"]] == ["1", "2", "6", "4"][:3]
    assert "error" in answers[2] and answers[3]["result"].startswith("Yes: user 3 has seen Alien")
    assert "3 of 4 rows answered" in capsys.readouterr().out
    assert list(tmp_path.glob("*.part")) == []


def test_json_without_out_is_one_document(
    qa: RecommendationQA, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "q.txt"
    source.write_text("describe user 3\ndescribe user 1\n", encoding="utf-8")
    answer_file(qa, source, None, None, as_json=True)
    assert [one["row"] for one in json.loads(capsys.readouterr().out)] == [1, 2]


def test_the_questions_are_never_overwritten(qa: RecommendationQA, tmp_path: Path) -> None:
    source = tmp_path / "q.txt"
    source.write_text("describe user 3\n", encoding="utf-8")
    with pytest.raises(AskerError, match="is the file of questions itself"):
        answer_file(qa, source, None, source, as_json=False)
    assert source.read_text(encoding="utf-8") == "describe user 3\n"


def test_several_users_each_have_a_list_of_the_same_shape(qa: RecommendationQA) -> None:
    answer = qa.invoke("Suggest 2 films to users 3 and 4")
    assert [one["user_id"] for one in answer["lists"]] == ["3", "4"]
    for one in answer["lists"]:
        alone = qa.invoke(f"Suggest 2 films to user {one['user_id']}")
        assert one["recommendations"] == alone["recommendations"]
        assert alone["lists"] == []
    assert answer["recommendations"] == []


def test_the_parts_of_a_compound_question_have_their_lists(qa: RecommendationQA) -> None:
    answer = qa.invoke("describe user 1, then suggest 2 films")
    assert [(one["user_id"], len(one["recommendations"])) for one in answer["lists"]] == [("1", 2)]
