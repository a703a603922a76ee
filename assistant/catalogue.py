"""Names in a question → items and attribute values: exact first, then fuzzy, ambiguity kept."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

from assistant.filters import Is
from assistant.lexicon import Lexicon, plain_text
from ingest.schema import Dataset

_ARTICLES = r"the|a|an|le|la|les|l'|il|lo|der|die|das|el|los|las"
_INVERTED = re.compile(rf"^(?P<name>.*), (?P<article>{_ARTICLES})$")
_PARENTHESIS = re.compile(r"\(([^()]*)\)")
_YEAR = re.compile(r"\(?\b(1[89][0-9]{2}|20[0-9]{2})\)?$")
FUZZY_CUTOFF = 86.0
"""rapidfuzz's ratio (0–100) below which a title is not taken for a misspelling of another."""


@dataclass(frozen=True)
class Found:
    """The items a name may mean, by index; `exact` is False when the name had to be corrected."""

    items: tuple[int, ...]
    exact: bool = True


class Catalogue:
    """Titles and attribute values of one data set, made plain once for look-ups."""

    def __init__(self, dataset: Dataset, lexicon: Lexicon) -> None:
        self.dataset = dataset
        self.lexicon = lexicon

    @cached_property
    def by_title(self) -> dict[str, tuple[int, ...]]:
        """Items by plain title; two items of one title share the entry."""
        found: dict[str, list[int]] = defaultdict(list)
        if self.dataset.titles is not None:
            for item, title in enumerate(self.dataset.titles):
                if isinstance(title, str) and title:
                    for name in title_names(title):
                        found[name].append(item)
        return {title: tuple(items) for title, items in found.items()}

    @cached_property
    def values(self) -> dict[str, Is]:
        """Conditions by plain attribute value, for sparse and multi-value item fields."""
        found: dict[str, Is] = {}
        for field in self.dataset.fields_of("item"):
            if field.kind == "dense":
                continue
            column = self.dataset.items[field.name]
            distinct = (
                column.explode().dropna().unique()
                if field.kind == "multi"
                else column.dropna().unique()
            )
            for value in sorted(map(str, distinct)):
                plain = plain_text(value).replace("'", "")
                found.setdefault(plain, Is(field.name, value))
        return found

    def value_named(self, words: str) -> Is | None:
        """Return the condition plain `words` name: a value, its plural, or a synonym of it."""
        for spelling in (words, words.removesuffix("s"), re.sub("ies$", "y", words)):
            known = self.lexicon.synonyms.get(spelling, spelling)
            if known in self.values:
                return self.values[known]
        return None

    def find(self, name: str) -> Found | None:
        """Return the items called `name`: an id, a title, or a misspelt one; None if nothing is."""
        code = self.dataset.item_ids.code(name.strip().lstrip("#"))
        if code is not None:
            return Found((code,))
        plain = title_names(name)
        for candidate in plain:
            if candidate in self.by_title:
                return Found(self._of_year(self.by_title[candidate], name))
        return self._nearest(plain[0], name)

    def _nearest(self, plain: str, name: str) -> Found | None:
        from rapidfuzz import fuzz, process

        if len(plain) < 4 or not self.by_title:
            return None
        best = process.extractOne(
            plain, self.by_title.keys(), scorer=fuzz.ratio, score_cutoff=FUZZY_CUTOFF
        )
        return (
            None
            if best is None
            else Found(self._of_year(self.by_title[best[0]], name), exact=False)
        )

    def nearest_titles(self, name: str, n: int = 3) -> list[str]:
        """Return up to `n` titles that look most like `name`, for "did you mean"."""
        from rapidfuzz import fuzz, process

        matches = process.extract(
            title_names(name)[0], self.by_title.keys(), scorer=fuzz.WRatio, limit=2 * n
        )
        titles = [self.dataset.title(self.by_title[title][0]) for title, *_ in matches]
        return list(dict.fromkeys(titles))[:n]

    def _of_year(self, items: tuple[int, ...], name: str) -> tuple[int, ...]:
        """Keep the items of the year at the end of `name`, when it has one and the data do."""
        year = _YEAR.search(name.strip())
        if year is None or "year" not in self.dataset.items.columns:
            return items
        kept = tuple(
            item for item in items if self.dataset.items["year"].iloc[item] == int(year[1])
        )
        return kept or items

    def titles_in(self, text: str) -> list[Found]:
        """Return the titles that stand in a question: of two words or more, or in quotes."""
        quoted = [
            span
            for pair in re.findall(r'"([^"]+)"|“([^”]+)”|«([^»]+)»', text)
            for span in pair
            if span
        ]
        found = [match for span in quoted if (match := self.find(span)) is not None]
        if found or not self.by_title:
            return found
        words = [word.strip(".,?") for word in plain_text(text).split()]
        start = 0
        while start < len(words):
            for stop in range(min(len(words), start + 10), start + 1, -1):
                items = self.by_title.get(" ".join(words[start:stop]))
                if items is not None:
                    found.append(Found(items))
                    start = stop - 1
                    break
            start += 1
        return found


def title_names(title: str) -> list[str]:
    """Return the plain names a title goes by, its first name first.

    "Lion King, The (1994)" is "the lion king" and "lion king"; "Contempt (Mépris, Le)" is also
    "le mepris".
    """
    bare = _YEAR.sub("", title.strip()).strip()
    names: list[str] = []
    for part in [_PARENTHESIS.sub(" ", bare), *_PARENTHESIS.findall(bare)]:
        plain = _without_accents(plain_text(part)).strip(".,? ")
        inverted = _INVERTED.match(plain)
        if inverted:
            names += [f"{inverted['article']} {inverted['name']}", inverted["name"]]
        elif plain:
            names.append(plain.replace(",", ""))
    return names or [""]


def _without_accents(text: str) -> str:
    marks = unicodedata.normalize("NFKD", text)
    return "".join(mark for mark in marks if not unicodedata.combining(mark))
