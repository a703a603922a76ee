"""A suite over one data set → the cases to run: users drawn, variables filled, variants added."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from assistant.evaluation.suite import Case, Expect, Generate, Sample, Suite
from assistant.evaluation.suite_files import Place, SuiteFile
from ingest.dataset.schema import Dataset
from ingest.errors import DataError, Problem


@dataclass(frozen=True)
class ReadyCase:
    """A case with nothing left to fill in."""

    id: str
    question: str
    user: str | None
    tags: tuple[str, ...]
    expect: Expect
    truth: tuple[str, ...] = ()
    same_as: str | None = None
    group: str = ""
    """Cases of one group are wordings of one question, so they are not independent."""
    shuffle: bool = False
    """The candidates stand in the prompt in another order."""
    swap: str | None = None
    """The user attribute that is exchanged."""


def ready_cases(
    file: SuiteFile, dataset: Dataset, truth: Mapping[str, Sequence[str]] | None = None
) -> tuple[list[ReadyCase], list[Problem]]:
    """Return every case of a suite, and what of it is skipped as no user of the data fits.

    Args:
        file: the suite as it was read.
        dataset: the data that the questions are about.
        truth: held-out items by user, for cases that name none of their own.

    Raises:
        DataError: an unknown variable, user or `same_as`, an id that comes twice, or nothing fits.
    """
    problems: list[Problem] = []
    skipped: list[Problem] = []
    cases: list[ReadyCase] = []
    for place, case in _written_and_generated(file, dataset, skipped):
        cases += _expanded(case, place, file, dataset, problems)
    problems += _relations(cases, file)
    if problems:  # all cases that one generator makes have the same ones
        raise DataError(list(dict.fromkeys(problems)))
    if skipped and not cases:
        raise DataError(skipped)
    if truth is not None:
        cases = [
            replace(case, truth=tuple(truth.get(case.user or "", ()))) if not case.truth else case
            for case in cases
        ]
    return cases, skipped


def _written_and_generated(
    file: SuiteFile, dataset: Dataset, skipped: list[Problem]
) -> Iterator[tuple[Place, Case]]:
    suite = file.suite
    for at, case in enumerate(suite.cases):
        merged = case.expect.over(suite.expect)
        yield ("cases", at), case.model_copy(update={"expect": merged})
    generator = np.random.default_rng(suite.seed)
    for at, made in enumerate(suite.generate):
        place: Place = ("generate", at)
        users = _users(made, dataset, generator)
        if len(users) == 0:
            skipped.append(_problem(file, (*place, "users"), _nobody(made, dataset)))
        for user in users:
            yield place, _generated(made, user, suite)


def _users(made: Generate, dataset: Dataset, generator: np.random.Generator) -> Sequence[str]:
    """Return the users that a generator asks for; a sample is drawn from the suite's seed."""
    everyone = [str(user) for user in dataset.user_ids.external]
    if isinstance(made.users, list):
        return made.users
    if not isinstance(made.users, Sample):
        return everyone
    counts = np.bincount(dataset.interactions.user, minlength=dataset.n_users)
    able = np.flatnonzero(counts >= made.users.at_least)
    size = min(made.users.sample, len(able))
    chosen = np.sort(generator.choice(able, size=size, replace=False)) if size else able[:0]
    return [everyone[user] for user in chosen]


def _nobody(made: Generate, dataset: Dataset) -> str:
    if not isinstance(made.users, Sample):
        return "it names no user"
    return f"no user of {dataset.name} has {made.users.at_least} interactions or more"


def _generated(made: Generate, user: str, suite: Suite) -> Case:
    return Case.model_construct(
        id=made.id.replace("{user}", user),
        question=made.question,
        user=user,
        unknown_user=False,
        vars=made.vars,
        tags=made.tags,
        expect=made.expect.over(suite.expect),
        truth=[],
        variants=made.variants,
        same_as=None,
        shuffle=made.shuffle,
        swap=made.swap,
    )


