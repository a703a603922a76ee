"""Numbers in a question: how many, from which place, how good, how old, what was claimed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.asking.catalogue import Catalogue
from assistant.asking.filters import Rated
from assistant.lexicon import Lexicon
from assistant.lexicon.phrases import ITEM, USER

DEFAULT_N = 5
DEFAULT_USERS = 10
MAX_N = 1000
MOST_ALONE = 100
"""A greater number that nothing follows is hardly how many are asked for."""
_YEAR = re.compile(r"(?:1[89]|20)[0-9]{2}")


@dataclass(frozen=True)
class Window:
    """Which places of a list: `n` of them after the first `offset`."""

    n: int | None = None
    offset: int = 0


class AmountReader:
    """Reads numbers in questions of one language about one data set."""

    def __init__(self, lexicon: Lexicon, catalogue: Catalogue, noun: re.Pattern[str]) -> None:
        self.lexicon = lexicon
        self.catalogue = catalogue
        self.noun = noun
        self._listed = re.compile(f"{noun.pattern}|{lexicon.words['counted'].pattern}")
        article, after = (lexicon.words[name].pattern for name in ("single", "after_noun"))
        self._article = re.compile(rf"(?:{article}) (?P<what>\w+(?: \w+)?)")
        self._one = re.compile(rf"(?:{article}) (?:\w+ )?(?P<noun>{noun.pattern})(?! (?:{after}))")

    def take(self, name: str, text: str) -> tuple[list[float], str]:
        """Return the numbers of the first phrase of `name` in a text, and the text without it."""
        pattern = self.lexicon.amounts.get(name)
        match = pattern.search(text) if pattern is not None else None
        if match is None:
            return [], text
        numbers = [self.lexicon.value_of(group) for group in match.groups() if group is not None]
        words = re.sub(r"[0-9.]+", "", match[0]) if name == "from_place" else ","
        return numbers, f"{text[: match.start()]} {words} {text[match.end() :]}"

    def window(self, text: str) -> tuple[Window, str]:
        """Return the places asked for ("films 6 to 10", "skip the first 3"), and the other text."""
        bounds, rest = self.take("from_place", text)
        if len(bounds) == 2 and 1 <= bounds[0] <= bounds[1]:
            return Window(int(bounds[1] - bounds[0]) + 1, int(bounds[0]) - 1), rest
        skipped, rest = self.take("skip", text)
        return (Window(None, int(skipped[0])), rest) if skipped else (Window(), text)

    def least_score(self, text: str) -> tuple[float | None, str]:
        """Return the least score wished for; "70 percent" and "70%" are 0.7."""
        numbers, rest = self.take("min_score", text)
        if not numbers:
            return None, text
        value = numbers[0]
        return (value / 100 if 5 < value <= 100 else value), rest

    def least_label(self, text: str) -> tuple[Rated | None, str]:
        """Return the least mean label wished for: "rated above 4", "at least 4 stars"."""
        for name, is_open in (("min_label", False), ("over_label", True)):
            numbers, rest = self.take(name, text)
            if numbers:
                return Rated(numbers[0], is_open), rest
        return None, text

    def claimed(self, text: str) -> float | None:
        """Return the number that the asker holds against a computed one."""
        pattern = self.lexicon.asks.get("claim")
        match = pattern.search(text) if pattern is not None else None
        groups = (
            []
            if match is None
            else [self.lexicon.value_of(group) for group in match.groups() if group is not None]
        )
        return groups[0] if groups else None

    def pairs(self, text: str) -> int:
        """Return how many pairs are asked for: one where it is "which two users"."""
        numbers = self._numbers(text)
        for _, stop, value in numbers:
            if self._counts(text[stop : stop + 60], self.lexicon.words["pair"]):
                return min(value, MAX_N)
        return 1 if any(value == 2 for *_, value in numbers) else DEFAULT_N

    def _numbers(self, text: str) -> list[tuple[int, int, int]]:
        """Return start, stop and value of each number that is no year."""
        return [
            (m.start(), m.end(), self._value(m[0]))
            for m in self.lexicon.number.finditer(text)
            if not _YEAR.fullmatch(m[0])
        ]

    def count(self, text: str, people: bool) -> int:
        """Return how many are asked for: a number before what is counted, else one left alone."""
        numbers = self._numbers(text)
        counted = self.lexicon.words["people"] if people else self._listed
        for _, stop, value in numbers:
            if self._counts(text[stop : stop + 60], counted):
                return min(value, MAX_N)
        if not people and self._asks_for_one(text):
            return 1
        steps = re.search(r"(?<!\w)1[ :.)]", text) and re.search(r"(?<!\w)2[ :.)]", text)
        alone = re.compile(
            rf" ?(?:$|[.,?]|{USER}|{ITEM}|(?:{self.lexicon.words['alone'].pattern}))"
        )
        left = [
            value
            for start, stop, value in numbers
            if (text[start].isdigit() or alone.match(text, stop))
            and not (steps and value in (1, 2) and text[start].isdigit())
            and value <= MOST_ALONE
        ]
        if left:
            return min(left[0], MAX_N)
        return DEFAULT_USERS if people else DEFAULT_N

    def _asks_for_one(self, text: str) -> bool:
        """Tell whether one is asked for in words: "a film", "a good comedy"."""
        one = self._one.search(text)
        return (one is not None and not one["noun"].endswith("s")) or any(
            self.catalogue.value_named(word) is not None
            for match in self._article.finditer(text)
            for word in match["what"].split()
            if not match["what"].endswith("s")
        )

    def _counts(self, follows: str, counted: re.Pattern[str]) -> bool:
        """Tell whether what is counted follows, attributes and plain words between."""
        words = follows.split()[:5]
        for place in range(len(words)):
            if re.match(r"[.?]", words[place]) or words[place].endswith(("?", ".")) and place:
                return bool(counted.match(words[place].strip(".?")))
            here = " ".join(words[place:])
            if counted.match(here):
                return True
            word = words[place].strip(".,?")
            if self.catalogue.value_named(word) is not None:
                return True
            if not (self.lexicon.knows(word) or place == 0):
                return False
        return False

    def _value(self, word: str) -> int:
        return min(int(word), 10**9) if word.isdigit() else self.lexicon.numbers[word]
