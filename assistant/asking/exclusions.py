"""Items that a question names only to leave them out, or whose whole series it means."""

from __future__ import annotations

import re

from assistant.asking.catalogue import Catalogue, Found
from assistant.asking.filters import Condition, Named, Not
from assistant.asking.marked import Mentions
from assistant.lexicon import Lexicon
from assistant.lexicon.phrases import ITEM, ITEMS


class ExclusionReader:
    """Reads what is said against items in texts with markers."""

    def __init__(self, lexicon: Lexicon, catalogue: Catalogue, noun: re.Pattern[str]) -> None:
        self.lexicon = lexicon
        self.catalogue = catalogue
        self.dataset = catalogue.dataset
        without, and_ = (lexicon.words[name].pattern for name in ("without", "and"))
        self._left_out = re.compile(
            rf"(?:{without})(?: \w+){{0,3}} ?(?P<items>{ITEM}(?:,? ?(?:(?:{and_}) )?{ITEM})*)"
        )
        self._none_of = re.compile(rf"(?:{without}) (?:from|with|of) (?P<title>{ITEM})")
        self._all_of = re.compile(rf"(?P<title>{ITEM}) (?P<noun>{noun.pattern})")

    def left_out(self, text: str) -> list[int]:
        """Return the numbers of the items in "but not A or B", unless "not" asks or tells."""
        if any(self.lexicon.asks_for(one, text) for one in ("why_not", "what_if", "i_liked")):
            return []
        return [
            ord(mark) - ITEMS[0]
            for match in self._left_out.finditer(text)
            for mark in match["items"]
            if ITEMS[0] <= ord(mark) <= ITEMS[1]
        ]

    def series(self, found: Mentions) -> list[int]:
        """Return the numbers of titles said of items: "all Star Wars films"."""
        marks = self._all_of.finditer(found.text)
        return sorted({ord(m["title"]) - ITEMS[0] for m in marks if m["noun"].endswith("s")})

    def negated(self, text: str, kind: str) -> list[int]:
        """Return the items after "hated" or "not", up to the next word of liking.

        In a supposition "not" may also stand after the item: "wenn er Heat nicht gesehen hätte".
        """
        against = list(self.lexicon.asks["disliked"].finditer(text))
        turns = [(m.start(), True) for m in against]
        turns += [
            (m.start(), False)
            for m in self.lexicon.asks["liked_sign"].finditer(text)
            if not any(no.start() <= m.start() < no.end() for no in against)
        ]
        turns.sort()
        found = []
        for place, mark in enumerate(text):
            if ITEMS[0] <= ord(mark) <= ITEMS[1]:
                sign = [negative for start, negative in turns if start < place][-1:]
                if sign == [True]:
                    found.append(ord(mark) - ITEMS[0])
        if kind == "what_if" and not found and self.lexicon.asks_for("what_if_without", text):
            found = [ord(one) - ITEMS[0] for one in text if ITEMS[0] <= ord(one) <= ITEMS[1]]
        return list(dict.fromkeys(found))

    def conditions(
        self, found: Mentions, left_out: list[int], series: list[int]
    ) -> list[Condition]:
        """Return what the items left out, and the series wished for, come to as conditions."""
        extra: list[Condition] = []
        for number in series:
            title = self.dataset.title(found.items[number].items[0])
            series_ids = self.dataset.item_ids.external[list(self.catalogue.series(title))]
            extra.append(Named(title, tuple(map(str, series_ids))))
        whole = set(self._none_of_series(found))
        for number in sorted(set(left_out) - set(series)):
            ids = self.external(found.items[number])
            if number in whole:
                title = self.dataset.title(found.items[number].items[0])
                parts = self.dataset.item_ids.external[list(self.catalogue.series(title))]
                ids = tuple(dict.fromkeys([*ids, *map(str, parts)]))
            extra.append(Not(Named(self.dataset.title(found.items[number].items[0]), ids)))
        return extra

    def _none_of_series(self, found: Mentions) -> list[int]:
        """Return the numbers of titles of which no part is wanted: "nothing with Batman"."""
        return [ord(m["title"]) - ITEMS[0] for m in self._none_of.finditer(found.text)]

    def external(self, found: Found) -> tuple[str, ...]:
        """Return the ids of the items a name may mean."""
        return tuple(str(self.dataset.item_ids.external[item]) for item in found.items)