def _expanded(
    case: Case, place: Place, file: SuiteFile, dataset: Dataset, problems: list[Problem]
) -> Iterator[ReadyCase]:
    """Yield a case and its twins: other wordings, the candidates shuffled, attributes swapped."""
    known = case.user is None or case.user in dataset.user_ids
    if not known and not case.unknown_user:
        what = (
            f"user {case.user} is not in the data set {dataset.name}; write `unknown_user: true` "
            "if that is the point of the case"
        )
        problems.append(_problem(file, (*place, "user"), what))
    problems += _unknown_fields(case, place, file, dataset)
    fill: dict[str, Any] = {"noun": dataset.noun.one, "nouns": dataset.noun.many}
    fill |= ({} if case.user is None else {"user": case.user}) | case.vars
    try:
        question = _filled(case.question, fill)
        wordings = {name: _filled(text, fill) for name, text in case.variants.items()}
    except ValueError as error:
        problems.append(_problem(file, (*place, "question"), f"{error}"))
        return
    first = ReadyCase(
        case.id,
        question,
        case.user,
        tuple(case.tags),
        case.expect,
        tuple(case.truth),
        case.same_as,
        group=case.same_as or case.id,
    )
    yield first
    for name, text in wordings.items():
        tags = (*first.tags, name)
        twin = replace(first, id=f"{case.id}/{name}", question=text, tags=tags, same_as=case.id)
        yield twin
    if case.shuffle:
        tags = (*first.tags, "shuffled")
        yield replace(first, id=f"{case.id}/shuffled", tags=tags, same_as=case.id, shuffle=True)
    for name in case.swap:
        tags = (*first.tags, "swapped")
        yield replace(first, id=f"{case.id}/swapped-{name}", tags=tags, same_as=case.id, swap=name)


def _unknown_fields(
    case: Case, place: Place, file: SuiteFile, dataset: Dataset
) -> Iterator[Problem]:
    """Find item and user fields that a case names and the data do not have."""
    for rule in ("every", "none"):
        for name in getattr(case.expect, rule):
            if name not in dataset.items.columns:
                there = ", ".join(dataset.items.columns) or "no attribute"
                what = f"items of {dataset.name} have no {name!r}; there is {there}"
                yield _problem(file, (*place, "expect", rule, name), what)
    attributes = [field.name for field in dataset.fields_of("user")]
    for name in case.swap:
        if name not in attributes:
            there = ", ".join(attributes) or "no attribute"
            what = f"users of {dataset.name} have no {name!r} to swap; there is {there}"
            yield _problem(file, (*place, "swap"), what)


class _Plain(string.Formatter):
    """Fills in {name} only: no attributes, no indices, no conversions."""

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> Any:
        if field_name not in kwargs:
            known = ", ".join(sorted(kwargs))
            raise ValueError(f"the variable {field_name!r} is unknown; there are {known}")
        return kwargs[field_name], field_name


def _filled(text: str, variables: Mapping[str, Any]) -> str:
    try:
        return _Plain().vformat(text, (), dict(variables))
    except ValueError as error:
        if "variable" in str(error):
            raise
        raise ValueError(f"the text has a single {{ or }}; double it ({error})") from None


def _relations(cases: Sequence[ReadyCase], file: SuiteFile) -> Iterator[Problem]:
    """Find ids that come twice and references that lead nowhere."""
    seen: set[str] = set()
    for case in cases:
        if case.id in seen:
            yield Problem(file.source, f"two cases have the id {case.id!r}; give each its own")
        seen.add(case.id)
    for case in cases:
        if case.same_as is not None and case.same_as not in seen:
            yield Problem(
                file.source, f"case {case.id!r} refers to {case.same_as!r}, which is no case"
            )


def _problem(file: SuiteFile, place: Place, what: str) -> Problem:
    line = file.line(place)
    source = file.source if line is None else f"{file.source}, line {line}"
    shown = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in place)
    return Problem(f"{source}, field {shown.lstrip('.')}", what)
