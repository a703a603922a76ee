"""Titles in a question: in quotes, in the text, or misspelt where a name should stand."""

from __future__ import annotations

import re

from assistant.asking.catalogue import Catalogue, Found
from assistant.asking.marked import Mentions
from assistant.lexicon import Lexicon, plain_text
from assistant.lexicon.phrases import ITEM, ITEMS, USER, USERS, without_accents

_QUOTED = re.compile(r'"([^"]+)"|“([^”]+)”|«([^»]+)»|„([^“”]+)[“”]|「([^」]+)」|《([^》]+)》')
_YEAR = re.compile(r"(?:1[89]|20)[0-9]{2}")
MAX_WORDS = 12
"""The longest title that is looked for, in words."""
MAX_GUESSES = 3
"""How many misspelt names are looked up in one question."""
_NAME_CONCEPTS = ("predict", "like_item", "why_not", "why_recommended", "seen_question", "audience",
                  "also_seen", "i_liked", "rank_given", "describe", "what_if")  # fmt: skip
"""Only where one of these is asked is a name looked for that is not written as a title is."""


class TitleFinder:
    """Finds titles of one data set in questions of one language."""

    def __init__(self, lexicon: Lexicon, catalogue: Catalogue, noun: re.Pattern[str]) -> None:
        self.lexicon = lexicon
        self.catalogue = catalogue
        self.noun = noun
        words = {name: pattern.pattern for name, pattern in lexicon.words.items()}
        self._name_cue = re.compile(rf"(?:{words['name_before']}|{ITEM} ?(?:,|{words['and']})) ")
        self._end = re.compile(rf"{words['title_end']}|[?,]|\.(?= |$)|{USER}|{ITEM}")
        self._right_before = re.compile(
            rf"(?:{words['title_before']}|{ITEM},?|,)(?: (?:{words['article']}))?"
            rf"(?: (?:{self.noun.pattern}))?$"
        )

    def mark_quoted(self, found: Mentions) -> None:
        """Mark what stands in quotes: a title, or the id of a user after "user"."""

        def mark(match: re.Match[str]) -> str:
            span = next(filter(None, match.groups()))
            user = self.catalogue.lower_user_ids.get(span.casefold())
            if user is not None and re.search(
                rf"(?:{self.lexicon.words['user'].pattern})$",
                plain_text(found.text[: match.start()]),
            ):
                return f" {found.user_mark(user)} "
            item = self.catalogue.find(span)
            if item is None:
                found.unknown.append(span)
                return " "
            return f" {found.item_mark(item)} "

        if any(mark_ in found.text for mark_ in '"“«„「《'):
            found.text = _QUOTED.sub(mark, found.text)

    def mark_titles(self, found: Mentions, capitals: frozenset[str]) -> None:
        """Mark the titles in the text, the longest first; one word only where it must be one."""
        if not self.catalogue.by_title:
            return
        words = found.text.split(" ")
        bare = [without_accents(word.strip(".,?")).removesuffix("'s") for word in words]
        out: list[str] = []
        start = 0
        while start < len(words):
            stop, items = self._title_at(words, bare, start, capitals, " ".join(out))
            if items is None:
                out.append(words[start])
                start += 1
                continue
            trail = words[stop - 1][len(words[stop - 1].rstrip(".,?")) :]
            year = bare[stop] if stop < len(bare) and _YEAR.fullmatch(bare[stop]) else None
            if year is not None and (kept := self.catalogue.of_year(items, year)) is not None:
                items, trail = kept, words[stop][len(words[stop].rstrip(".,?")) :]
                stop += 1
            out.append(found.item_mark(Found(items)) + trail)
            start = stop
        found.text = " ".join(out)

    def _title_at(
        self, words: list[str], bare: list[str], start: int, capitals: frozenset[str], before: str
    ) -> tuple[int, tuple[int, ...] | None]:
        for stop in range(min(len(words), start + MAX_WORDS), start, -1):
            items = self.catalogue.by_title.get(" ".join(bare[start:stop]))
            if items is None:
                continue
            if stop - start > 1:
                if self.catalogue.value_named(" ".join(bare[start:stop])) is None:
                    return stop, items
            elif self._may_be_title(bare, start, capitals, before):
                return stop, items
            elif start == 0 and words[0].endswith(",") and self._is_rare(bare[0]):
                return stop, items  # "Heat, Jaws and Alien: which one …"
        return start, None

    def _may_be_title(
        self, bare: list[str], place: int, capitals: frozenset[str], before: str
    ) -> bool:
        """Tell whether one word that is a title is meant as one, and is not just a word."""
        word = bare[place]
        after = bare[place + 1] if place + 1 < len(bare) else ""
        if place == 0 and self.lexicon.words["opener"].fullmatch(after):
            return self._is_rare(word)
        followed_by_year = place + 1 < len(bare) and _YEAR.fullmatch(bare[place + 1])
        if word in capitals or (followed_by_year and len(word) > 2):
            a_value = not followed_by_year and self.catalogue.value_named(word) is not None
            return not word.isdigit() and not a_value
        common = (
            len(word) < 3
            or word.isdigit()
            or word in self.lexicon.numbers
            or self.catalogue.value_named(word) is not None
            or self.lexicon.is_common(word)
        )
        return not common and self._right_before.search(before) is not None

    def _is_rare(self, word: str) -> bool:
        """Tell whether a word at the start of a text is hardly there for itself."""
        return not self.lexicon.is_common(word) and self.catalogue.value_named(word) is None

    def mark_misspelt(self, found: Mentions) -> None:
        """Look up, as misspellings, the words that stand where a name should."""
        if not any(self.lexicon.asks_for(concept, found.text) for concept in _NAME_CONCEPTS):
            return
        guesses = 0
        place = 0
        while (
            guesses < MAX_GUESSES and (cue := self._name_cue.search(found.text, place)) is not None
        ):
            place = cue.end() - 1
            after = found.text[cue.end() :]
            end = self._end.search(after)
            name = self._bare_name(after[: end.start()] if end else after)
            if not name or not self._may_be_name(name):
                continue
            guesses += 1
            item = self.catalogue.find(name)
            if item is None:
                if not found.items and name not in found.unknown:
                    found.unknown.append(name)
                continue
            found.text = found.text.replace(name, found.item_mark(item), 1)
            found.unknown = [one for one in found.unknown if one != name]

    def guess(self, found: Mentions, exactly: bool) -> bool:
        """Take what is left of a text that only names a user for a title: "Fargo for user 78?"."""
        words = re.sub(rf"[{chr(USERS[0])}-{chr(ITEMS[1])}]", " ", found.text).strip("?. ").split()
        while words and self.lexicon.is_common(words[-1]):
            words.pop()
        while words and self.noun.fullmatch(words[0]):
            words.pop(0)
        name = " ".join(words)
        if found.in_order(ITEMS[0]):
            return True
        item = self.catalogue.find(name) if words and self._may_be_name(name) else None
        if item is None or (exactly and not item.exact):
            return False
        found.text += f" {found.item_mark(item)}"
        return True

    def _bare_name(self, name: str) -> str:
        name = re.sub(
            rf"^(?:the |a |an )?(?:{self.noun.pattern})(?: called| named)? ", "", name.strip(" .")
        )
        words = name.split()
        while words and self.lexicon.is_common(words[-1]):
            words.pop()
        name = " ".join(words)
        joined = re.split(rf" (?:{self.lexicon.words['and'].pattern}) (?=\w)", name)[0]
        return joined.strip(" .") if joined and self.catalogue.find(name) is None else name

    def _may_be_name(self, name: str) -> bool:
        words = name.split()
        named = next((at for at, one in enumerate(words) if not self.lexicon.is_common(one)), 0)
        return (
            len(words) <= MAX_WORDS
            and self.catalogue.value_named(" ".join(words[named:])) is None  # the most sci fi
            and not all(
                self.lexicon.is_common(word)
                or word in self.lexicon.numbers
                or word[:1].isdigit()
                or self.catalogue.value_named(word) is not None
                for word in words
            )
            and not self.noun.search(name)
            and self.catalogue.value_named(name) is None
            and not self.catalogue.describes_person(name)
        )


def capitalised(text: str) -> frozenset[str]:
    """Return the plain words that stand with a capital though they open no sentence."""
    found = re.findall(r"(?<=[\w,:;)] )[\"“'(]?([A-Z][\w'’-]*)", text)
    return frozenset(without_accents(plain_text(word).removesuffix("'s")) for word in found)
