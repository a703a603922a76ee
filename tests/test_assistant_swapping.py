"""Attributes exchanged: who asks may change a list only through the recommender's scores."""

from pathlib import Path

import pytest

from assistant.evaluation.run_plan import Options
from assistant.evaluation.running import evaluate
from assistant.evaluation.summary import tables_of
from assistant.evaluation.swapping import scores_differ, swapped_dataset, swapped_home
from assistant.home import OpenHome
from ingest.dataset.schema import Dataset


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("gender", ["M", "F", "M", "F", "M", None, "F"]),
        ("occupation", ["writer", "student", "writer", "engineer", "student", "engineer", None]),
        ("age", [46.0, 40.0, 52.0, 19.0, 31.0, 38.0, None]),
    ],
)
def test_values_are_exchanged_and_missing_ones_stay_missing(
    films: Dataset, field: str, values: list[object]
) -> None:
    swapped = swapped_dataset(films, field).users
    assert [None if value != value else value for value in swapped[field]] == values
    others = [name for name in films.users.columns if name != field]
    assert swapped[others].equals(films.users[others])


def test_a_list_that_no_score_explains_is_a_fault() -> None:
    def row(case: str, shown: list[str], **more: object) -> dict[str, object]:
        plain = {"variant": "v", "repeat": 0, "tags": [], "group": "a", "kind": "recommend"}
        counts = {"rejected": {}, "run": {"cached": 0, "model_seconds": 0}, "metrics": {}}
        return plain | counts | {"case": case, "shown": shown, "same_as": None} | more

    told = [
        row("a", ["1", "2"]),
        row("a/same", ["1", "2"], same_as="a", scores_changed=False),
        row("a/moved", ["1", "3"], same_as="a", scores_changed=False),
        row("a/caused", ["1", "3"], same_as="a", scores_changed=True),
    ]
    metrics = tables_of(told)["v"].metrics
    assert metrics[1:] == [
        {"shown.changed_without_cause": 0.0, "shown.kept_in_swap": 1.0},
        {"shown.changed_without_cause": 1.0, "shown.kept_in_swap": 0.5},
        {"shown.changed_without_cause": 0.0, "shown.kept_in_swap": 0.5},
    ]


def test_a_model_without_attributes_gives_everybody_the_same_list(
    films_home: OpenHome, tmp_path: Path
) -> None:
    suite = tmp_path / "s.yaml"
    suite.write_text(
        "generate: [{question: 'Suggest 2 films to user {user}', users: all, swap: [age, gender]}]"
    )
    done = evaluate(str(suite), Options(home=films_home, models={"code": None}, out=tmp_path / "o"))
    assert done.results["n_done"] == 21
    metrics = done.results["variants"]["code"]["metrics"]
    assert metrics["shown.changed_without_cause"]["mean"] == 0
    assert metrics["shown.kept_in_swap"]["mean"] == 1
    assert not any(row.get("scores_changed") for row in done.results["rows"])


def test_the_real_model_scores_somebody_else_otherwise(ml100k_home: Path) -> None:
    from assistant.home import open_home
    from assistant.settings import Settings

    home = open_home(Settings.read(home=ml100k_home, llm="none"))
    other = swapped_home(home, "gender")
    assert scores_differ(home, other, "78")
    assert not scores_differ(home, other, "no such user")
    assert not scores_differ(home, swapped_home(other, "gender"), "78")  # two change places
