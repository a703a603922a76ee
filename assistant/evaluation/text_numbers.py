"""Numbers and items that a text names, found without the verifier: the evaluator's own reading.

A number is *supported* when the evidence has it at its printed rounding: of the kind that the
words beside it name ("Jaccard 0.37"), or of any kind where they name none. It is *contradicted*
when they name a kind, the evidence has that kind, and the value is another.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_NUMBER = re.compile(
    r"(?<![\w.,])(?P<digits>−?\d+(?:,\d{3})*(?:\.\d+)?)(?!\w|\.\d|,\d{3}| more\b)"
    r"(?P<percent>\s?%|\s+percent\b)?"
)
_CUES = {
    "score": re.compile(r"\bscor(?:e|es|ed|ing)\b|\bprobabilit(?:y|ies)\b", re.IGNORECASE),
    "jaccard": re.compile(r"\bjaccard\b", re.IGNORECASE),
    "percentile": re.compile(r"\bpercentile\b|\bhigher than\b", re.IGNORECASE),
}
_ALSO = {
    "least_score": "score",
    "first_score": "score",
    "score_without": "score",
    "best_jaccard": "jaccard",
}
"""Other names that numbers of a kind go by in questions and evidence."""
_ORDINAL = re.compile(r"^\s*\d+[.)]\s", re.MULTILINE)
"""The number of a line in a list."""
_REACH = 40
"""Characters between a number and the word that names its kind."""
_BREAK = re.compile(r"\d|[.;:!?\n](?:\s|$)")
_ITEM = re.compile(
    r"\b(?:item|article|film|movie|book|id)s?(?:[ -]id)?s?\s*[:#]?\s*#?(\d+)\b", re.I
)
_SMALL = 1e-9
_PARTED_BY_COMMA = frozenset({"de", "es", "fr", "it", "pt"})
"""Languages that write 1.661,5 or 1 661,5."""
_LOCAL = re.compile(r"(?<![\d.,])(\d{1,3}(?:[. ]\d{3})+|\d+)(?:,(\d+))?(?![.,]?\d)")


@dataclass(frozen=True)
class NumberClaim:
    """A number in a text."""

    text: str
    value: float
    decimals: int
    percent: bool
    kind: str | None
    """The kind the words beside it name."""


@dataclass
class KnownNumbers:
    """What the evidence has: values by kind, and all of them."""

    by_kind: dict[str, list[float]] = field(default_factory=dict)
    every: set[float] = field(default_factory=set)

    def add(self, value: Any, key: str = "") -> None:
        """Take in a row, a list or a number, and the numbers that stand in texts."""
        if isinstance(value, Mapping):
            for inner_key, inner in value.items():
                if inner_key != "shared_items":  # hundreds of ids, which no sentence counts
                    self.add(inner, str(inner_key))
        elif isinstance(value, list | tuple):
            self.every.add(float(len(value)))
            for inner in value:
                self.add(inner, key)
        elif isinstance(value, str):
            # Ids, titles and fields hold numbers too: "78", "2001: A Space Odyssey", "last_16".
            numbers = _NUMBER.finditer(value.replace("_", " "))
            self.every |= {float(_plain(number["digits"])) for number in numbers}
        elif isinstance(value, int | float) and not isinstance(value, bool):
            self.every.add(float(value))
            kind = _ALSO.get(key, key)
            if kind in _CUES:
                self.by_kind.setdefault(kind, []).append(float(value))

    def verdict(self, claim: NumberClaim) -> str:
        """Return "supported", "contradicted" or "unsupported"."""
        of_kind = self.by_kind.get(claim.kind or "", [])
        if of_kind:
            return "supported" if any(_is(claim, one) for one in of_kind) else "contradicted"
        return "supported" if any(_is(claim, one) for one in self.every) else "unsupported"


def in_english(text: str, language: str) -> str:
    """Return a text with its numbers parted as English parts them: 1.661,5 becomes 1,661.5."""
    if language not in _PARTED_BY_COMMA:
        return text

    def parted(number: re.Match[str]) -> str:
        whole = re.sub("[. ]", ",", number[1])
        return whole if number[2] is None else f"{whole}.{number[2]}"

    return _LOCAL.sub(parted, text)


def number_claims(text: str, names: Iterable[str] = ()) -> Iterator[NumberClaim]:
    """Yield the numbers of a text, less those inside `names` (titles), of lines, and "n more"."""
    for name in sorted({n for n in names if any(mark.isdigit() for mark in n)}, key=len)[::-1]:
        text = text.replace(name, " ")
    text = _ORDINAL.sub("", text)
    for match in _NUMBER.finditer(text):
        digits = _plain(match["digits"])
        yield NumberClaim(
            text=match[0].strip(),
            value=float(digits),
            decimals=len(digits.partition(".")[2]),
            percent=match["percent"] is not None,
            kind=_kind(text, match),
        )


def _plain(digits: str) -> str:
    """Return digits as Python writes them: no commas, a plain minus."""
    return digits.replace(",", "").replace("−", "-")


def _kind(text: str, number: re.Match[str]) -> str | None:
    """Return the kind named last before a number in its clause, for numbers that can be one."""
    if "." not in number["digits"] and number["percent"] is None:
        return None  # a score or a Jaccard value has decimals; counts stand near them too
    before = text[max(0, number.start() - _REACH) : number.start()]
    breaks = [m.end() for m in _BREAK.finditer(before)]
    before = before[breaks[-1] :] if breaks else before
    found = [(m.end(), kind) for kind, cue in _CUES.items() for m in cue.finditer(before)]
    if not found:
        return None
    kind = max(found)[1]
    if number["percent"] is None and kind == "percentile":
        return None
    return kind


def _is(claim: NumberClaim, fact: float) -> bool:
    """Tell whether a fact, printed as the claim is, gives the claim's digits."""
    unit = 10.0**-claim.decimals
    facts = (fact, 100 * fact) if claim.percent else (fact,)
    for one in facts:
        if not claim.decimals and not claim.percent:
            close = one == claim.value
        else:  # a percentile just below 100 is cut, not rounded up
            cut = claim.percent and claim.value <= one + _SMALL and one - claim.value < unit
            close = abs(one - claim.value) <= unit / 2 + _SMALL or cut
        if close:
            return True
    return False


