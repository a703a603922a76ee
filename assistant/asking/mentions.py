"""Who and what a question names: users, items by id or title, each replaced by a marker.

After this a question is a text such as "will U like I, and why", where U and I are single private
characters (see lexicon/phrases.py); the other rooms of the parser never see an id or a title.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cached_property

from assistant.asking.amounts import MOST_ALONE
from assistant.asking.bounds import SIDES
from assistant.asking.catalogue import Catalogue, Found
from assistant.asking.marked import Mentions, as_written
from assistant.asking.odd_ids import IdFinder
from assistant.asking.spelling import Spelling
from assistant.asking.titles import TitleFinder, capitalised
from assistant.lexicon import Lexicon, any_of, named_fields
from assistant.lexicon.phrases import ITEM, USER, USERS, without_markers
from ingest.dataset.schema import Dataset

_RUN_ON = re.compile(r"(?<=[^\W\d]{2})([.?])(?=[^\W\d]{2})")
"""A full stop without its space: "not seen.Follow"."""
_YEAR = re.compile(r"(?:1[89]|20)[0-9]{2}")
_NUMBER = re.compile(r"(?<![\w.])[0-9]+(?![\w.]*[0-9])")
_NUMBER_TOKEN = r"#?(?P<id>\w+(?:[.:]\w+)*)"
FEW = 20
"""After a comma a number up to this is how many, and a greater one who: "…, 5" and "…, 672"."""
MAX_AGE = 120
"""After "I am" a number up to this is an age, a greater one who."""


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
        self._user = re.compile(rf"(?:{words['user']}),?{label} ?{_NUMBER_TOKEN}")
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
        self.spelling = Spelling(lexicon, catalogue)
        self._after_count = re.compile(rf" (?:{words['count_after']})")
        self._count_of_another = re.compile(
            rf" (?:{words['recipient']}) (?:(?:{words['user']})|#?[0-9])"
        )
        self._for_user = rf" (?:{words['recipient']}) {USER}"
        self._before_count = re.compile(rf"(?:{words['count_before']})$")
        self.titles = TitleFinder(lexicon, catalogue, self.noun)
        self.ids = IdFinder(lexicon, catalogue, self.noun)
        ends = "|".join(words[name] for name in ("do", "and", "recipient", "title_end"))
        self._stranger = re.compile(
            rf"(?<!\w)(?:{words['one_user']})(?: (?:{words['id']}))? (?P<name>[^\W\d_]{{2,}})"
            rf"(?=[?.,]|$| (?:{ends}))"
        )
        measured = any_of(
            unit for field in named_fields().values() for unit in (*field.names, *field.units)
        )
        self._units = re.compile(
            rf" ?(?:{self.noun.pattern}|{words['people']}|{words['units']}|{measured.pattern}|%)"
        )

    def find(self, text: str, prepare: Callable[[str], str] = str) -> Mentions:
        """Return the mentions in a question, and its plain text with markers for them.

        `prepare` takes out of the plain text what must not be read as a mention.
        """
        found = Mentions(without_markers(text))
        capitals = capitalised(found.text)
        self.ids.mark_odd(found)
        self.titles.mark_quoted(found)
        plain = self.lexicon.in_digits(
            self.spelling.corrected(self.lexicon.spelled_out(found.text))
        )
        found.text = prepare(_RUN_ON.sub(r"\1 ", plain))
        self._numbered(found, self._asker, self._more_users, self._user_mark(found))
        self._numbered(found, self._user, self._more_users, self._user_mark(found))
        self._named_strangers(found)
        self._numbered(found, self._item, self._more_items, self._numbered_item_mark(found))
        self.titles.mark_titles(found, capitals)
        self.ids.mark_words(found)
        if found.users:
            self._bare_numbers(found, self.lexicon.bare_more)
        self._bare_numbers(found, self.lexicon.bare)
        self._hashed(found)
        self._left_over(found)
        self._bare_numbers(found, self.lexicon.bare_more)
        self._repeated(found)
        found.text = self._before_user.sub("", self._before_item.sub("", found.text))
        self.titles.mark_misspelt(found)
        return found

    def is_addressed(self, text: str) -> bool:
        """Tell whether a text with markers says that the asker is the user it names."""
        return self._asker_marked.search(text) is not None

    @cached_property
    def _asker_marked(self) -> re.Pattern[str]:
        return re.compile(rf"(?:{self.lexicon.words['asker'].pattern}) {USER}")

    def _user_mark(self, found: Mentions) -> Callable[[str], str | None]:
        def mark(token: str) -> str | None:
            known = as_written(token, self.dataset.user_ids, self.catalogue.lower_user_ids)
            if known is None and self.lexicon.numbers.get(token, 0) > 3:
                token = str(self.lexicon.numbers[token])
            if known is None and not any(map(str.isdigit, token)):
                return None
            return found.user_mark(known or token)

        return mark

    def _named_strangers(self, found: Mentions) -> None:
        """Mark "user abc", a name at the end of a phrase that no user has: it is said so then."""

        def mark(match: re.Match[str]) -> str:
            name = match["name"]
            known = self.lexicon.knows(name) or self.catalogue.value_named(name) is not None
            other = name in self.catalogue.lower_item_ids or self.catalogue.describes_person(name)
            return match[0] if known or other else f"{found.user_mark(name)}"

        found.text = self._stranger.sub(mark, found.text)

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

    def _numbered_item_mark(self, found: Mentions) -> Callable[[str], str | None]:
        """Mark what stands after "song": an id, or the number of a title such as "Song 61"."""
        by_id = self._item_mark(found)

        def mark(token: str) -> str | None:
            items = self._numbered_titles.get(token, ())
            known = as_written(token, self.dataset.item_ids, self.catalogue.lower_item_ids)
            code = None if known is None else self.dataset.item_ids.code(known)
            if not items:
                return by_id(token)
            both = items if code is None else (code, *items)
            return found.item_mark(Found(tuple(sorted(set(both)))))

        return mark

    @cached_property
    def _numbered_titles(self) -> dict[str, tuple[int, ...]]:
        """Items called by the noun and a number, by the number: "61" of "Song 61"."""
        titles = ((title.split(), items) for title, items in self.catalogue.by_title.items())
        return {
            words[1]: items
            for words, items in titles
            if len(words) == 2
            and any(map(str.isdigit, words[1]))
            and self.noun.fullmatch(words[0]) is not None
        }

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
                counts = (self._units, self._count_of_another)
                few = not joined["id"].isdigit() or int(joined["id"]) <= MOST_ALONE
                if few and any(pattern.match(found.text, joined.end()) for pattern in counts):
                    break  # "2 films for user 78 and 3 for user 672"
                if (one := mark(joined["id"])) is None:
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
        if first is self._item and match["word"].endswith("s"):  # "films 78 has seen"
            return any(p.match(text, match.start("id")) for p in self.lexicon.bare_more)
        if first is self._asker and token.isdigit() and not self._user.search(match[0]):
            return int(token) <= MAX_AGE  # "I'm 25" is an age
        return first is self._asker and self._units.match(text, match.end()) is not None

    def _bare_numbers(self, found: Mentions, phrases: Sequence[re.Pattern[str]]) -> None:
        """Mark numbers that a phrase of the lexicon shows to be a user or an item."""
        for pattern in phrases:
            groups = pattern.groupindex
            first_only = phrases is self.lexicon.bare and "i" not in groups
            if first_only and found.users:
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
        if found.users and last == "u" and match["u"] not in self.dataset.user_ids:
            return end
        more = self._more_items if last == "i" else self._more_users
        if self._are_measured(text, match.end(last), more):
            return end  # "between 10 and 20 euros"
        if last == "u" and self._is_top(text, match.start("u")):
            return end  # "which of our top 10 has 78 not seen"
        names = [name for name in ("u", "i") if name in match.groupdict()]
        marks = {"u": self._user_mark(found), "i": self._item_mark(found)}
        shown: dict[str, str] = {}
        for name in names:
            one = marks[name](match[name])
            if one is None:
                return end
            shown[name] = one
        tail, place = shown[last], match.end(last)
        while (joined := more.match(text, place)) is not None and joined["id"].isdigit():
            if (one := marks[last](joined["id"])) is None:
                break
            tail, place = f"{tail}, {one}", joined.end()
        text = text[: match.start(last)] + tail + text[place:]
        end = match.start(last) + len(tail)
        if len(names) > 1:
            text = text[: match.start("u")] + shown["u"] + text[match.end("u") :]
            end -= match.end("u") - match.start("u") - 1
        found.text = text
        return end

    def _is_top(self, text: str, place: int) -> bool:
        top = self.lexicon.asks.get("top_number")
        return top is not None and any(m.start() < place < m.end() for m in top.finditer(text))

    def _are_measured(self, text: str, place: int, more: re.Pattern[str]) -> bool:
        """Tell whether the numbers joined from a place on end in a unit, and so are no ids."""
        while (joined := more.match(text, place)) is not None and joined["id"].isdigit():
            place = joined.end()
        return self._units.match(text, place) is not None

    def _is_year(self, token: str) -> bool:
        return self.catalogue.has_years and _YEAR.fullmatch(token) is not None

    def _hashed(self, found: Mentions) -> None:
        """Read "#78" as a user where none is named, else as an item."""
        mark = self._item_mark(found) if found.users else self._user_mark(found)
        found.text = re.sub(r"#(\w+)", lambda match: mark(match[1]) or match[0], found.text)

    def _left_over(self, found: Mentions) -> None:
        """Take a number that counts nothing for a user, where none is named: "unlike 78"."""
        for match in () if found.users else _NUMBER.finditer(found.text):
            if match[0] not in self.dataset.user_ids or self._counts_or_bounds(found.text, match):
                continue
            place, shown = match.end(), found.user_mark(match[0])
            while (joined := self._more_users.match(found.text, place)) is not None:
                if joined["id"] not in self.dataset.user_ids:
                    break
                shown, place = f"{shown}, {found.user_mark(joined['id'])}", joined.end()
            found.text = f"{found.text[: match.start()]}{shown}{found.text[place:]}"
            return

    def _counts_or_bounds(self, text: str, match: re.Match[str]) -> bool:
        """Tell whether a number is how many, a year, an age, a rating or the like."""
        before = text[: match.start()].rstrip()
        if not before.strip(" .,?") or self._units.match(text, match.end()):
            return True
        if self._after_count.match(text, match.end()) or (
            before.endswith(",") and int(match[0]) <= FEW
        ):
            return True  # "films like Heat, 2 please"
        if self._before_count.search(before) or self._is_year(match[0]):
            return True
        follows = [word.strip(".,?") for word in text[match.end() :].split()[:2]]
        if any(self.catalogue.value_named(word) is not None for word in follows):
            return True
        bounds = (*self.lexicon.amounts.values(), *self.lexicon.years.values(), self._bounds)
        claims = self.lexicon.asks.get("claim")
        patterns = bounds if claims is None else (*bounds, claims)
        return any(
            one.start() <= match.start() < one.end()
            for pattern in patterns
            for one in pattern.finditer(text)
        )

    @cached_property
    def _bounds(self) -> re.Pattern[str]:
        """Any bound on a number, whatever it is of: "over 40"."""
        phrases = self.lexicon.bounds
        return self.lexicon.pattern(one for side in SIDES for one in phrases.get(side, ()))

    def _repeated(self, found: Mentions) -> None:
        """Mark further mentions of a user by the number alone: "similar to 78 but 78 has not"."""
        for number, user in enumerate(found.users):
            if user.isdigit() and user in found.text:
                bare = re.compile(
                    rf"(?<![\w.]){user}(?![\w.]*[0-9])(?!{self._units.pattern}|{self._for_user})"
                )
                found.text = bare.sub(chr(USERS[0] + number), found.text)
