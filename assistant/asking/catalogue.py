"""Names in a question → items and attribute values: exact first, then fuzzy, ambiguity kept."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from assistant.asking.filters import Is
from assistant.lexicon import Lexicon, named_fields, plain_text
from assistant.lexicon.phrases import without_accents
from ingest.dataset.schema import Dataset

_ARTICLES = r"the|a|an|le|la|les|l'|il|lo|der|die|das|el|los|las"
_INVERTED = re.compile(rf"^(?P<name>.*), (?P<article>{_ARTICLES})$")
_PARENTHESIS = re.compile(r"\(([^()]*)\)")
_YEAR = re.compile(r"\(?\b(1[89][0-9]{2}|20[0-9]{2})\)?$")
_ENDS_A_WORD = re.compile(r"""[\s,;?!()"“”]|[:.]$""")
MAX_PARTS = 10
"""Of how many titles a name may be a part and still be taken for one of them."""
FUZZY_CUTOFF = 86.0
"""rapidfuzz's ratio (0–100) below which a title is not taken for a misspelling of another."""

NEAR_CUTOFF = 50.0
"""The ratio below which a title is not worth naming as one that may have been meant."""


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

    def spoken_in(self, lexicon: Lexicon) -> Catalogue:
        """Return this catalogue with another language's words for attribute values."""
        other = Catalogue(self.dataset, lexicon)
        for name in ("by_title", "values", "concepts", "lower_user_ids", "lower_item_ids",
                     "odd_user_ids", "odd_item_ids", "broken_ids", "user_shapes", "item_shapes",
                     "person_values", "_by_word"):  # fmt: skip
            other.__dict__[name] = getattr(self, name)
        return other

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
                plain = _bare(plain_text(value).replace("'", ""))
                if plain:
                    found.setdefault(plain, Is(field.name, value))
        return found

    def value_named(self, words: str) -> Is | None:
        """Return the condition plain `words` name: a value, its plural, or a synonym of it."""
        for spelling in (words, words.removesuffix("s"), re.sub("ies$", "y", words)):
            known = self.lexicon.synonyms.get(spelling, spelling)
            if known in self.values:
                return self.values[known]
        return None

    @cached_property
    def has_years(self) -> bool:
        """Whether items have a number that is their year."""
        return self.year_field is not None

    @cached_property
    def year_field(self) -> str | None:
        """The number of items that is their year."""
        return next((name for name, is_ in self.concepts.items() if is_ == "year"), None)

    @cached_property
    def concepts(self) -> dict[str, str]:
        """What each number of items is, by column: "price" for "list_price", else its plain name.

        The first column of a concept has it; the shorter of its names decide before the longer.
        """
        columns = [f.name for f in self.dataset.fields_of("item") if f.kind == "dense"]
        taken: dict[str, str] = {}
        for concept, field in named_fields().items():
            for name in sorted(field.names, key=len):
                whole = concept == "year"  # "birthyear" of an author is not the item's
                fits = (one for one in columns if _is_called(self.plain_name(one), name, whole))
                column = next((one for one in fits if one not in taken), None)
                if column is not None:
                    taken[column] = concept
                    break
        return {one: taken.get(one, self.plain_name(one)) for one in columns}

    def plain_name(self, column: str) -> str:
        """Return a column's name as words: "list_price" and "listPrice" are "list price"."""
        return plain_text(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column).replace("_", " "))

    @cached_property
    def lower_user_ids(self) -> dict[str, str]:
        """User ids as written by their lower-case form; the first in id order wins."""
        return {str(one).casefold(): str(one) for one in self.dataset.user_ids.external[::-1]}

    @cached_property
    def lower_item_ids(self) -> dict[str, str]:
        """Item ids as written by their lower-case form; the first in id order wins."""
        return {str(one).casefold(): str(one) for one in self.dataset.item_ids.external[::-1]}

    @cached_property
    def odd_user_ids(self) -> dict[str, str]:
        """User ids that plain text would break: "U-17" by "u-17"."""
        return {low: one for low, one in self.lower_user_ids.items() if _is_odd(low)}

    @cached_property
    def odd_item_ids(self) -> dict[str, int]:
        """Indices of the items whose ids plain text would break."""
        odd = {low: one for low, one in self.lower_item_ids.items() if _is_odd(low)}
        codes = self.dataset.item_ids.codes(list(odd.values())) if odd else ()
        return {low: int(code) for low, code in zip(odd, codes, strict=True)}

    @cached_property
    def broken_ids(self) -> dict[str, str]:
        """Lower-case ids with a space, or a mark that ends a word, by their words: "sku 0000/a"."""
        odd = (*self.odd_user_ids, *self.odd_item_ids)
        return {" ".join(one.split()): one for one in odd if _ENDS_A_WORD.search(one)}

    @cached_property
    def user_shapes(self) -> frozenset[str]:
        """What ids of users look like: "c-0" of "C-00012"."""
        return frozenset(map(shape_of, self.odd_user_ids))

    @cached_property
    def item_shapes(self) -> frozenset[str]:
        """What ids of items look like."""
        return frozenset(map(shape_of, self.odd_item_ids))

    @cached_property
    def person_values(self) -> dict[str, tuple[str, str]]:
        """(field, value) by plain attribute value of users, values of one letter left out."""
        found: dict[str, tuple[str, str]] = {}
        for field in self.dataset.fields_of("user"):
            if field.kind != "sparse":
                continue
            for value in sorted(map(str, self.dataset.users[field.name].dropna().unique())):
                found.setdefault(plain_text(value), (field.name, value))
        return found

    def person_value(self, word: str) -> tuple[str, str] | None:
        """Return the (field, value) a plain word says of a person: "student", "woman"."""
        for spelling in (word, word.removesuffix("s")):
            known = self.lexicon.people.get(spelling)
            if known is None and len(spelling) > 1 and not self.lexicon.is_common(spelling):
                known = spelling
            if known in self.person_values:
                return self.person_values[known]
            if known is not None and known[:1] in self.person_values and spelling != known:
                return self.person_values[known[:1]]
        return None

    def describes_person(self, words: str) -> bool:
        """Tell whether plain words say something of a person."""
        return any(self.person_value(word) for word in words.split())

    def find(self, name: str) -> Found | None:
        """Return the items called `name`: an id, a title, or a misspelt one; None if nothing is."""
        code = self.dataset.item_ids.code(name.strip().lstrip("#"))
        if code is not None:
            return Found((code,))
        plain = title_names(name)
        for candidate in plain:
            if candidate in self.by_title:
                return Found(self._of_year(self.by_title[candidate], name))
        near = self._nearest(plain[0], name)
        if near is None and 0 < len(part := self.series(name)) <= MAX_PARTS:
            return Found(part, exact=False)
        return near

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
            title_names(name)[0],
            self.by_title.keys(),
            scorer=fuzz.token_sort_ratio,
            score_cutoff=NEAR_CUTOFF,
            limit=2 * n,
        )
        titles = [self.dataset.title(self.by_title[title][0]) for title, *_ in matches]
        return list(dict.fromkeys(titles))[:n]

    def of_year(self, items: tuple[int, ...], year: str) -> tuple[int, ...] | None:
        """Return the items of that year, or None where there is none, or no years."""
        if self.year_field is None:
            return None
        column = self.dataset.items[self.year_field].to_numpy()
        return tuple(item for item in items if column[item] == int(year)) or None

    def _of_year(self, items: tuple[int, ...], name: str) -> tuple[int, ...]:
        """Keep the items of the year at the end of `name`, when it has one and the data do."""
        year = _YEAR.search(name.strip())
        return items if year is None else self.of_year(items, year[1]) or items

    def series(self, name: str) -> tuple[int, ...]:
        """Return the items whose plain title holds the plain `name` as whole words, by index."""
        plain = without_accents(plain_text(name)).strip(".,? ")
        words = plain.split()
        if len(plain) < 3 or not words:
            return ()
        rarest = min((self._by_word.get(word, []) for word in words), key=len)
        wanted = f" {plain} "
        found = {i for title in rarest if wanted in f" {title} " for i in self.by_title[title]}
        return tuple(sorted(found))

    @property
    def title_words(self) -> Collection[str]:
        """Every word that stands in a title."""
        return self._by_word.keys()

    @cached_property
    def _by_word(self) -> dict[str, list[str]]:
        """Plain titles by each of their words."""
        found: dict[str, list[str]] = defaultdict(list)
        for title in self.by_title:
            for word in set(title.split()):
                found[word].append(title)
        return dict(found)


