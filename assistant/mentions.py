"""Who and what a question names: users, items by id or title, each replaced by a marker.

After this a question is a text such as "will U like I, and why", where U and I are single private
characters (see lexicon/phrases.py); the other rooms of the parser never see an id or a title.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from assistant.catalogue import Catalogue, Found
from assistant.lexicon import Lexicon, plain_text
from assistant.lexicon.phrases import ITEM, ITEMS, USER, USERS, without_accents, without_markers
from ingest.ids import IdMap
from ingest.schema import Dataset

_QUOTED = re.compile(r'"([^"]+)"|“([^”]+)”|«([^»]+)»|„([^“”]+)[“”]|「([^」]+)」|《([^》]+)》')
_TOKEN = re.compile(r"[^\s,;?!()\"“”]*[^\s,;:?!()\"“”.]")
_RUN_ON = re.compile(r"(?<=[^\W\d]{2})([.?])(?=[^\W\d]{2})")
"""A full stop without its space: "not seen.Follow"."""
_LIKE_AN_ID = re.compile(r"[^\W\d]+[-_.:/@]\w*[0-9][\w.-]*|\S+@\S+")
"""An id of more than one part, such as U-17, that the data may not have."""
_YEAR = re.compile(r"(?:1[89]|20)[0-9]{2}")
_NUMBER_TOKEN = r"#?(?P<id>\w+(?:[.:]\w+)*)"
MAX_WORDS = 12
"""The longest title that is looked for, in words."""
MAX_RANGE = 100
"""The widest range of users that "users 1-100" may name."""
MAX_GUESSES = 3
"""How many misspelt names are looked up in one question."""


@dataclass
class Mentions:
    """What was found so far, and the text that is left, with markers."""

    text: str
    users: list[str] = field(default_factory=list)
    items: list[Found] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    """Names that stand where an item's should, and are none."""

    def user_mark(self, user_id: str) -> str:
        if user_id not in self.users:
            self.users.append(user_id)
        return chr(min(USERS[0] + self.users.index(user_id), USERS[1]))

    def item_mark(self, found: Found) -> str:
        if found not in self.items:
            self.items.append(found)
        return chr(min(ITEMS[0] + self.items.index(found), ITEMS[1]))

    def in_order(self, low: int) -> list[int]:
        """Return the numbers of the markers from `low` on as they stand in the text, once each."""
        high = USERS[1] if low == USERS[0] else ITEMS[1]
        return list(dict.fromkeys(ord(c) - low for c in self.text if low <= ord(c) <= high))


