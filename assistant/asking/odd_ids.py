"""Ids in a question that plain text would break, or that are plain words: "SKU 7/A", "ann"."""

from __future__ import annotations

import re
from functools import cached_property

from assistant.asking.catalogue import Catalogue, Found, shape_of
from assistant.asking.marked import Mentions
from assistant.lexicon import Lexicon, plain_text
from assistant.lexicon.phrases import is_unspaced

_TOKEN = re.compile(r"[^\s,;?!()\"“”]*[^\s,;:?!()\"“”.]")
_LIKE_AN_ID = re.compile(r"[^\W\d]+[-_.:/@]\w*[0-9][\w.-]*|\S+@\S+")
"""An id of more than one part, such as U-17, that the data may not have."""
_LATIN = re.compile(r"[!-~]+")
"""What may be an id within words of a script that sets no spaces."""
_WORD = re.compile(r"\S+")
_LETTERS = re.compile(r"(?<![\w'])[^\W\d_]{2,}(?![\w'])")
_NEGATIVE = re.compile(r"[-−][0-9]+")
MAX_RANGE = 100
"""The widest range of users that "users 1-100" may name."""


class IdFinder:
    """Finds such ids of one data set in questions of one language."""

    def __init__(self, lexicon: Lexicon, catalogue: Catalogue, noun: re.Pattern[str]) -> None:
        self.lexicon = lexicon
        self.catalogue = catalogue
        self.noun = noun
        words = {name: pattern.pattern for name, pattern in lexicon.words.items()}
        user = rf"(?:{words['user']})(?: (?:{words['id']}))?"
        self._item_at_end = re.compile(rf"(?:{noun.pattern})(?: (?:{words['id']}))?$")
        self._user_at_end = re.compile(rf"{user}$")
        open_ended = words["user"].replace(r"(?!\w)", "")
        self._glued = re.compile(
            rf"(?P<word>{open_ended})(?: ?(?P<low>[0-9]+) ?[-–] ?(?P<high>[0-9]+)(?![\w-])"
            rf"|(?P<id>[0-9]+)(?!\w))",
            re.IGNORECASE,
        )
        self._one_at_end = re.compile(rf"(?:{user}|{words['recipient']}|{words['do']})$")

    def mark_odd(self, found: Mentions) -> None:
        """Mark ids such as "U-17" before hyphens, dots and spaces are lost."""
        self._mark_broken(found)
        found.text = self._glued.sub(_spelled_out, found.text)

        def mark(match: re.Match[str]) -> str:
            if is_unspaced(match[0]) and match[0].casefold() not in self.catalogue.odd_user_ids:
                return _LATIN.sub(mark, match[0])
            token = match[0].lstrip("#").casefold().removesuffix("'s").removesuffix("’s")
            before = plain_text(found.text[: match.start()])
            known = self._known(token, before, found)
            if known is None and _NEGATIVE.fullmatch(token):
                return self._negative(token, before, found) or match[0]
            shape = shape_of(token)
            alike = shape in self.catalogue.user_shapes - self.catalogue.item_shapes
            like_an_id = _LIKE_AN_ID.fullmatch(token) is not None
            if known is None and like_an_id and (alike or self._user_at_end.search(before)):
                return found.user_mark(match[0])
            return known or match[0]

        found.text = _TOKEN.sub(mark, found.text)

    def _known(self, token: str, before: str, found: Mentions) -> str | None:
        """Return the marker of a lower-case id that the data have."""
        users, items = self.catalogue.odd_user_ids, self.catalogue.odd_item_ids
        item_first = re.search(rf"(?:{self.noun.pattern})$", before) is not None
        if token in users and not (item_first and token in items):
            return found.user_mark(users[token])
        return found.item_mark(Found((int(items[token]),))) if token in items else None

    def _negative(self, token: str, before: str, found: Mentions) -> str | None:
        """Note "user -1" or "item -1" as ids that are unknown; they are not 1."""
        if self._item_at_end.search(before):
            found.unknown.append(token)
            return " "
        return found.user_mark(token) if self._one_at_end.search(before) else None

    def _mark_broken(self, found: Mentions) -> None:
        """Mark ids with spaces and the like, the longest first."""
        if not self.catalogue.broken_ids:
            return
        text, words = found.text, list(_WORD.finditer(found.text))
        out, place, at = "", 0, 0
        while at < len(words):
            start = words[at].start()
            token, end, stop = self._broken_at(text, words, at)
            before = plain_text(out + text[place:start])
            if token is not None and (mark := self._known(token, before, found)) is not None:
                out, place = f"{out}{text[place:start]}{mark}", end
            at = stop
        found.text = out + text[place:]

    def _broken_at(
        self, text: str, words: list[re.Match[str]], at: int
    ) -> tuple[str | None, int, int]:
        """Return the longest such id from a word on, where it ends, and the next word."""
        broken, start = self.catalogue.broken_ids, words[at].start()
        for stop in range(min(len(words), at + self._most_words), at, -1):
            whole = text[start : words[stop - 1].end()]
            for span in (whole, whole.rstrip(".,;:?!"), whole.removesuffix("'s")):
                token = broken.get(" ".join(span.casefold().split()))
                if token is not None:
                    return token, start + len(span), stop
        return None, start, at + 1

    @cached_property
    def _most_words(self) -> int:
        return max(one.count(" ") for one in self.catalogue.broken_ids) + 1

    def mark_words(self, found: Mentions) -> None:
        """Mark plain words that are nothing but an id, where no id is named: "similar to ann"."""
        users, items = self.catalogue.lower_user_ids, self.catalogue.lower_item_ids
        no_user, no_item = not found.users, not (found.items or found.unknown)

        def mark(match: re.Match[str]) -> str:
            word = match[0]
            if word in users and word in items or self._means_something(word):
                return word
            if no_user and word in users:
                return found.user_mark(users[word])
            if no_item and word in items:
                code = self.catalogue.dataset.item_ids.code(items[word])
                assert code is not None
                return found.item_mark(Found((code,)))
            return word

        if no_user or no_item:
            found.text = _LETTERS.sub(mark, found.text)

    def _means_something(self, word: str) -> bool:
        return (
            self.lexicon.knows(word)
            or self.noun.fullmatch(word) is not None
            or self.catalogue.value_named(word) is not None
            or self.catalogue.describes_person(word)
        )


def _spelled_out(match: re.Match[str]) -> str:
    """Return "users 1-3" as "users 1, 2, 3" and "user78" as "user 78"."""
    if match["id"] is not None:
        return f"{match['word']} {match['id']}"
    low, high = int(match["low"]), int(match["high"])
    if not low <= high <= low + MAX_RANGE:
        return match[0]
    return f"{match['word']} {', '.join(map(str, range(low, high + 1)))}"