def title_names(title: str) -> list[str]:
    """Return the plain names a title goes by, its first name first.

    "Lion King, The (1994)" is "the lion king" and "lion king"; "Contempt (Mépris, Le)" is also
    "le mepris".
    """
    bare = _YEAR.sub("", title.strip()).strip()
    names: list[str] = []
    for part in [_PARENTHESIS.sub(" ", bare), *_PARENTHESIS.findall(bare)]:
        plain = without_accents(plain_text(part)).strip(".,? ")
        inverted = _INVERTED.match(plain)
        if inverted:
            names += [f"{inverted['article']} {inverted['name']}", inverted["name"]]
        elif plain:
            names.append(plain.replace(",", ""))
    return names or [""]


def _is_called(column: str, name: str, whole: bool) -> bool:
    """Tell whether a plain column's name is, or has among its words, the plain `name`."""
    if whole:
        return column.replace(" ", "") == name.replace(" ", "")
    return f" {name} " in f" {column} "


def shape_of(token: str) -> str:
    """Return what ids of one kind share: all but the numbers, and of an address that it is one."""
    return "@" if "@" in token else re.sub("[0-9]+", "0", token)


def _bare(plain: str) -> str:
    """Return plain words without the marks at their ends: "j. r. r. tolkien" is "j r r tolkien"."""
    return " ".join(filter(None, (word.strip(".,?") for word in plain.split())))


def _is_odd(token: str) -> bool:
    """Tell whether an id stands out in a text by itself: it has marks, or letters and digits."""
    return not token.isalnum() or not (token.isdigit() or token.isalpha())
