"""Runs on the seven users and eight films: planted faults, kills, resumes, bad folders."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assistant.evaluation import run_folder
from assistant.evaluation.list_quality import Shelf
from assistant.evaluation.run_folder import RunFolder
from assistant.evaluation.run_plan import Options, new_folder
from assistant.evaluation.running import Run, evaluate
from assistant.evaluation.suite_files import load_suite
from assistant.home import OpenHome
from assistant.settings import Limits
from ingest.errors import AskerError, HomeError, OperationError
from tests.fixtures_llm import LlmServer, Recorded, Reply, connect

NONE: dict[str, Any] = {"code": None}


def suite_of(folder: Path, n: int = 6, extra: str = "") -> str:
    """Write a suite that asks for two films for users 1, 3, 4 and 5 in turn."""
    users = [("1", "3", "4", "5")[at % 4] for at in range(n)]
    cases = [
        {"id": f"c{at}", "question": "Suggest 2 films to user {user}", "user": user,
         "tags": [f"user{user}"], "expect": {"count": 2, "status": "answered"}}
        for at, user in enumerate(users)
    ]  # fmt: skip
    path = folder / f"suite{n}.json"
    path.write_text(json.dumps({"name": "films", "cases": cases}), encoding="utf-8")
    return str(path)


def run(home: OpenHome, suite: str, out: Path, **options: Any) -> Run:
    given = {"models": NONE} | options
    return evaluate(suite, Options(home=home, out=out, **given))


# ---- the evaluator is evaluated


class Faulty:
    """Repeats the computed reasons, and makes exactly one kind of error in a share of answers."""

    def __init__(self, kind: str, rate: float, seed: int = 3) -> None:
        self.kind = kind
        self.rate = rate
        self.chance = random.Random(seed)
        self.planted: list[bool] = []

    def __call__(self, request: Recorded) -> str:
        human = request.body["messages"][-1]["content"]
        evidence = human.partition("<evidence>\n")[2].partition("\n</evidence>")[0]
        reasons = {}
        for block in evidence.split("<item ")[1:]:
            item, _, lines = block.partition(">\n")
            reasons[item] = next(line for line in lines.splitlines() if "score of" in line)
        self.planted.append(self.chance.random() < self.rate)
        if self.planted[-1]:
            self.plant(reasons, human)
        return json.dumps(reasons)

    def plant(self, reasons: dict[str, str], human: str) -> None:
        first = next(iter(reasons))
        if self.kind == "seen":
            seen = {"user 1": "101", "user 3": "101", "user 4": "103", "user 5": "106"}
            asker = human.partition("</question>")[0][-6:]
            reasons[seen[asker]] = "A classic."
        elif self.kind == "digit":
            score = reasons[first].partition("score of ")[2][:4]
            wrong = f"{score[:3]}{(int(score[3]) + 1) % 10}"
            reasons[first] = reasons[first].replace(f"score of {score}", f"score of {wrong}")
        elif self.kind == "count":
            del reasons[first]
        elif self.kind == "json":
            reasons["__broken__"] = "x"


@pytest.mark.parametrize(
    ("kind", "rate", "metric"),
    [
        ("seen", 0.10, "raw.seen"),
        ("digit", 0.05, "raw.number_contradicted"),
        ("count", 0.20, "raw.wrong_count"),
    ],
)
def test_planted_faults_are_measured_at_their_rate_and_each_is_caught(
    films_home: OpenHome, llm_server: LlmServer, tmp_path: Path, kind: str, rate: float, metric: str
) -> None:
    model = Faulty(kind, rate)
    llm_server.answer = model
    chat = connect(f"openai:m@{llm_server.url}/v1", Limits(retries=0, timeout=5))
    done = run(films_home, suite_of(tmp_path, 120), tmp_path / "out", models={"faulty": chat})
    rows = done.results["rows"]
    assert [row["metrics"][metric] for row in rows] == [float(one) for one in model.planted]
    variant = done.results["variants"]["answer × faulty"]
    found = variant["metrics"][metric]
    assert found["low"] <= rate <= found["high"]
    # No other alarm, of the text or of what was shown; the product repaired every fault.
    others = {"raw.seen", "raw.number_contradicted", "raw.number_unsupported", "raw.duplicate"}
    others -= {metric}
    assert all(variant["metrics"][name]["mean"] == 0 for name in others)
    assert variant["metrics"]["pass"]["mean"] == 1


@pytest.mark.slow
def test_five_hundred_clean_answers_raise_no_alarm(ml100k_home: Path, tmp_path: Path) -> None:
    path = tmp_path / "everybody.yaml"
    path.write_text(
        "expect: {status: answered, count: 3, numbers: [score, percentile]}\n"
        "generate:\n  - {question: 'Suggest 3 films to user {user}, and why', users: all}\n"
    )
    done = evaluate(str(path), home=str(ml100k_home), models=["none"], limit=500)
    assert done.results["n_done"] == 500
    assert [row["failed"] for row in done.results["rows"] if row["failed"]] == []
    found = done.results["variants"]["none"]["metrics"]
    assert found["shown.number_unsupported"]["mean"] == 0
    assert found["shown.numbers_precision"]["mean"] == 1
    assert "500 of 500 answers pass every check" in done.results["verdict"][0]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["seed", "kinds", "sampled", "paraphrases", "languages", "red-team"]
)
def test_the_shipped_suites_pass_on_computed_wording(
    ml100k_home: Path, tmp_path: Path, name: str
) -> None:
    done = evaluate(name, home=str(ml100k_home), models=["none"], out=tmp_path / "out")
    assert [(row["case"], row["failed"]) for row in done.results["rows"] if row["failed"]] == []
    same = done.results["variants"]["none"]["metrics"].get("same_items", {"mean": 1})
    assert same["mean"] == 1


def test_checking_an_answer_costs_less_than_five_milliseconds(films_home: OpenHome) -> None:
    from assistant.chain import RecommendationQA
    from assistant.evaluation.checks import score_answer
    from assistant.evaluation.generate_cases import ReadyCase
    from assistant.evaluation.list_quality import Shelf
    from assistant.evaluation.suite import Expect

    answer = RecommendationQA(films_home).invoke("Suggest 5 films to user 3")
    case = ReadyCase("c", answer["query"], "3", (), Expect(numbers=["score"]), ("108",))
    shelf = Shelf.of(films_home.dataset)
    raw = json.dumps({row["item_id"]: row["reason"] for row in answer["recommendations"]})
    started = time.process_time()
    for _ in range(100):
        scored = score_answer(case, answer, raw, shelf)
    assert time.process_time() - started < 100 * 0.005
    assert scored.failed == [] and scored.metrics["raw.numbers_precision"] == 1


# ---- the same twice


def without_times(folder: Path) -> bytes:
    return (folder / "results.json").read_bytes()


def test_two_runs_and_any_number_of_jobs_give_the_same_bytes(
    films_home: OpenHome, tmp_path: Path
) -> None:
    suite = suite_of(tmp_path, 12)
    for name, jobs in (("a", 1), ("b", 1), ("c", 4)):
        run(films_home, suite, tmp_path / name, jobs=jobs, repeats=2)
    first = without_times(tmp_path / "a")
    assert without_times(tmp_path / "b") == first == without_times(tmp_path / "c")
    assert (tmp_path / "a" / "results.csv").read_bytes() == (
        tmp_path / "c" / "results.csv"
    ).read_bytes()


def test_the_truth_never_leaves_for_the_model(
    films_home: OpenHome, llm_server: LlmServer, tmp_path: Path
) -> None:
    llm_server.answer = Faulty("json", 0.5)
    chat = connect(f"openai:m@{llm_server.url}/v1", Limits(retries=0, timeout=5))
    sent = []
    for truth in (["108"], ["secret-item"]):
        path = tmp_path / "t.json"
        case = {"id": "a", "question": "Suggest 2 films to user 3", "truth": truth}
        path.write_text(json.dumps([case]))
        out = tmp_path / truth[0]
        done = run(films_home, str(path), out, models={"m": chat})
        assert done.results["rows"][0]["metrics"]["shown.hit"] == float(truth == ["108"])
        sent.append([one.body for one in llm_server.requests])
        llm_server.requests.clear()
        llm_server.answer = Faulty("json", 0.5)
    assert sent[0] == sent[1]
    assert "secret-item" not in json.dumps(sent)


# ---- cache, repeats, variants


def counting(server: LlmServer) -> Callable[[], int]:
    return lambda: len(server.requests)


def test_the_cache_answers_the_same_request_and_never_another_repeat(
    films_home: OpenHome, llm_server: LlmServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHYREC_LLM_RETRIES", "0")
    llm_server.answer = Faulty("seen", 0)
    asked, suite = counting(llm_server), suite_of(tmp_path, 4)
    spec = f"openai:m@{llm_server.url}/v1"
    options: dict[str, Any] = {"models": [spec], "repeats": 2}
    first = run(films_home, suite, tmp_path / "1", **options)
    assert asked() == 8
    seeds = {one.body["seed"] for one in llm_server.requests}
    assert seeds == {0, 1}
    second = run(films_home, suite, tmp_path / "2", **options)
    assert asked() == 8
    assert second.times[f"answer × {spec}"]["cache_hits"] == 8
    assert without_times(tmp_path / "1") == without_times(tmp_path / "2")
    run(films_home, suite, tmp_path / "3", cache=False, **options)
    assert asked() == 16
    run(films_home, suite, tmp_path / "4", prompts=["terse"], **options)
    assert asked() == 24
    assert first.results["variants"][f"answer × {spec}"]["metrics"]["pass"]["sd_of_repeats"] == 0


def test_prompts_times_models_are_compared_and_no_difference_is_said(
    films_home: OpenHome, llm_server: LlmServer, tmp_path: Path
) -> None:
    llm_server.answer = Faulty("seen", 0)
    chat = connect(f"openai:m@{llm_server.url}/v1", Limits(retries=0, timeout=5))
    done = run(
        films_home, suite_of(tmp_path, 8), tmp_path / "out",
        models={"code": None, "m": chat}, prompts=["answer", "example"],
    )  # fmt: skip
    assert list(done.results["variants"]) == ["code", "answer × m", "example × m"]
    assert done.results["n_done"] == 24
    assert any("no difference seen in pass" in said for said in done.results["verdict"])
    pairs = {(one["baseline"], one["variant"]) for one in done.results["comparisons"]}
    assert pairs == {("code", "answer × m"), ("answer × m", "example × m")}
    assert "raw.parses" in {one["metric"] for one in done.results["comparisons"]}


def test_a_shuffled_prompt_holds_the_same_candidates_in_another_order(
    films_home: OpenHome, llm_server: LlmServer, tmp_path: Path
) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(
        "cases: [{id: a, question: Suggest 4 films to user 3, shuffle: true,"
        " variants: {de: Suggest four films to user 3}}]"
    )
    llm_server.answer = Faulty("seen", 0)
    chat = connect(f"openai:m@{llm_server.url}/v1", Limits(retries=0, timeout=5))
    done = run(films_home, str(path), tmp_path / "out", models={"m": chat})
    plain, _, shuffled = (one.body["messages"][-1]["content"] for one in llm_server.requests)
    assert plain != shuffled
    assert sorted(plain.split("\n")[:-2]) == sorted(shuffled.split("\n")[:-2])
    rows = {row["case"]: row for row in done.results["rows"]}
    assert rows["a/shuffled"]["shown"] == rows["a"]["shown"]
    assert rows["a/shuffled"]["metrics"]["raw.kendall_tau"] < 1
    assert done.results["variants"]["answer × m"]["metrics"]["same_items"]["mean"] == 1


def test_a_judge_is_a_column_that_fails_nothing_and_its_disagreement_is_counted(
    films_home: OpenHome, llm_server: LlmServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    llm_server.script("Yes.", "no", "I cannot say", 500)
    judge = f"openai:j@{llm_server.url}/v1"
    monkeypatch.setenv("WHYREC_LLM_RETRIES", "0")
    done = run(films_home, suite_of(tmp_path, 4), tmp_path / "out", judge=judge)
    names = ("judge.grounded", "judge.disagrees", "judge.parses")
    found = [[row["metrics"].get(name) for name in names] for row in done.results["rows"]]
    assert found == [[1, 0, 1], [0, 1, 1], [None, None, 0], [None] * 3]
    assert done.results["variants"]["code"]["metrics"]["pass"]["mean"] == 1
    asked = llm_server.requests[0].body["messages"][-1]["content"]
    assert done.results["rows"][0]["shown"][0] in asked
    with pytest.raises(AskerError, match="a judge has to be a model"):
        run(films_home, suite_of(tmp_path, 4), tmp_path / "b", judge="none")


# ---- failures


def test_a_failed_case_is_a_row_and_the_rest_goes_on(
    films_home: OpenHome, llm_server: LlmServer, tmp_path: Path
) -> None:
    llm_server.answer = Faulty("seen", 0)
    llm_server.script(500, Reply("not JSON at all"))
    chat = connect(f"openai:m@{llm_server.url}/v1", Limits(retries=0, timeout=5))
    done = run(films_home, suite_of(tmp_path, 4), tmp_path / "out", models={"m": chat})
    faults = [row["metrics"]["model_fault"] for row in done.results["rows"]]
    assert faults == [1, 0, 0, 0] and done.stopped is None
    assert [row["metrics"].get("raw.parses") for row in done.results["rows"]] == [None, 0, 1, 1]
    assert "failed (500" in done.results["rows"][0]["model_fault"]


@pytest.mark.parametrize(("status", "n_asked"), [(401, 1), (404, 1), (500, 5)])
def test_a_provider_that_will_not_answer_stops_the_run_early(
    films_home: OpenHome, llm_server: LlmServer, tmp_path: Path, status: int, n_asked: int
) -> None:
    llm_server.script(*[status] * 20)
    chat = connect(f"openai:m@{llm_server.url}/v1", Limits(retries=0, timeout=5))
    done = run(films_home, suite_of(tmp_path, 20), tmp_path / "out", models={"m": chat})
    assert done.results["n_done"] == n_asked
    assert done.stopped is not None and str(status) in done.stopped
    assert "Ended early" in (tmp_path / "out" / "report.html").read_text()


def test_going_on_asks_again_where_the_provider_failed(
    films_home: OpenHome, llm_server: LlmServer, tmp_path: Path
) -> None:
    suite = suite_of(tmp_path, 4)
    chat = connect(f"openai:m@{llm_server.url}/v1", Limits(retries=0, timeout=5))
    llm_server.answer = Faulty("seen", 0)
    llm_server.script(json.dumps({}), 401)
    stopped = run(films_home, suite, tmp_path / "out", models={"m": chat})
    assert stopped.results["n_done"] == 2 and stopped.stopped is not None
    done = run(films_home, suite, tmp_path / "out", models={"m": chat}, resume=True)
    assert [row["model_fault"] for row in done.results["rows"]] == [None] * 4
    assert len(llm_server.requests) == 5 and done.stopped is None


# ---- stopping and going on


def test_a_torn_line_is_cut_and_nothing_is_asked_twice(
    films_home: OpenHome, tmp_path: Path
) -> None:
    suite = suite_of(tmp_path, 6)
    whole = run(films_home, suite, tmp_path / "whole")
    run(films_home, suite, tmp_path / "cut")
    for name in ("rows.jsonl", "details.jsonl"):
        lines = (tmp_path / "cut" / name).read_bytes().splitlines(keepends=True)
        (tmp_path / "cut" / name).write_bytes(b"".join(lines[:3]) + lines[3][:50])
    again = run(films_home, suite, tmp_path / "cut", resume=True)
    assert without_times(tmp_path / "cut") == without_times(whole.folder)
    assert len(list(RunFolder(again.folder).rows())) == 6
    folder = RunFolder(again.folder)
    questions = {folder.detail(row)["question"] for row in folder.rows()}
    assert questions == {f"Suggest 2 films to user {user}" for user in "1345"}


def test_a_stop_by_hand_leaves_a_report_of_what_is_done(
    films_home: OpenHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = RunFolder.append

    def stop_at_three(self: RunFolder, *given: Any) -> None:
        append(self, *given)
        if sum(1 for _ in self.rows()) == 3:
            raise KeyboardInterrupt

    suite = suite_of(tmp_path, 6)
    monkeypatch.setattr(RunFolder, "append", stop_at_three)
    done = run(films_home, suite, tmp_path / "out")
    assert done.results["n_done"] == 3
    assert done.stopped is not None and "--resume" in done.stopped
    monkeypatch.undo()
    assert run(films_home, suite, tmp_path / "out", resume=True).results["n_done"] == 6


def test_a_full_disk_loses_nothing_that_was_confirmed(
    films_home: OpenHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = suite_of(tmp_path, 6)
    write, calls = os.write, []

    def full(descriptor: int, data: Any) -> int:
        calls.append(1)
        if len(calls) == 6:
            write(descriptor, bytes(data)[:20])
            raise OSError(28, "No space left on device")
        return write(descriptor, data)

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OperationError, match="disk of .* is full; what was done is kept"):
        run(films_home, suite, tmp_path / "out")
    monkeypatch.undo()
    assert (tmp_path / "out" / "rows.jsonl").read_bytes().count(b"\n") == 2
    assert run(films_home, suite, tmp_path / "out", resume=True).results["n_done"] == 6


KILLED = """
import sys
sys.path[:0] = {paths!r}
from pathlib import Path
import time
from assistant.evaluation.list_quality import Shelf
from assistant.evaluation.run_folder import RunFolder
folder = RunFolder(Path({out!r}))
print(len(folder.begin({{"suite": "s", "format": 1}}, resume=True)), flush=True)
for n in range(100_000):
    row = {{"case": f"c{{n}}", "variant": "v", "repeat": 0, "run": {{}}}}
    folder.append(row, {{"n": n}})
    print(n, flush=True)
