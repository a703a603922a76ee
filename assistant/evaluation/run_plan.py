"""What a run will ask: cases, prompts and models, all checked before the first question."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from langchain_core.prompts import ChatPromptTemplate

from assistant.evaluation.generate_cases import ReadyCase, ready_cases
from assistant.evaluation.held_out import open_held_out
from assistant.evaluation.judge import Judge
from assistant.evaluation.response_cache import NotedChat, Pace, ResponseCache
from assistant.evaluation.run_folder import FOLDER, FORMAT
from assistant.evaluation.suite_files import SuiteFile
from assistant.evaluation.trial import Bench, Trial, Variant
from assistant.home import OpenHome, open_home
from assistant.llms.guarded import GuardedChat
from assistant.llms.llm import chat_model, guard
from assistant.llms.templates import load_template
from assistant.settings import Settings
from ingest.errors import AskerError

Models = Mapping[str, Any]
"""Chat models by the name a report gives them; None is the computed wording."""


@dataclass(frozen=True)
class Options:
    """How a suite is run."""

    home: str | OpenHome | None = None
    prompts: Sequence[str] = ()
    """Instead of the suite's own."""
    models: Sequence[str] | Models = ()
    """SPECs, or models by name, instead of the suite's own."""
    out: Path | None = None
    """The run's folder; None for a new one in the home's `evaluations`."""
    resume: bool = False
    jobs: int = 1
    calls_per_minute: float | None = None
    """Most calls to the models together."""
    repeats: int | None = None
    seed: int | None = None
    limit: int | None = None
    tags: Sequence[str] = ()
    """Only cases with one of these tags."""
    cache: bool = True
    judge: str | None = None
    """SPEC of a model that also judges the answers: a column beside the checks, never a gate."""
    progress: bool = False


@dataclass(frozen=True, eq=False)
class RunPlan:
    """All that a run needs, made before anything is asked."""

    manifest: dict[str, Any]
    cases: Sequence[ReadyCase]
    variants: Sequence[Variant]
    templates: Mapping[str, ChatPromptTemplate]
    models: Mapping[str, Callable[[int], NotedChat | None]]
    """By name: the model for a repeat."""
    repeats: int
    bench: Bench
    path: Path

    def trials(self) -> Iterator[Trial]:
        for case in self.cases:
            for repeat in range(self.repeats):
                for variant in self.variants:
                    yield Trial(case, variant, repeat)


def plan_run(file: SuiteFile, options: Options) -> RunPlan:
    """Check everything and return the plan.

    Raises:
        WhyrecError: the suite, a prompt, a model or the home cannot be used.
    """
    suite = file.suite
    seed = suite.seed if options.seed is None else options.seed
    file = replace(file, suite=suite.model_copy(update={"seed": seed}))
    repeats = options.repeats or suite.repeats
    templates = {name: load_template(name) for name in options.prompts or suite.prompts}
    home, folder, truth = _opened(file, options)
    cases, skipped = ready_cases(file, home.dataset, truth)
    cases = [c for c in cases if not options.tags or set(c.tags) & set(options.tags)]
    cases = cases[: options.limit]
    if not cases:
        raise AskerError(f"no case of {file.source} is left by --filter and --limit")
    memory = ResponseCache(folder / "cache.sqlite") if options.cache else None
    models = _models(options, file, seed, memory)
    judge = _judge(options, memory)
    variants = _variants(list(templates), list(models), models)
    manifest = {
        "format": FORMAT,
        "suite": suite.name,
        "description": suite.description,
        "suite_fingerprint": file.fingerprint,
        "data": home.dataset.name,
        "data_fingerprint": home.dataset.fingerprint,
        "model_fingerprint": home.model_fingerprint,
        "n_items": home.dataset.n_items,
        "hold_out": suite.hold_out,
        "variants": [variant.name for variant in variants],
        "prompts": {name: _text_of(template) for name, template in templates.items()},
        "models": {name: _identity(model(0)) for name, model in models.items()},
        "judge": options.judge,
        "seed": seed,
        "repeats": repeats,
        "temperature": suite.temperature,
        "cases": [case.id for case in cases],
        "skipped": [str(one) for one in skipped],
        "n_planned": len(cases) * repeats * len(variants),
        "started": time.strftime("%Y-%m-%d %H:%M:%S"),
    }
    path = options.out or new_folder(folder, suite.name, options.resume)
    return RunPlan(manifest, cases, variants, templates, models, repeats, Bench(home, judge), path)


