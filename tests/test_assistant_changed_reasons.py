"""True reasons made false by one change of a number, a kind, a name, a direction or a negation."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.checking.facts import facts_of
from assistant.checking.verify import Verifier
from assistant.home import OpenHome, open_home
from assistant.settings import Settings
from benchmarks.verify import PARTS
from tests.reasons_corpus import Case, Known, cases, known_rows

CHANGED = ("tuned", "held out", "written", "unseen")
"""The parts of which true reasons are changed."""
_NUMBER = re.compile(r"(?<![\w.,])[0-9]+(?:\.[0-9]+)?(?![\w,.%]*[0-9])")
_DIRECTIONS = (
    ("higher than", "lower than"),
    ("lower than", "higher than"),
    ("above", "below"),
    ("ahead of", "behind"),
    ("more similar", "less similar"),
    ("closer", "farther"),
    ("highest", "lowest"),
    ("At least", "Fewer than"),
    ("More than half", "Less than half"),
    ("Fewer than half", "More than half"),
)
_NEGATIONS = (
    ("have seen", "have never seen"),
    ("has seen", "has not seen"),
    ("have watched", "have not watched"),
    ("gives", "does not give"),
    ("scores", "does not score"),
    ("It is a", "It is not a"),
    ("you liked", "you did not like"),
    ("shares", "does not share"),
)
_KINDS = (
    (r"\b[Ss]core of (?=[0-9])", "Jaccard similarity of "),
    (r"\bscores (?=[0-9])", "has a rating of "),
    (r"\bJaccard (?=[0-9])", "score "),
    (r"\b(?:Jaccard )?similarity of (?=[0-9])", "score of "),
    (r"\b(?:films|items) in common", "neighbours in common"),
    (r"\bhave seen it\b", "have liked it"),
    (r"\bhas seen it\b", "has enjoyed it"),
)


def _swapped_numbers(case: Case) -> Iterator[str]:
    people = {case.known.user, *(near["user_id"] for near in case.known.near)}
    found = [one for one in _NUMBER.finditer(case.text) if one[0] not in people]
    for one, two in zip(found, found[1:], strict=False):
        between = case.text[one.end() : two.start()]
        if one[0] != two[0] and not re.fullmatch(r",? and |, | or ", between):
            yield case.text[: one.start()] + two[0] + between + one[0] + case.text[two.end() :]


def _other_kinds(case: Case) -> Iterator[str]:
    for pattern, kind in _KINDS:
        yield re.sub(pattern, kind, case.text, count=1)


def _other_names(case: Case) -> Iterator[str]:
    known = case.known
    for near in known.near:
        yield re.sub(rf"\b(user|neighbour) {near['user_id']}\b", rf"\1 {known.stranger}", case.text)
    for liked in known.liked:
        for title in known.unrelated[:1]:
            yield case.text.replace(liked["title"], title)
    for genre in known.mine:
        yield re.sub(rf"\b{re.escape(genre)}\b", known.genres[0], case.text)


def _other_directions(case: Case) -> Iterator[str]:
    for one, other in _DIRECTIONS:
        yield case.text.replace(one, other, 1)


def _negated(case: Case) -> Iterator[str]:
    if 2 * len(case.known.near) == case.known.n_neighbours:
        return  # as many have not seen it
    if re.search("more than|fewer than|at least|at most", case.text, re.IGNORECASE):
        return  # that may hold of those who have not, too
    for said, negated in _NEGATIONS:
        yield case.text.replace(said, negated, 1)


Change = Callable[[Case], Iterator[str]]


@pytest.fixture(scope="module")
def verifier(ml100k_opened: OpenHome) -> Verifier:
    return ml100k_opened.verifier


@pytest.fixture(scope="module")
def ml100k_opened(ml100k_home: Path) -> OpenHome:
    return open_home(Settings.read(home=ml100k_home, llm="none"))


@pytest.fixture(scope="module")
def known(ml100k_opened: OpenHome) -> list[Known]:
    users = [str(user) for user in ml100k_opened.dataset.user_ids.external[::200]]
    return known_rows(ml100k_opened.toolbox, users, 4)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "least"),
    [
        (_swapped_numbers, 150),
        (_other_kinds, 100),
        (_other_names, 250),
        (_other_directions, 40),
        (_negated, 100),
    ],
)
def test_no_true_reason_made_false_by_one_change_is_shown(
    verifier: Verifier, known: list[Known], change: Change, least: int
) -> None:
    tried, passed = 0, []
    for part in CHANGED:
        for case in cases(known, PARTS[part].TRUE, 2):
            facts = facts_of(case.known.row, case.known.user)
            if verifier.verify(case.text, facts)[1]:
                continue
            for text in set(change(case)) - {case.text}:
                tried += 1
                if not verifier.verify(text, facts)[1]:
                    passed.append((case.text, text))
    assert tried >= least
    assert passed == []
