"""`whyrec eval`: run suites over prompts and models, compare runs, show a case."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from assistant.commands.options import emit, home_option, json_option
from ingest.errors import AskerError, OperationError

_SUBCOMMANDS = ("compare", "show", "suites")


class _Eval(click.Group):
    """`whyrec eval SUITE` runs; `whyrec eval compare …` and `… show …` read runs."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        return super().resolve_command(ctx, args if args[0] in self.commands else ["run", *args])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and not {"-h", "--help"} & set(args):
            args = ["run", *args]  # options may stand before the suite
        return super().parse_args(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show what a run takes: that is what the group is mostly called for."""
        run = self.commands["run"]
        records = (parameter.get_help_record(ctx) for parameter in run.get_params(ctx))
        with formatter.section("Options of a run"):
            formatter.write_dl([record for record in records if record is not None])
        self.format_commands(ctx, formatter)


@click.group("eval", cls=_Eval, invoke_without_command=False)
def eval_group() -> None:
    """Ask the questions of a suite of every prompt and model, and measure the answers.

    \b
    whyrec eval seed                      a shipped suite, worded by code
    whyrec eval seed --llm none --llm local --prompt answer --prompt terse
    whyrec eval my-cases.yaml --fail-under pass=0.95
    whyrec eval compare seed-1 seed-2
    whyrec eval show seed-1 seed-plain
    """


@eval_group.command("run")
@click.argument("suites", nargs=-1, required=True, metavar="SUITE...")
@click.option("--llm", "llms", multiple=True, metavar="SPEC", help="A model; may be given again.")
@click.option(
    "--prompt", "prompts", multiple=True, metavar="NAME", help="A prompt; may be given again."
)
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="The run's folder.")
@click.option("--resume", is_flag=True, help="Go on with the newest run, or the one in --out.")
@click.option("--jobs", type=click.IntRange(1, 256), default=1, show_default=True,
              help="Cases asked at once.")  # fmt: skip
@click.option("--calls-per-minute", type=click.FloatRange(min=0, min_open=True), metavar="N",
              help="Most calls to the models.")  # fmt: skip
@click.option("--repeats", type=click.IntRange(1, 100), help="How often each case is asked.")
@click.option("--seed", type=click.IntRange(0), help="Instead of the suite's.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Only the first N cases.")
@click.option("--filter", "tags", multiple=True, metavar="TAG", help="Only cases with this tag.")
@click.option("--judge", metavar="SPEC", help="Also ask a model what it thinks; it gates nothing.")
@click.option("--no-cache", is_flag=True, help="Ask the models again what they answered before.")
@click.option("--fail-under", multiple=True, metavar="METRIC=VALUE",
              help="Exit 1 where a variant is worse than this.")  # fmt: skip
@click.option("--baseline", metavar="RUN", help="Exit 1 where a variant is worse than in that run.")
@home_option
@json_option
def run_suites(
    suites: tuple[str, ...],
    llms: tuple[str, ...],
    prompts: tuple[str, ...],
    out: Path | None,
    resume: bool,
    jobs: int,
    calls_per_minute: float | None,
    repeats: int | None,
    seed: int | None,
    limit: int | None,
    tags: tuple[str, ...],
    judge: str | None,
    no_cache: bool,
    fail_under: tuple[str, ...],
    baseline: str | None,
    home_dir: str | None,
    as_json: bool,
) -> None:
    """Run suites: files (YAML, JSON, JSONL, CSV) or the names of shipped ones."""
    from assistant.evaluation.thresholds import broken_thresholds, read_thresholds

    thresholds = read_thresholds(fail_under)
    if out is not None and len(suites) > 1:
        raise AskerError("--out names the folder of one run; give one suite, or leave --out away")
    from assistant.evaluation.compare_runs import open_run, regressions
    from assistant.evaluation.running import Options, evaluate

    reference = None if baseline is None else open_run(baseline, home_dir)
    options = Options(
        home=home_dir, prompts=prompts, models=llms, out=out, resume=resume, jobs=jobs,
        calls_per_minute=calls_per_minute, repeats=repeats, seed=seed, limit=limit, tags=tags,
        cache=not no_cache, judge=judge, progress=not as_json,
    )  # fmt: skip
    runs = [evaluate(suite, options) for suite in suites]
    documents = [{"folder": str(run.folder), **run.results} for run in runs]
    for document in documents:
        del document["rows"]  # they stand in results.json
    text = "\n\n".join(told(document) for document in documents)
    emit(documents if len(documents) > 1 else documents[0], as_json, text)
    broken = [f"{run.results['suite']}: ended early: {run.stopped}" for run in runs if run.stopped]
    broken += [one for run in runs for one in broken_thresholds(run.results, thresholds)]
    if reference is not None:
        broken += [one for run in runs for one in regressions(reference, run.folder)]
    if broken:
        raise OperationError("; ".join(broken))


@eval_group.command("compare")
@click.argument("baseline", metavar="RUN")
@click.argument("variant", metavar="RUN")
@home_option
@json_option
def compare_runs(baseline: str, variant: str, home_dir: str | None, as_json: bool) -> None:
    """Compare two runs on the cases they share: did answers change, and is it chance?"""
    from assistant.evaluation import compare_runs as comparing

    first, second = (comparing.open_run(name, home_dir) for name in (baseline, variant))
    document = comparing.compare(first, second)
    emit(document, as_json, "\n".join(comparing.sentences(document)))


@eval_group.command("show")
@click.argument("run", metavar="RUN")
@click.argument("case", metavar="CASE")
@click.option("--variant", metavar="NAME", help="Only of this variant.")
@home_option
@json_option
def show_case(
    run: str, case: str, variant: str | None, home_dir: str | None, as_json: bool
) -> None:
    """Print a case of a run: question, evidence, what the model wrote, what was shown."""
    from assistant.evaluation.compare_runs import case_in_full, open_run

    found = case_in_full(open_run(run, home_dir), case, variant)
    emit(found, as_json, "\n\n".join(_in_full(one) for one in found))


@eval_group.command("suites")
@json_option
def list_suites(as_json: bool) -> None:
    """List the suites that come with the assistant."""
    from assistant.evaluation.suite_files import load_suite, shipped_suites

    rows = [
        {"name": name, "description": load_suite(name).suite.description}
        for name in shipped_suites()
    ]
    emit(rows, as_json, "\n".join(f"{row['name']:<14} {row['description']}" for row in rows))


def told(results: Mapping[str, Any]) -> str:
    """Return a run's verdict and where its reports lie."""
    lines = [f"{results['suite']}: {results['n_done']:,} of {results['n_planned']:,} answers, "
             f"seed {results['seed']}"]  # fmt: skip
    lines += [f"  {sentence}" for sentence in results["verdict"]]
    lines += [f"  Skipped: {what}" for what in results["skipped"]]
    if results["stopped"]:
        lines.append(f"  Ended early: {results['stopped']}")
    return "\n".join([*lines, f"  {Path(results['folder']) / 'report.html'}"])


def _in_full(found: Mapping[str, Any]) -> str:
    row, detail = found["row"], found["detail"]
    verdict = [f"{one['check']}: {one['why']}" for one in row["failed"]] or ["passes every check"]
    rejected = detail["rejected_claims"] or []
    parts: Sequence[tuple[str, str]] = [
        ("question", detail["question"]),
        ("read as", json.dumps(detail["read_as"], ensure_ascii=False)),
        ("verdict", "\n".join(verdict)),
        ("shown answer", detail["result"] or "none"),
        *(("what the model wrote", text) for text in detail["raw"]),
        *(("rejected", f"{one['text']}\n({one['why']})") for one in rejected),
        *(("evidence", _call(call)) for call in detail["evidence"] or []),
        ("metrics", "\n".join(f"{name} {value:g}" for name, value in row["metrics"].items())),
    ]
    head = f"{row['case']} · {row['variant']} · repeat {row['repeat']}"
    return "\n".join([head, *(f"[{name}]\n{text}" for name, text in parts)])


def _call(call: Mapping[str, Any]) -> str:
    rows = "\n".join(json.dumps(row, ensure_ascii=False) for row in call["rows"])
    return f"{call['id']} {call['tool']}({json.dumps(call['args'], ensure_ascii=False)})\n{rows}"