def n_sentences(text: str) -> int:
    """Return how many sentences a text has."""
    return sum(bool(part.strip()) for part in re.split(r"(?<=[.!?])\s+|\n+", text))


@dataclass(frozen=True)
class RawAnswer:
    """What a model wrote, before anything was repaired."""

    parses: bool
    """Whether it is the JSON object that was asked for."""
    item_ids: tuple[str, ...]
    """Items it speaks of, in its order, repetitions included."""
    reasons: tuple[tuple[str | None, str], ...]
    """(item id, text): the item is None where the text belongs to no single one."""


def read_raw(text: str, titles: Mapping[str, str]) -> RawAnswer:
    """Read a model's text: by the keys of its JSON object, else by the ids and titles it names.

    Args:
        text: the model's answer.
        titles: item ids by title, of the items that may be recognised in prose.
    """
    pairs = _json_pairs(text)
    if pairs is not None:
        reasons = tuple((key, value) for key, value in pairs if key != "opening")
        return RawAnswer(
            all(isinstance(value, str) for _, value in reasons),
            tuple(key for key, _ in reasons),
            tuple((key, str(value)) for key, value in reasons),
        )
    found = [(match.start(), match[1]) for match in _ITEM.finditer(text)]
    found += [(text.find(title), item) for title, item in titles.items() if title in text]
    return RawAnswer(False, tuple(item for _, item in sorted(found)), ((None, text),))


def _json_pairs(text: str) -> Sequence[tuple[str, Any]] | None:
    """Return the key–value pairs of the JSON object in a text, keys given twice included."""
    start, stop = text.find("{"), text.rfind("}")
    if start < 0 or stop < start:
        return None
    outermost: list[Sequence[tuple[str, Any]]] = []

    def keep(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        outermost.append(pairs)
        return dict(pairs)

    try:
        json.loads(text[start : stop + 1], object_pairs_hook=keep)
    except (ValueError, RecursionError):
        return None
    return outermost[-1]
