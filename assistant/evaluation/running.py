"""`evaluate(suite, …)`: every case asked of every variant, row by row into a run folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing, nullcontext
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from assistant.chain import RecommendationQA
from assistant.evaluation.run_folder import RunFolder, write_whole
from assistant.evaluation.run_plan import Options, RunPlan, plan_run
from assistant.evaluation.suite_files import SuiteFile, load_suite
from assistant.evaluation.summary import summarise
from assistant.evaluation.trial import Trial, is_fatal

STOP_AFTER = 5
"""Failures of one model in a row after which asking on is of no use."""


@dataclass(frozen=True)
class Run:
    """A finished or stopped run."""

    folder: Path
    results: Mapping[str, Any] = field(repr=False)
    times: Mapping[str, Any] = field(repr=False)

    @property
    def stopped(self) -> str | None:
        """Why the run ended early; None where it did not."""
        return self.results["stopped"]  # type: ignore[no-any-return]


def evaluate(suite: str | SuiteFile, options: Options | None = None, **changes: Any) -> Run:
    """Run a suite and write its reports.

    Args:
        suite: a file, the name of a shipped suite, or one that was loaded.
        options: how; None for the defaults.
        changes: single options by name: `evaluate("seed", home="…", jobs=4)`.

    Raises:
        WhyrecError: the suite, a prompt, a model or the folder cannot be used. What goes wrong
            with single cases is in the rows; why a run ended early is in `Run.stopped`.
    """
    chosen = replace(options or Options(), **changes)
    plan = plan_run(load_suite(suite) if isinstance(suite, str) else suite, chosen)
    folder = RunFolder(plan.path)
    done = folder.begin(plan.manifest, chosen.resume)
    left = [trial for trial in plan.trials() if trial.key not in done]
    try:
        stopped = _run_all(plan, left, folder, chosen)
    finally:
        folder.close()
    return finish(folder, stopped)


def finish(folder: RunFolder, stopped: str | None) -> Run:
    """Summarise what a folder holds, and write all reports."""
    from assistant.evaluation.report import write_reports

    manifest = folder.manifest
    rows = sorted(folder.last_rows(), key=_plan_order(manifest))
    summary, times = summarise(rows, manifest["variants"], manifest["seed"], manifest["n_items"])
    plain = [{key: value for key, value in row.items() if key != "run"} for row in rows]
    about = {key: value for key, value in manifest.items() if key not in ("started", "cases")}
    results = about | {"n_done": len(rows), "stopped": stopped} | summary | {"rows": plain}
    write_whole(folder.path / "results.json", json.dumps(results, ensure_ascii=False, indent=1))
    write_whole(folder.path / "times.json", json.dumps(times, indent=1))
    write_reports(folder, results, times, rows)
    return Run(folder.path, results, times)


def _plan_order(manifest: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], tuple[int, ...]]:
    cases = {case: at for at, case in enumerate(manifest["cases"])}
    variants = {name: at for at, name in enumerate(manifest["variants"])}
    return lambda row: (cases[row["case"]], row["repeat"], variants[row["variant"]])


class _Stop(Exception):
    """Asking on is of no use."""


class _Watch:
    """Counts each model's failures in a row."""

    def __init__(self) -> None:
        self.in_a_row: dict[str, int] = {}

    def look(self, trial: Trial, row: Mapping[str, Any], errors: Sequence[BaseException]) -> None:
        """Note how a trial went.

        Raises:
            _Stop: the provider will not answer further cases either.
        """
        model = trial.variant.model
        if not row["model_fault"]:
            if row["metrics"].get("model_calls"):
                self.in_a_row[model] = 0
            return
        self.in_a_row[model] = self.in_a_row.get(model, 0) + 1
        if any(is_fatal(error) for error in errors):
            raise _Stop(f"{row['model_fault']} (stopped at once: no further case can do better)")
        if self.in_a_row[model] >= STOP_AFTER:
            raise _Stop(f"{row['model_fault']} (stopped after {STOP_AFTER} failures in a row)")


Done = tuple[Trial, dict[str, Any], dict[str, Any], list[BaseException]]


def _run_all(
    plan: RunPlan, trials: Sequence[Trial], folder: RunFolder, options: Options
) -> str | None:
    """Run trials and write them down; return why it ended early, else None."""
    from ingest.progress import progress_bar

    watch = _Watch()
    assistants: dict[tuple[object, ...], RecommendationQA] = {}

    def ask(trial: Trial) -> Done:
        row, detail, errors = plan.bench.run(trial, assistants[_condition(trial)])
        return trial, row, detail, errors

    for trial in trials:  # made here, so that threads only read them
        key = _condition(trial)
        if key not in assistants:
            model = plan.models[trial.variant.model](trial.repeat)
            template = plan.templates[trial.variant.prompt]
            assistants[key] = plan.bench.assistant(template, model, trial.case)
    bar = progress_bar(len(trials), "evaluating", "case") if options.progress else None
    with closing(_done(ask, trials, options.jobs)) as done, bar or nullcontext():
        try:
            for trial, row, detail, errors in done:
                folder.append(row, detail)
                if bar is not None:
                    bar.update(1)
                watch.look(trial, row, errors)
        except _Stop as stop:
            return str(stop)
        except KeyboardInterrupt:
            return "stopped by hand; go on with --resume"
    return None


def _condition(trial: Trial) -> tuple[object, ...]:
    """Return what trials that share an assistant have in common."""
    return (trial.variant.name, trial.repeat, trial.case.shuffle, trial.case.swap)


def _done(
    ask: Callable[[Trial], Done], trials: Sequence[Trial], jobs: int
) -> Generator[Done, None, None]:
    """Yield trials as they are done, with at most `jobs` of them in flight."""
    if jobs <= 1:
        yield from map(ask, trials)
        return
    pool = ThreadPoolExecutor(jobs)
    waiting = iter(trials)
    running: set[Future[Done]] = {pool.submit(ask, one) for one in islice(waiting, jobs)}
    try:
        while running:
            finished, running = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                yield future.result()
            running |= {pool.submit(ask, one) for one in islice(waiting, len(finished))}
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


__all__ = ["Options", "Run", "evaluate", "finish"]