def _opened(
    file: SuiteFile, options: Options
) -> tuple[OpenHome, Path, Mapping[str, Sequence[str]] | None]:
    """Open the home, and say where evaluations are kept and what is held out."""
    if isinstance(options.home, OpenHome):
        if file.suite.hold_out:
            raise AskerError("`hold_out` needs a home folder; open homes bring their own `truth`")
        if options.out is None:
            raise AskerError("an open home keeps no runs; name a folder with `out`")
        return options.home, options.out.parent, None
    settings = Settings.read(home=options.home, llm="none")
    folder = settings.home / FOLDER
    if file.suite.hold_out is None:
        return open_home(settings), folder, None
    home, truth = open_held_out(settings.home, file.suite.hold_out, settings.chroma)
    return home, folder, truth


def _models(
    options: Options, file: SuiteFile, seed: int, memory: ResponseCache | None
) -> dict[str, Callable[[int], NotedChat | None]]:
    """Return, by name, what makes the model of a repeat; each repeat has its own seed."""
    pace = Pace(options.calls_per_minute)
    if isinstance(options.models, Mapping):
        # Whether such a model would say the same again is not known, so nothing is remembered.
        return {
            name: _given(None if model is None else guard(model), pace)
            for name, model in options.models.items()
        }
    specs = list(options.models or file.suite.models) or [str(Settings.read().llm)]
    found: dict[str, Callable[[int], NotedChat | None]] = {}
    for spec in specs:
        settings = replace(Settings.read(llm=spec), temperature=file.suite.temperature)
        chat_model(settings)  # a missing token is told now
        found[str(settings.llm)] = _connected(settings, seed, memory, pace)
    return found


def _judge(options: Options, memory: ResponseCache | None) -> Judge | None:
    if options.judge is None:
        return None
    model = chat_model(Settings.read(llm=options.judge))
    if model is None:
        raise AskerError("a judge has to be a model; leave --judge away to have none")
    return Judge(NotedChat.over(model, memory, Pace(options.calls_per_minute), 0))


def _given(model: GuardedChat | None, pace: Pace) -> Callable[[int], NotedChat | None]:
    if model is None:
        return lambda repeat: None
    return lambda repeat: NotedChat.over(model, None, pace, repeat)


def _connected(
    settings: Settings, seed: int, memory: ResponseCache | None, pace: Pace
) -> Callable[[int], NotedChat | None]:
    def model(repeat: int) -> NotedChat | None:
        plain = chat_model(replace(settings, seed=seed + repeat))
        return None if plain is None else NotedChat.over(plain, memory, pace, repeat)

    return model


def _variants(
    prompts: Sequence[str], models: Sequence[str], made: Mapping[str, Callable[[int], Any]]
) -> list[Variant]:
    """Return prompts × models; the computed wording reads no prompt, so it stands once."""
    found = []
    for model in models:
        if made[model](0) is None:
            found.append(Variant(model, prompts[0], model))
        else:
            found += [Variant(f"{Path(p).stem} × {model}", p, model) for p in prompts]
    names = [variant.name for variant in found]
    if len(set(names)) < len(names):
        return [replace(one, name=f"{one.prompt} × {one.model}") for one in found]
    return found


def _text_of(template: ChatPromptTemplate) -> str:
    return "\n\n".join(str(getattr(one, "prompt").template) for one in template.messages)  # noqa: B009


def _identity(model: NotedChat | None) -> dict[str, Any] | None:
    return None if model is None else dict(model.identity)


def new_folder(folder: Path, name: str, resume: bool) -> Path:
    """Return the newest run of the suite where one goes on, else a folder that is not there yet."""
    safe = "".join(mark if mark.isalnum() or mark in "-_" else "-" for mark in name)
    there = sorted(
        folder.glob(f"{safe}-[0-9]*"), key=lambda path: int(path.name.rpartition("-")[2])
    )
    if resume:
        if not there:
            raise AskerError(f"there is no run of {name} in {folder} to go on with")
        return there[-1]
    number = int(there[-1].name.rpartition("-")[2]) + 1 if there else 1
    return folder / f"{safe}-{number}"
