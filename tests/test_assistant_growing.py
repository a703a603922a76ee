"""A home that grows while it is asked, and one that forgets."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from assistant.asking.plan import Plan
from assistant.asking.question import Question
from assistant.building import build_home, model_part
from assistant.chain import RecommendationQA
from assistant.cli import run
from assistant.doctor import examine
from assistant.forgetting import forget
from assistant.ledger import LEDGER_FILE, Ledger
from assistant.mentioned import speaks_of
from assistant.settings import Settings
from ingest.errors import AskerError, HomeError
from ingest.home.tensor_files import save_tensors
from ingest.home.workspace import Home
from ingest.index.chroma import connect
from ingest.intake.in_memory import from_frames
from recsys import presets
from recsys.checkpoint import load_model

NEW = "u-4711-x"
N_USERS = 60
ADD = """
import sys
import pandas as pd
from ingest.home.tensor_files import save_tensors
from ingest.home.workspace import Home
frame = pd.DataFrame(
    {"user": sys.argv[2].split(), "item": sys.argv[3].split(), "rating": 5.0, "time": 900000000}
)
Home(sys.argv[1]).add(frame, notice=lambda text: None)
"""


@pytest.fixture
def home(ml100k_home: Path, tmp_path: Path) -> Home:
    """A copy of the home of MovieLens-100K."""
    shutil.copytree(ml100k_home, tmp_path / "home")
    return Home(tmp_path / "home")


@pytest.fixture
def qa(home: Home) -> RecommendationQA:
    return RecommendationQA.from_home(str(home.path), llm=None)


@pytest.fixture(scope="module")
def small_built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of 60 users and 30 items without titles, whose model has the users' ids as a field."""
    rng = np.random.default_rng(0)
    pairs = rng.choice(N_USERS * 30, 600, replace=False)
    frame = pd.DataFrame(
        {
            "user": [str(1 + pair // 30) for pair in pairs],
            "item": [f"i{pair % 30}" for pair in pairs],
            "rating": rng.integers(1, 6, 600).astype(float),
            "time": rng.integers(0, 10_000, 600),
        }
    )
    start = presets.ranking()
    settings = presets.Preset(
        replace(start.config, user_id=True), replace(start.training, n_epochs=1)
    )
    path = tmp_path_factory.mktemp("small") / "home"
    build_home(Home(path), from_frames(frame, notice=lambda text: None), settings)
    return path


@pytest.fixture
def small(small_built: Path, tmp_path: Path) -> Home:
    shutil.copytree(small_built, tmp_path / "small")
    return Home(tmp_path / "small")


def user_ids_of(home: Home) -> tuple[str, ...]:
    """Return the users that the model of a home has an embedding of."""
    fields = load_model(home.require("model").folder).space.of("user")
    return next(field.vocabulary for field in fields if field.kind == "id")


def add_elsewhere(home: Home, users: str, items: str) -> None:
    """Add interactions from another process."""
    command = [sys.executable, "-c", ADD, str(home.path), users, items]
    subprocess.run(command, check=True, timeout=120)


def picks(qa: RecommendationQA, user: str, n: int = 3) -> list[str]:
    answer = qa.invoke(f"Suggest {n} films to user {user}")
    return [row["item_id"] for row in answer["recommendations"]]


@pytest.mark.slow
def test_what_another_process_adds_counts_in_the_next_answer(
    home: Home, qa: RecommendationQA
) -> None:
    before = qa.invoke("Suggest 3 films to user 78")
    seen = [row["item_id"] for row in before["recommendations"]]
    assert "is not in the data set" in qa.invoke(f"Suggest a film to user {NEW}")["result"]
    add_elsewhere(home, f"78 {NEW} {NEW} {NEW}", f"{seen[0]} 50 172 181")

    after = qa.invoke("Suggest 3 films to user 78")
    assert after["data_fingerprint"] == home.contents().fingerprint != before["data_fingerprint"]
    assert seen[0] not in [row["item_id"] for row in after["recommendations"]]  # it is seen now

    newcomer = qa.invoke(f"Suggest 5 films to user {NEW}")
    assert newcomer["status"] == "answered"
    assert len(newcomer["recommendations"]) == 5
    assert not {"50", "172", "181"} & {row["item_id"] for row in newcomer["recommendations"]}

    near = qa.home.toolbox.similar_users("181", 5)  # whoever has seen the same is a neighbour
    alike = qa.home.toolbox.similar_users(NEW, 5)
    assert near and alike and all(row["user_id"] != NEW for row in alike)
    assert qa.home.toolbox.similar_profiles(NEW)  # by its vector, which Chroma never got
    profile = qa.home.toolbox.user_profile(NEW)[0]
    assert profile["n_items"] == 3 and "Star Wars" in profile["profile"]
    assert qa.home.index.users.nearest(
        qa.home.recommender.seen(qa.home.dataset.user_ids.code(NEW) or 0), 1
    ) == [NEW]


@pytest.mark.slow
def test_deepfm_tells_newcomers_apart_by_their_history(home: Home, qa: RecommendationQA) -> None:
    horror, children = "200 219 184 567", "1 588 71 99"
    add_elsewhere(home, "h h h h c c c c", f"{horror} {children}")
    horror_fan, child = (qa.home.dataset.user_ids.code(user) for user in "hc")
    scores = qa.home.recommender.scorer.score_all(np.array([horror_fan, child]))
    alien, lion_king = qa.home.dataset.item_ids.codes(["183", "419"])
    assert scores[0, alien] - scores[1, alien] > 0 > scores[0, lion_king] - scores[1, lion_king]


@pytest.mark.slow
def test_an_answer_comes_from_one_state_of_the_home(
    home: Home, qa: RecommendationQA, monkeypatch: pytest.MonkeyPatch
) -> None:
    planner, plan = qa.home.planner, qa.home.planner.plan

    def disturbed(question: Question) -> Plan:
        add_elsewhere(home, "78", "50")
        return plan(question)

    fingerprint = home.contents().fingerprint
    monkeypatch.setattr(planner, "plan", disturbed)
    answer = qa.invoke("What has user 78 seen?")
    assert home.contents().fingerprint != fingerprint == answer["data_fingerprint"]
    assert qa.home.planner is not planner
    again = qa.invoke("What has user 78 seen?")
    assert again["evidence"] != answer["evidence"]


def test_a_home_that_cannot_be_opened_leaves_the_last_good_state(
    home: Home, qa: RecommendationQA, capsys: pytest.CaptureFixture[str]
) -> None:
    before = picks(qa, "78")
    assert run(["ingest", "dummy", "--home", str(home.path)]) == 0
    assert picks(qa, "78") == before
    assert "answers still come from the home as it was" in capsys.readouterr().err
    with pytest.raises(HomeError, match="made from other data"):
        RecommendationQA.from_home(str(home.path), llm=None)


@pytest.mark.slow
def test_training_and_indexing_take_everything_in(small: Home) -> None:
    qa = RecommendationQA.from_home(str(small.path), llm=None)
    add_elsewhere(small, f"{NEW} {NEW}", "i1 i2")
    kinds = {finding.check: finding for finding in examine(Settings.read(home=str(small.path)))}
    assert "2 interactions and 1 user added since" in kinds["model"].detail
    assert time.strftime(" since %Y-") in kinds["model"].detail
    assert kinds["model"].state == kinds["index"].state == "ok"  # it is little
    assert run(["index", "--home", str(small.path)]) == 0
    assert "added" in small.contents().parts  # which tell what the model does not know
    assert run(["train", "--continue", "--epochs", "1", "--home", str(small.path)]) == 0
    contents = small.contents()
    assert "added" not in contents.parts and len(contents.lineage) == 1
    assert not contents.behind(contents.require("model"))
    assert NEW in user_ids_of(small)
    assert picks(qa, NEW)
    assert qa.home.dataset.fingerprint == contents.fingerprint


@pytest.mark.slow
def test_what_is_added_while_a_model_is_trained_is_behind_it(small: Home) -> None:
    dataset, trained = small.dataset(), load_model(small.require("model").folder)
    add_elsewhere(small, NEW, "i1")
    with small.writing() as edition:
        model_part(edition, trained, dataset)
    contents = small.contents()
    assert contents.behind(contents.require("model")).users == 1
    assert run(["ingest", "dummy", "--home", str(small.path)]) == 0
    with (
        pytest.raises(HomeError, match="were replaced while the model was trained"),
        small.writing() as edition,
    ):
        model_part(edition, trained, dataset)


def test_much_that_is_new_is_a_warning_with_the_command(home: Home) -> None:
    many = pd.DataFrame({"user": [f"n{k}" for k in range(6000)], "item": "50", "rating": 4.0})
    home.add(many.assign(time=900_000_000), notice=lambda text: None)
    kinds = {finding.check: finding for finding in examine(Settings.read(home=str(home.path)))}
    assert kinds["model"].state == kinds["index"].state == "warning"
    assert kinds["model"].mend == "whyrec train --continue"
    detail = kinds["index"].detail
    assert re.search(r"6,000 interactions and 6,000 users added since 20\S+ \S+, 5.66% of", detail)


def test_an_index_of_an_earlier_version_is_refused_and_doctor_says_so(home: Home) -> None:
    folder = home.require("index").folder
    numbers = json.loads((folder / "vectors.json").read_text())
    (folder / "vectors.json").write_text(json.dumps(numbers | {"projected": True}))
    save_tensors({"components": np.zeros((1, 1), np.float32)}, folder / "vectors.safetensors")
    found = {finding.check: finding for finding in examine(Settings.read(home=str(home.path)))}
    assert found["index"].state == "failed" and "an earlier version" in found["index"].detail
    assert found["index"].mend == "run `whyrec index` again"
    with pytest.raises(HomeError, match="run `whyrec index` again"):
        RecommendationQA.from_home(str(home.path), llm=None)


def test_add_on_the_command_line(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "new.csv"
    path.write_text(f"user_id,movie_id,rating,timestamp\n{NEW},50,5,1\n196,242,1,2\n")
    assert run(["add", str(path), "--home", str(home.path), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["interactions"], said["corrected"], said["new_users"]) == (1, 1, [NEW])
    assert run(["add", str(path), "--home", str(home.path)]) == 0
    assert "2 interactions known before" in capsys.readouterr().out
    path.write_text("user_id,movie_id,rating,timestamp\n,50,5,1\n")
    assert run(["add", str(path), "--home", str(home.path)]) == 2
    assert "the id is missing" in capsys.readouterr().err


def files_with(home: Home, text: str) -> list[Path]:
    """Return every file of the home that has the text among its bytes."""
    return [
        path
        for path in sorted(home.path.rglob("*"))
        if path.is_file() and text.encode() in path.read_bytes()
    ]


@pytest.mark.slow
def test_a_forgotten_person_is_in_no_byte_of_the_home(small: Home) -> None:
    home, qa = small, RecommendationQA.from_home(str(small.path), llm=None)
    add_elsewhere(home, f"{NEW} {NEW} 9", "i1 i2 i3")
    assert run(["index", "--home", str(home.path)]) == 0
    assert run(["train", "--continue", "--epochs", "1", "--home", str(home.path)]) == 0
    add_elsewhere(home, NEW, "i1")  # a correction: in the data and in the additions
    for question in (f"Suggest 2 items to user {NEW}", "Suggest 2 items to user 9"):
        qa.invoke(question)
    (home.path / "evaluations" / "run-1").mkdir(parents=True)
    (home.path / "evaluations" / "run-1" / "rows.jsonl").write_text(f'{{"user": "{NEW}"}}\n')
    with sqlite3.connect(home.path / "evaluations" / "cache.sqlite") as cache:
        cache.execute("create table answers (request text primary key, answer text not null)")
        cache.execute("insert into answers values (?, 'yes')", [f"profile of user {NEW}"])
    cache.close()
    places = {path.relative_to(home.path).parts[0].split("-")[0] for path in files_with(home, NEW)}
    assert places >= {"data", "model", "index", "ledger.sqlite", "evaluations"}
    others = qa.home.recommender.scores(qa.home.dataset.user_ids.code("9") or 0)

    done = forget(home, NEW)
    assert (done.interactions, done.answers) == (2, 1)
    assert done.model_fields and done.indexed_anew and done.remains
    assert done.evaluations == ["1 cached answers", "run-1"]
    assert done.found_again == []
    assert files_with(home, NEW) == []  # the test looks for itself
    assert len(Ledger(home.path / LEDGER_FILE).latest(5)) == 1
    assert NEW not in user_ids_of(home)
    assert "is not in the data set" in qa.invoke(f"Suggest 2 items to user {NEW}")["result"]
    again = qa.home.recommender.scores(qa.home.dataset.user_ids.code("9") or 0)
    np.testing.assert_array_equal(again, others)  # everybody else's scores are as they were
    with pytest.raises(AskerError, match=r"nothing in .* speaks of user nobody"):
        forget(home, "nobody")


@pytest.mark.slow
def test_a_person_of_a_plain_number_is_gone_from_every_part(
    small: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "7" in user_ids_of(small)
    assert run(["forget", "7", "--home", str(small.path)]) == 2
    assert "say --yes" in capsys.readouterr().err
    assert run(["forget", "7", "--yes", "--home", str(small.path)]) == 0
    said = capsys.readouterr().out
    assert "Removed user 7: " in said and "found nothing" in said
    assert "7" not in small.dataset().user_ids
    assert "7" not in user_ids_of(small)
    assert len(user_ids_of(small)) == N_USERS - 1
    qa = RecommendationQA.from_home(str(small.path), llm=None)
    assert all(row["user_id"] != "7" for row in qa.home.toolbox.similar_users("1", 900))
    assert len(small.folders("data")) == len(small.folders("model")) == 1


@pytest.mark.slow
def test_a_chroma_server_is_rid_of_the_person_too(
    small: Home, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHYREC_CHROMA", server)
    assert run(["index", "--home", str(small.path)]) == 0
    qa = RecommendationQA.from_home(str(small.path), llm=None)
    add_elsewhere(small, f"{NEW} {NEW}", "i1 i2")
    assert qa.home.toolbox.similar_profiles(NEW)  # over collections that nobody wrote to
    assert run(["index", "--home", str(small.path)]) == 0
    assert picks(qa, NEW)
    chroma = connect(small.path, server)
    try:
        before = {collection.name for collection in chroma.client.list_collections()}
        done = forget(small, NEW)
        after = chroma.client.list_collections()
        assert set(done.collections) <= before - {collection.name for collection in after}
        assert len(done.collections) == 2  # of the index, and of the one before it
        assert not any(collection.get(ids=[NEW])["ids"] for collection in after)
    finally:
        chroma.close()
    assert done.found_again == []
    assert "is not in the data set" in qa.invoke(f"Suggest 2 items to user {NEW}")["result"]
    assert picks(qa, "9")


@pytest.mark.parametrize(
    ("document", "speaks"),
    [
        ({"user_id": "78"}, True),
        ({"rows": [{"neighbours": [{"user_id": "78", "jaccard": 0.5}]}]}, True),
        ({"query": "Suggest 2 films to user 78"}, True),
        ({"query": "films for user-id 78, please"}, True),
        ({"item_id": "78", "score": 0.78}, False),
        ({"query": "78 films for user 7"}, False),
        ({"result": "a score of 0.78 for user 178"}, False),
        ({"result": "higher than 78.5% of the films user 780 has not seen"}, False),
    ],
)
def test_a_plain_number_speaks_of_a_user_only_where_it_stands_for_one(
    document: dict[str, object], speaks: bool
) -> None:
    assert speaks_of(document, "78") is speaks