class MentionFinder:
    """Finds users and items of one data set in questions of one language."""

    def __init__(self, dataset: Dataset, lexicon: Lexicon, catalogue: Catalogue) -> None:
        self.dataset = dataset
        self.lexicon = lexicon
        self.catalogue = catalogue
        words = {name: pattern.pattern for name, pattern in lexicon.words.items()}
        nouns = sorted({dataset.noun.one, dataset.noun.many})
        self.noun = re.compile(
            f"{words['item']}|(?<!\\w)(?:{'|'.join(map(re.escape, nouns))})(?!\\w)"
        )
        label = rf"(?: (?:{words['id']}))? ?#?"
        joined = rf" ?(?:,|(?:,? ?(?:{words['and']}))) ?"
        self._user = re.compile(rf"(?:{words['user']}){label} ?{_NUMBER_TOKEN}")
        self._item = re.compile(rf"(?P<word>{self.noun.pattern}){label} ?{_NUMBER_TOKEN}")
        self._asker = re.compile(
            rf"(?:{words['asker']}) (?:(?:{words['user']}){label} )?{_NUMBER_TOKEN}"
        )
        self._more_users = re.compile(rf"{joined}(?:(?:{words['user']}) )?{_NUMBER_TOKEN}")
        self._more_items = re.compile(rf"{joined}(?:(?:{self.noun.pattern}) )?{_NUMBER_TOKEN}")
        self._before_user = re.compile(rf"(?:{words['user']})(?: (?:{words['id']}))? (?={USER})")
        self._before_item = re.compile(
            rf"(?:{self.noun.pattern})(?: (?:{words['id']}))? (?={ITEM})"
        )
        self._name_cue = re.compile(rf"(?:{words['name_before']}|{ITEM} ?(?:,|{words['and']})) ")
        self._end = re.compile(rf"{words['title_end']}|[?,]|\.(?= |$)|{USER}|{ITEM}")
        self._right_before = re.compile(
            rf"(?:{words['title_before']}|{ITEM},?|,)(?: (?:{words['article']}))?"
            rf"(?: (?:{self.noun.pattern}))?$"
        )
        open_ended = words["user"].replace(r"(?!\w)", "")
        self._glued = re.compile(
            rf"(?P<word>{open_ended})(?: ?(?P<low>[0-9]+) ?[-–] ?(?P<high>[0-9]+)(?![\w-])"
            rf"|(?P<id>[0-9]+)(?!\w))",
            re.IGNORECASE,
        )
        self._user_at_end = re.compile(rf"(?:{words['user']})(?: (?:{words['id']}))?$")
        self._units = re.compile(rf" ?(?:{self.noun.pattern}|{words['people']}|{words['units']}|%)")

    def find(self, text: str, prepare: Callable[[str], str] = str) -> Mentions:
        """Return the mentions in a question, and its plain text with markers for them.

        `prepare` takes out of the plain text what must not be read as a mention.
        """
        found = Mentions(without_markers(text))
        capitals = _capitalised(found.text)
        found.text = self._glued.sub(_spelled_out, found.text)
        self._odd_ids(found)
        self._quoted(found)
        found.text = prepare(_RUN_ON.sub(r"\1 ", plain_text(found.text)))
        self._numbered(found, self._asker, self._more_users, self._user_mark(found))
        self._numbered(found, self._user, self._more_users, self._user_mark(found))
        self._numbered(found, self._item, self._more_items, self._item_mark(found))
        self._titles(found, capitals)
        self._bare_numbers(found)
        self._hashed(found)
        self._repeated(found)
        found.text = self._before_user.sub("", self._before_item.sub("", found.text))
        if any(self.lexicon.asks_for(concept, found.text) for concept in _NAME_CONCEPTS):
            self._misspelt(found)
        return found

    def is_addressed(self, text: str) -> bool:
        """Tell whether a text with markers says that the asker is the user it names."""
        return self._asker_marked.search(text) is not None

    @cached_property
    def _asker_marked(self) -> re.Pattern[str]:
        return re.compile(rf"(?:{self.lexicon.words['asker'].pattern}) {USER}")

    # --- ids

    def _user_mark(self, found: Mentions) -> Callable[[str], str | None]:
        def mark(token: str) -> str | None:
            known = as_written(token, self.dataset.user_ids, self.catalogue.lower_user_ids)
            if known is None and not any(map(str.isdigit, token)):
                return None
            return found.user_mark(known or token)

        return mark

    def _item_mark(self, found: Mentions) -> Callable[[str], str | None]:
        def mark(token: str) -> str | None:
            known = as_written(token, self.dataset.item_ids, self.catalogue.lower_item_ids)
            if known is None:
                if token.isdigit() and not (self.catalogue.has_years and _YEAR.fullmatch(token)):
                    found.unknown.append(token)
                    return ""
                return None
            code = self.dataset.item_ids.code(known)
            assert code is not None
            return found.item_mark(Found((code,)))

        return mark

    def _odd_ids(self, found: Mentions) -> None:
        """Mark ids such as "U-17" before hyphens and dots are lost."""
        users, items = self.catalogue.odd_user_ids, self.catalogue.odd_item_ids

        def mark(match: re.Match[str]) -> str:
            token = match[0].lstrip("#").casefold().removesuffix("'s").removesuffix("’s")
            before = plain_text(found.text[: match.start()])
            item_first = re.search(rf"(?:{self.noun.pattern})$", before) is not None
            if token in users and not (item_first and token in items):
                return found.user_mark(users[token])
            if token in items:
                return found.item_mark(Found((int(items[token]),)))
            if _LIKE_AN_ID.fullmatch(token) and self._user_at_end.search(before):
                return found.user_mark(match[0])
            return match[0]

        found.text = _TOKEN.sub(mark, found.text)

    def _numbered(
        self,
        found: Mentions,
        first: re.Pattern[str],
        more: re.Pattern[str],
        mark: Callable[[str], str | None],
    ) -> None:
        """Mark "user 78" and what is joined to it: "users 3, 4 and 5"."""
        keep_asker = first is self._asker
        place = 0
        while (match := first.search(found.text, place)) is not None:
            place = match.end()
            if self._is_count(found.text, match, first):
                continue
            marks = [mark(match["id"])]
            if marks[0] is None:
                continue
            while (joined := more.match(found.text, place)) is not None:
                if (
                    self._units.match(found.text, joined.end())
                    or (one := mark(joined["id"])) is None
                ):
                    break
                marks.append(one)
                place = joined.end()
            shown = ", ".join(one for one in marks if one)
            start = match.start("id") if keep_asker else match.start()
            found.text = f"{found.text[:start]}{shown}{found.text[place:]}"
            place = start + len(shown)

    def _is_count(self, text: str, match: re.Match[str], first: re.Pattern[str]) -> bool:
        """Tell whether the number is one of items or years: "for users 5 films", "I'm 25 years"."""
        token = match["id"]
        if first is self._item and _YEAR.fullmatch(token) and self.catalogue.has_years:
            return match["word"].endswith("s")
        if first is self._asker and token.isdigit() and not self._user.search(match[0]):
            return True  # "I'm 25" is an age
        return first is self._asker and self._units.match(text, match.end()) is not None

    def _bare_numbers(self, found: Mentions) -> None:
        """Mark numbers that a phrase of the lexicon shows to be a user or an item."""
        for pattern in self.lexicon.bare:
            groups = pattern.groupindex
            if "u" in groups and "i" not in groups and found.users:
                continue
            match = pattern.search(found.text)
            while match is not None:
                step = self._mark_bare(found, match)
                match = pattern.search(found.text, step)

    def _mark_bare(self, found: Mentions, match: re.Match[str]) -> int:
        """Mark the numbers of one match and those joined to the last; return where to go on."""
        text, end = found.text, match.end()
        last = "i" if "i" in match.groupdict() else "u"
        if self._units.match(text, match.end(last)) or self._is_year(match[last]):
            return end
        names = [name for name in ("u", "i") if name in match.groupdict()]
        marks = {"u": self._user_mark(found), "i": self._item_mark(found)}
        shown: dict[str, str] = {}
        for name in names:
            one = marks[name](match[name])
            if one is None:
                return end
            shown[name] = one
        more = self._more_items if last == "i" else self._more_users
        tail, place = shown[last], match.end(last)
        while (joined := more.match(text, place)) is not None and joined["id"].isdigit():
            one = marks[last](joined["id"])
            if one is None or self._units.match(text, joined.end()):
                break
            tail, place = f"{tail}, {one}", joined.end()
        text = text[: match.start(last)] + tail + text[place:]
        end = match.start(last) + len(tail)
        if len(names) > 1:
            text = text[: match.start("u")] + shown["u"] + text[match.end("u") :]
            end -= match.end("u") - match.start("u") - 1
        found.text = text
        return end

    def _is_year(self, token: str) -> bool:
        return self.catalogue.has_years and _YEAR.fullmatch(token) is not None

    def _hashed(self, found: Mentions) -> None:
        """Read "#78" as a user where none is named, else as an item."""
        mark = self._item_mark(found) if found.users else self._user_mark(found)
        found.text = re.sub(r"#(\w+)", lambda match: mark(match[1]) or match[0], found.text)

    def _repeated(self, found: Mentions) -> None:
        """Mark further mentions of a user by the number alone: "similar to 78 but 78 has not"."""
        for number, user in enumerate(found.users):
            if user.isdigit() and user in found.text:
                bare = re.compile(rf"(?<![\w.]){user}(?![\w.]*[0-9])(?!{self._units.pattern})")
                found.text = bare.sub(chr(USERS[0] + number), found.text)

    # --- titles

    def _quoted(self, found: Mentions) -> None:
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

    def _titles(self, found: Mentions, capitals: frozenset[str]) -> None:
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
        return start, None

    def _may_be_title(
        self, bare: list[str], place: int, capitals: frozenset[str], before: str
    ) -> bool:
        """Tell whether one word that is a title is meant as one, and is not just a word."""
        word = bare[place]
        after = bare[place + 1] if place + 1 < len(bare) else ""
        if place == 0 and self.lexicon.words["opener"].fullmatch(after):
            return not self.lexicon.is_common(word) and self.catalogue.value_named(word) is None
        followed_by_year = place + 1 < len(bare) and _YEAR.fullmatch(bare[place + 1])
        if word in capitals or (followed_by_year and len(word) > 2):
            return not word.isdigit()
        common = (
            len(word) < 3
            or word.isdigit()
            or word in self.lexicon.numbers
            or self.catalogue.value_named(word) is not None
            or self.lexicon.is_common(word)
        )
        return not common and self._right_before.search(before) is not None

    def _misspelt(self, found: Mentions) -> None:
        """Look up, as misspellings, the words that stand where a name should."""
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
        return (
            len(words) <= MAX_WORDS
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


_NAME_CONCEPTS = ("predict", "like_item", "why_not", "why_recommended", "seen_question", "audience",
                  "also_seen", "i_liked", "rank_given", "describe", "what_if")  # fmt: skip


def as_written(token: str, ids: IdMap, lowered: dict[str, str]) -> str | None:
    """Return the id as the data write it, or None: questions are read in lower case."""
    if token in ids:
        return token
    for spelling in (token, token.removesuffix("'s"), token.rstrip(".")):
        if spelling in ids:
            return spelling
        if spelling in lowered:
            return lowered[spelling]
    return None


def _capitalised(text: str) -> frozenset[str]:
    """Return the plain words that stand with a capital though they open no sentence."""
    found = re.findall(r"(?<=[\w,:;)] )[\"“'(]?([A-Z][\w'’-]*)", text)
    return frozenset(without_accents(plain_text(word).removesuffix("'s")) for word in found)


def _spelled_out(match: re.Match[str]) -> str:
    """Return "users 1-3" as "users 1, 2, 3" and "user78" as "user 78"."""
    if match["id"] is not None:
        return f"{match['word']} {match['id']}"
    low, high = int(match["low"]), int(match["high"])
    if not low <= high <= low + MAX_RANGE:
        return match[0]
    return f"{match['word']} {', '.join(map(str, range(low, high + 1)))}"