"""


def test_kill_minus_nine_loses_nothing_that_was_confirmed(tmp_path: Path) -> None:
    out = tmp_path / "out"
    root = str(Path(run_folder.__file__).parent.parent)
    script = KILLED.format(paths=[root], out=str(out))
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        confirmed = [int(process.stdout.readline()) for _ in range(40)][-1]
        process.send_signal(signal.SIGKILL)
    folder = RunFolder(out)
    done = folder.begin({"suite": "s", "format": 1}, resume=True)
    folder.close()
    assert {f"c{n}" for n in range(confirmed + 1)} <= {case for case, _, _ in done}
    assert [folder.detail(row)["n"] for row in folder.rows()] == list(range(len(done)))


def test_ten_thousand_rows_are_taken_up_in_two_seconds(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    manifest = {"suite": "s", "format": 1}
    (out / "run.json").write_text(json.dumps(manifest))
    row: dict[str, Any] = {"variant": "v", "repeat": 0, "metrics": dict.fromkeys("abcdefghij" * 4)}
    row |= {"filler": "x" * 1000, "run": {"detail_at": 0}}
    with (out / "rows.jsonl").open("w") as file:
        file.writelines(json.dumps({"case": f"c{n}"} | row) + "\n" for n in range(10_000))
    started = time.perf_counter()
    folder = RunFolder(out)
    assert len(folder.begin(manifest, resume=True)) == 10_000
    folder.close()
    assert time.perf_counter() - started < 2


# ---- what is refused


def test_folders_that_hold_something_else_are_refused(films_home: OpenHome, tmp_path: Path) -> None:
    suite = suite_of(tmp_path, 2)
    out = tmp_path / "out"
    run(films_home, suite, out)
    with pytest.raises(AskerError, match="holds a run of 'films' already; go on with it by"):
        run(films_home, suite, out)
    other = tmp_path / "other.json"
    other.write_text('[{"id": "a", "question": "q"}]')
    with pytest.raises(AskerError, match="holds a run of the suite 'films'; name another"):
        run(films_home, str(other), out, resume=True)
    with pytest.raises(AskerError, match="cannot go on: .*seed.* changed"):
        run(films_home, suite, out, resume=True, seed=5)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("x")
    with pytest.raises(AskerError, match="holds other files"):
        run(films_home, suite, tmp_path / "full")
    (out / "run.json").write_text('{"format": 99}')
    with pytest.raises(HomeError, match="another version"):
        run(films_home, suite, out, resume=True)
    with pytest.raises(AskerError, match="an open home keeps no runs; name a folder"):
        evaluate(suite, Options(home=films_home, models=NONE, out=None))


def test_nothing_left_and_unknown_prompts_are_refused_before_anything_is_asked(
    films_home: OpenHome, tmp_path: Path
) -> None:
    suite = suite_of(tmp_path, 4)
    with pytest.raises(AskerError, match="no case of .* is left by --filter"):
        run(films_home, suite, tmp_path / "a", tags=["nobody"])
    with pytest.raises(AskerError, match="there is no prompt 'poem'"):
        run(films_home, suite, tmp_path / "a", prompts=["poem"])
    assert not (tmp_path / "a").exists()
    assert run(films_home, suite, tmp_path / "b", tags=["user3"]).results["n_done"] == 1
    assert run(films_home, suite, tmp_path / "c", limit=3).results["n_done"] == 3


def test_a_suite_that_was_loaded_can_be_run(films_home: OpenHome, tmp_path: Path) -> None:
    file = load_suite(suite_of(tmp_path, 2))
    done = evaluate(file, home=films_home, models=NONE, out=tmp_path / "out")
    assert done.results["n_done"] == 2


def test_runs_are_numbered_and_the_newest_goes_on(tmp_path: Path) -> None:
    assert new_folder(tmp_path, "a suite", False).name == "a-suite-1"
    with pytest.raises(AskerError, match="there is no run of a suite in .* to go on with"):
        new_folder(tmp_path, "a suite", True)
    for number in (1, 2, 10):
        (tmp_path / f"a-suite-{number}").mkdir()
    assert new_folder(tmp_path, "a suite", False).name == "a-suite-11"
    assert new_folder(tmp_path, "a suite", True).name == "a-suite-10"


@pytest.mark.slow
def test_what_is_held_out_is_unknown_to_the_model_that_is_asked(tmp_path: Path) -> None:
    from assistant.building import build_home
    from assistant.evaluation.held_out import open_held_out
    from ingest.home.workspace import Home
    from ingest.loaders import load_source

    dataset = load_source("dummy")
    build_home(Home(tmp_path), dataset)
    home, truth = open_held_out(tmp_path, "loo")
    assert len(home.dataset.interactions) + sum(map(len, truth.values())) == len(
        dataset.interactions
    )
    shelf = Shelf.of(home.dataset)
    assert all(not set(items) & shelf.seen_by(user) for user, items in truth.items())
    again, same = open_held_out(tmp_path, "loo")  # built once
    assert again.model_fingerprint == home.model_fingerprint and same == truth
