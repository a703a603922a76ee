"""Reasons a model might write, true and false, made by templates over evidence rows.

A template takes a `Known` and returns a text, or None where it cannot be said of that row. What is
true and false is worked out here from the row with plain Python, never by the verifier.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assistant.evidence import Row
from assistant.toolbox import Toolbox

ORDINALS = "zeroth first second third fourth fifth sixth seventh eighth ninth tenth".split()
WORDS = "zero one two three four five six seven eight nine ten eleven twelve".split()


@dataclass
class Known:
    """One row of evidence, with what is true of the data around it."""

    user: str
    row: Row
    rng: random.Random
    other: Row
    """Another item's row in the same list."""
    disliked: Sequence[str] = ()
    """Titles that the user rated low."""
    stranger: str = "0"
    """A real user who is no neighbour with this item."""
    genres: Sequence[str] = ()
    """Genres of the data that the item does not have."""
    unrelated: Sequence[str] = ()
    """Titles of the data that stand nowhere in the evidence of this row."""

    def __getattr__(self, name: str) -> Any:
        return self.__dict__["row"][name]

    @property
    def near(self) -> list[Row]:
        found: list[Row] = self.row["neighbours"]
        return found

    @property
    def mine(self) -> list[str]:
        """Genres of the item."""
        found: list[str] = self.row["attributes"].get("genres", [])
        return found

    @property
    def year(self) -> int | None:
        found: int | None = self.row["attributes"].get("year")
        return found

    @property
    def top(self) -> bool:
        """Whether no unseen item has a higher score."""
        below: int = round(self.row["percentile"] * self.row["n_unseen"] / 100)
        n_unseen: int = self.row["n_unseen"]
        return below == n_unseen - 1

    @property
    def above(self) -> str:
        """The percentile as it may be printed: rounded, but never up to 100."""
        return f"{min(self.row['percentile'], 99.9):.1f}"

    def beside(self, value: float, decimals: int = 2, apart_from: Sequence[float] = ()) -> str:
        """Return a number like `value` with one digit changed, equal to none of `apart_from`."""
        printed = f"{value:.{decimals}f}"
        taken = {f"{one:.{decimals}f}" for one in (value, *apart_from)}
        places = [place for place, mark in enumerate(printed) if mark.isdigit()]
        places = places[1:] if len(places) > 1 else places
        while True:
            place = self.rng.choice(places)
            digit = str((int(printed[place]) + self.rng.choice([1, 2, 3, 7, 8, 9])) % 10)
            changed = printed[:place] + digit + printed[place + 1 :]
            if changed not in taken:
                return changed
            places = [at for at, mark in enumerate(printed) if mark.isdigit()]


Template = Callable[[Known], str | None]


@dataclass(frozen=True)
class Case:
    """One reason: `claim` is the false sentence in it, None when all of it is true."""

    text: str
    kind: str
    known: Known = field(repr=False)
    claim: str | None = None


def cases(known: Sequence[Known], true: Sequence[Template], each: int) -> list[Case]:
    """Return true reasons: every template over up to `each` of the rows, spread evenly."""
    found = []
    for number, template in enumerate(true):
        found += [Case(text, str(number), one) for one, text in _said(known, template, each)]
    return found


def false_cases(
    known: Sequence[Known], false: Mapping[str, Sequence[Template]], each: int
) -> list[Case]:
    """Return false reasons by kind; `¶` in a text parts a true sentence from the false one."""
    found = []
    for kind, templates in false.items():
        for template in templates:
            for one, text in _said(known, template, each):
                true, _, claim = text.rpartition("¶")
                found.append(Case(f"{true} {claim}".strip(), kind, one, claim))
    return found


def _said(known: Sequence[Known], template: Template, each: int) -> Iterator[tuple[Known, str]]:
    step = max(1, len(known) // (3 * each))
    said = 0
    for one in known[::step]:
        if said == each:
            return
        try:
            text = template(one)
        except IndexError:  # there is no such neighbour, genre or title
            text = None
        if text is not None:
            said += 1
            yield one, text


def known_rows(toolbox: Toolbox, users: Sequence[str], n: int, seed: int = 0) -> list[Known]:
    """Return rows of the tool `recommend` for each of `users`, with what is true around them."""
    rng = random.Random(seed)
    dataset = toolbox.dataset
    genres = sorted({one for row in dataset.items["genres"] for one in row})
    found = []
    for user in users:
        rows = toolbox.recommend(user, n)
        seen = dataset.interactions
        mine = seen.user == toolbox.user(user)
        low = [dataset.title(i) for i in seen.item[mine & (seen.label <= 2)]]
        named = {dataset.title(i) for i in seen.item[mine]} | {row["title"] for row in rows}
        titles = [dataset.title(i) for i in rng.sample(range(dataset.n_items), 8)]
        for place, row in enumerate(rows):
            have = {one["user_id"] for one in row["neighbours"]} | {user}
            strangers = [str(u) for u in dataset.user_ids.external if str(u) not in have]
            found.append(
                Known(
                    user=user,
                    row=row,
                    rng=rng,
                    other=rows[place - 1],
                    disliked=low,
                    stranger=rng.choice(strangers),
                    genres=[g for g in genres if g not in row["attributes"].get("genres", ())],
                    unrelated=[title for title in titles if title not in named],
                )
            )
    return found
