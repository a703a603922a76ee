"""Attribute values in a text → conditions joined by and, or, not: "comedy or drama, no horror"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from assistant.asking.catalogue import Catalogue
from assistant.asking.filters import All, Condition, Either, Is, Not
from assistant.lexicon import Lexicon, any_of
from assistant.lexicon.phrases import is_unspaced

MAX_VALUE_WORDS = 4
Joint = Literal["and", "or", ""]


@dataclass(frozen=True)
class _Value:
    """One attribute value in the text, how it is joined to the one before, and its sign."""

    condition: Is
    joint: Joint
    negated: bool
    start: int
    stop: int


class ValueReader:
    """Finds the attribute values of one data set in texts of one language."""

    def __init__(self, lexicon: Lexicon, catalogue: Catalogue) -> None:
        self.lexicon = lexicon
        self.catalogue = catalogue
        without, articles = (
            lexicon.words[name].pattern.replace("'", "")  # as the text is read, too: "dont"
            for name in ("without", "article")
        )
        self._without = re.compile(f"(?:{without})(?: (?:{articles}))*$")
        names = (*lexicon.synonyms, *catalogue.values)
        self._unspaced = any_of(word for word in names if is_unspaced(word))

    def read(self, plain: str) -> list[Condition]:
        """Return the conditions that the values in a plain text make together."""
        values = self._values_in(self._unspaced.sub(r" \g<0> ", plain))
        runs: list[list[_Value]] = []
        for value in values:
            if runs and value.joint and value.negated == runs[-1][-1].negated:
                runs[-1].append(value)
            else:
                runs.append([value])
        return [condition for run in runs for condition in _combined(run)]

    def _values_in(self, text: str) -> list[_Value]:
        words = text.replace("'", "").split()
        bare = [word.strip(".,?") for word in words]
        found: list[_Value] = []
        place = 0
        while place < len(words):
            stop, condition = self.value_at(bare, place)
            if condition is None:
                place += 1
                continue
            joint: Joint = ""
            negated = self._negated(words, place) or self._refused(words, stop)
            if found:
                between = words[found[-1].stop : place]
                broken = words[found[-1].stop - 1]
                joint = self._joint(between, broken.endswith((".", "?")))
                negated = negated or (joint != "" and found[-1].negated)
                if joint and self._reverses(between):
                    negated, joint = False, ""
            found.append(_Value(condition, joint, negated, place, stop))
            place = stop
        return found

    def value_at(self, bare: list[str], start: int) -> tuple[int, Is | None]:
        for stop in range(min(len(bare), start + MAX_VALUE_WORDS), start, -1):
            condition = self.catalogue.value_named(" ".join(bare[start:stop]))
            if condition is not None:
                return stop, condition
        return start, None

    def _negated(self, words: list[str], place: int) -> bool:
        """Tell whether "no", "not", "without" … stands before a value, in the same sentence."""
        before = words[max(0, place - 4) : place]
        ends = [at for at, word in enumerate(before, start=1) if word.endswith((".", "?"))]
        return self.is_refused(" ".join(word.strip(",") for word in before[max(ends, default=0) :]))

    def is_refused(self, before: str) -> bool:
        """Tell whether a text ends with "no", "not", "without" …, an article or two after it."""
        return self._without.search(before.replace("'", "").strip()) is not None

    def _refused(self, words: list[str], stop: int) -> bool:
        """Tell whether a value is refused right after: "war isn't fine", "horror? no."."""
        after = " ".join(word.strip(".,?") for word in words[stop : stop + 3])
        if words[stop - 1].endswith("?"):
            return self.lexicon.words["answer_no"].match(after) is not None
        return self.lexicon.words["negated_after"].match(after) is not None

    def _joint(self, between: list[str], ended: bool) -> Joint:
        """Return how two values are joined by the words between them."""
        words = " ".join(word.strip(".,?") for word in between)
        if ended or len(between) > 4:
            return ""
        if self.lexicon.word("or", words):
            return "or"
        if not words:
            return "and"
        if self.lexicon.word("but", words) and not self.lexicon.word("and", words):
            return ""
        joined = self.lexicon.word("and", words) or self.lexicon.word("also", words)
        return "and" if joined or len(between) <= 2 else ""

    def _reverses(self, between: list[str]) -> bool:
        """Tell whether the words between end a negation: "no horror but comedies"."""
        words = " ".join(between)
        return self.lexicon.word("but", words) and not self.lexicon.word("without", words)


def _combined(run: list[_Value]) -> list[Condition]:
    """Return one run of joined values as conditions: "or" binds weaker than "and"."""
    negated = run[0].negated
    if negated:  # no horror or war, no horror and no war: neither
        return [Not(value.condition) for value in run]
    parts: list[list[Is]] = [[run[0].condition]]
    for value in run[1:]:
        if value.joint == "or":
            parts.append([value.condition])
        else:
            parts[-1].append(value.condition)
    if len(parts) == 1:
        return list(parts[0])
    return [Either(tuple(part[0] if len(part) == 1 else All(tuple(part)) for part in parts))]
