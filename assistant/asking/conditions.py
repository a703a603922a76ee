"""Words about items → a boolean filter: attribute values, bounds, titles; what is absent."""

from __future__ import annotations

import re

from assistant.asking.bounds import BoundReader
from assistant.asking.catalogue import Catalogue
from assistant.asking.filters import Condition, Named, Not
from assistant.asking.marked import Conditions
from assistant.asking.values import ValueReader
from assistant.lexicon import Lexicon, any_of, named_fields


class ConditionReader:
    """Reads filters on the items of one data set."""

    def __init__(self, lexicon: Lexicon, catalogue: Catalogue) -> None:
        self.lexicon = lexicon
        self.catalogue = catalogue
        self.values = ValueReader(lexicon, catalogue)
        self.bounds = BoundReader(lexicon, catalogue, self.values)
        has = set(catalogue.concepts.values())
        fields = {concept: field for concept, field in named_fields().items() if concept in has}
        columns = {field.name.casefold() for field in catalogue.dataset.fields_of("item")}
        self._named = columns | {field.called for field in fields.values()}
        self._vague = [any_of(field.vague) for field in fields.values() if field.vague]
        noun, article = lexicon.words["item"].pattern, lexicon.words["single"].pattern
        self._described = re.compile(
            rf"(?:{lexicon.number.pattern}|{article}) (?P<word>\w+) (?:{noun})"
        )

    def read(self, text: str) -> Conditions:
        """Return the conditions in a plain text with markers."""
        found = Conditions(rest=text, order=self.bounds.order(text))
        self.bounds.read(found)
        found.conditions[:0] = self.values.read(found.rest)
        found.conditions += self._series(found.rest) + self._wanted_series(found.rest)
        self._absent(found)
        return found

    def _series(self, text: str) -> list[Condition]:
        """Read "nothing from Star Trek", "no Batman": words of titles to be left out."""
        conditions: list[Condition] = []
        without = self.lexicon.words["without"].pattern
        for match in re.finditer(
            rf"(?:{without}) (?:(?:from|of|by|in|any|the|more) )*([^,.?]+)", text
        ):
            words = match[1].split()
            if self.values.value_at(words, 0)[1] is not None:
                continue
            for stop in range(min(len(words), 5), 0, -1):
                name = " ".join(words[:stop])
                common = all(
                    self.lexicon.is_common(word)
                    or self.catalogue.value_named(word) is not None
                    or word.isdigit()
                    for word in words[:stop]
                )
                if common or self.catalogue.value_named(name) is not None:
                    continue
                if items := self.catalogue.series(name):
                    ids = self.catalogue.dataset.item_ids.external[list(items)]
                    conditions.append(Not(Named(name, tuple(map(str, ids)))))
                    break
        return conditions

    def _wanted_series(self, text: str) -> list[Condition]:
        """Read "Star Trek films": two words or three that stand in several titles."""
        for noun in self.lexicon.words["item"].finditer(text):
            before = text[: noun.start()].split()
            for size in (3, 2):
                words = before[-size:]
                if len(words) < size or any(map(self._is_plain, words)):
                    continue
                items = self.catalogue.series(" ".join(words))
                if len(items) > 1:
                    ids = self.catalogue.dataset.item_ids.external[list(items)]
                    return [Named(" ".join(words), tuple(map(str, ids)))]
        return []

    def _is_plain(self, word: str) -> bool:
        """Tell whether a word is no part of a name: common, a number, a value, or ends a phrase."""
        return (
            not word.isalpha()
            or self.lexicon.is_common(word)
            or word in self.lexicon.numbers
            or self.catalogue.value_named(word) is not None
        )

    def _absent(self, found: Conditions) -> None:
        """Note what is wished for and the data do not have, or a word that bounds nothing."""
        for name, pattern in self.lexicon.absent.items():
            if pattern.search(found.rest) and name not in self._named:
                found.absent.append(name)
        rest = self.bounds.without_order(found.rest)
        for field in self._vague:
            for match in field.finditer(rest):
                found.absent.append(f"what “{match[0]}” means")
        for match in self._described.finditer(found.rest):
            if not self._is_plain(match["word"]):
                found.absent.append(f"“{match['word']}”")
