"""Question text → one typed Question, by code alone, with the words of a lexicon."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal

from assistant.catalogue import Catalogue, Found
from assistant.filters import All, Between, Condition, Not
from assistant.lexicon import Lexicon, plain_text
from ingest.errors import AskerError
from ingest.schema import Dataset

Kind = Literal[
    "recommend",
    "recommend_from_neighbours",
    "recommend_both_ways",
    "similar_users",
    "user_similarity",
    "predict",
    "unclear",
]
DEFAULT_N = 5
MAX_CHARACTERS = 4000
MAX_N = 1000


_BARE_USER = re.compile(
    r"\b(most like|similar to|nearest to|closest to|like|are|is|between|of) #?([0-9]+)\b(?! users)"
)


@dataclass(frozen=True)
class Question:
    """What was asked. Ids are external; `item_choices` has the possible items of each name."""

    text: str
    kind: Kind
    user_ids: tuple[str, ...] = ()
    item_choices: tuple[tuple[str, ...], ...] = ()
    n: int = DEFAULT_N
    filters: All = field(default_factory=All)
    addressed_as_user: bool = False
    """The asker is the user ("I'm user 78"): the answer says "you"."""
    unknown_names: tuple[str, ...] = ()
    """Words that stand where an item's name should, and are none."""
    topic: str | None = None
    """What the items are to be about, where the question says so in free words."""

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "user_ids": list(self.user_ids),
            "item_ids": [choices[0] for choices in self.item_choices if len(choices) == 1],
            "n": self.n,
            "filters": self.filters.to_json(),
            "unknown_names": list(self.unknown_names),
            "topic": self.topic,
        }


class QuestionParser:
    """Reads questions about one data set."""

    def __init__(self, dataset: Dataset, lexicon: Lexicon, catalogue: Catalogue) -> None:
        self.dataset = dataset
        self.lexicon = lexicon
        self.catalogue = catalogue
        user, item = lexicon.words["user"].pattern, lexicon.words["item"].pattern
        token = r"#?(?P<id>[\w.:]*[\w])"
        self._user = re.compile(rf"{user}(?: (?:number|no\.?|id|called|named))? ?[:#]? ?{token}")
        self._item = re.compile(rf"{item}(?: (?:number|no\.?|id))? ?[:#]? ?{token}")
        self._more = re.compile(rf" ?(?:,|{lexicon.words['and'].pattern}) ?(?:{user} )?{token}")
        self._asker = re.compile(rf"{lexicon.words['asker'].pattern} (?:{user} )?{token}")
        nouns = {dataset.noun.one, dataset.noun.many}
        self._noun = re.compile(rf"(?:{item}|\b(?:{'|'.join(map(re.escape, sorted(nouns)))})\b)")
        self._a_noun = re.compile(rf"\b(?:an?|the best) {self._noun.pattern}")
        self._will_like = re.compile(
            rf"{lexicon.asks['predict'].pattern} (?P<user>[0-9]+) {lexicon.asks['like'].pattern}"
            rf"(?: {item})? #?(?P<item>[0-9]+)\b"
        )

    def parse(self, text: str, user_id: str | None = None) -> Question:
        """Return the Question in `text`; `user_id` names the asker's user when the text does not.

        Raises:
            AskerError: the text is empty or longer than 4,000 characters.
        """
        if not text.strip():
            raise AskerError(
                'the question is empty; ask, for example, "Suggest 2 films to user 78"'
            )
        if len(text) > MAX_CHARACTERS:
            raise AskerError(
                f"the question has {len(text):,} characters and at most {MAX_CHARACTERS:,} are "
                "read; shorten it"
            )
        plain = self._with_user_words(_joined_user_ids(plain_text(text)))
        users, rest = self._users(plain)
        addressed = self._asker.search(plain) is not None
        if user_id is not None and not users:
            users, addressed = (user_id,), True
        items, unknown, rest = self._items(text, rest)
        filters = All(tuple(self._conditions(rest)))
        kind = self._kind(plain, users, bool(items or unknown))
        if kind == "unclear" and users and filters:
            kind = "recommend"
        return Question(
            text=text,
            kind=kind,
            user_ids=users,
            item_choices=tuple(self._external(found) for found in items),
            n=self._count(rest, kind),
            filters=filters,
            addressed_as_user=addressed,
            unknown_names=unknown if kind == "predict" else (),
            topic=_topic(plain) if kind == "recommend" else None,
        )

    def _with_user_words(self, plain: str) -> str:
        """Write "user" and "item" before bare numbers: "will 78 like 110", "who is like 78"."""
        plain = self._will_like.sub(
            lambda m: (
                m[0]
                .replace(m["user"], f"user {m['user']}", 1)
                .replace(m["item"], f"item {m['item']}")
            ),
            plain,
        )
        if self._item.search(plain) or not self.lexicon.asks_for("similar", plain):
            return plain
        return _BARE_USER.sub(r"\1 user \2", plain)

    def _external(self, found: Found) -> tuple[str, ...]:
        return tuple(str(self.dataset.item_ids.external[item]) for item in found.items)

    def _users(self, plain: str) -> tuple[tuple[str, ...], str]:
        """Return the user ids in the text, in order, and the text without them."""
        ids: list[str] = []
        rest = plain
        for pattern in (self._asker, self._user):
            place = 0
            while (match := pattern.search(rest, place)) is not None:
                place = match.end()
                if not self._is_user_id(match["id"]):
                    continue
                mentioned = [match["id"]]
                while (more := self._more.match(rest, place)) and self._is_user_id(more["id"]):
                    mentioned.append(more["id"])
                    place = more.end()
                ids += mentioned
                rest = rest[: match.start()] + " " + rest[place:]
                place = match.start()
        hashed = re.findall(r"#(\w+)", rest) if not ids else []
        rest = re.sub(r"#\w+", " ", rest) if hashed else rest
        return tuple(dict.fromkeys(self._as_written(one) for one in ids + hashed)), rest

    def _is_user_id(self, token: str) -> bool:
        """Tell whether a word after "user" is an id: one of the data's, or one with a digit."""
        return self._as_written(token) in self.dataset.user_ids or any(map(str.isdigit, token))

    def _as_written(self, token: str) -> str:
        """Return the id as the data write it: questions are read in lower case."""
        if token in self.dataset.user_ids:
            return token
        return self._lower_user_ids.get(token, token)

    @property
    def _lower_user_ids(self) -> dict[str, str]:
        if not hasattr(self, "_lowered"):
            self._lowered = {
                str(one).casefold(): str(one) for one in self.dataset.user_ids.external[::-1]
            }
        return self._lowered

    def _items(self, text: str, rest: str) -> tuple[list[Found], tuple[str, ...], str]:
        """Return the items named, words that should be names and are not, and the other text."""
        found: list[Found] = []
        for match in list(self._item.finditer(rest)):
            if any(map(str.isdigit, match["id"])):
                item = self.catalogue.find(match["id"])
                if item is None:
                    return [], (match["id"],), rest.replace(match[0], " ")
                found.append(item)
                rest = rest.replace(match[0], " ")
        found = found or self.catalogue.titles_in(text)
        if found:
            return found, (), rest
        after = re.search(r"\b(?:likes?|enjoys?|loves?|rates?|watch|of|for) (?P<name>[^?]+)", rest)
        if after is None:
            return [], (), rest
        name = re.split(r"\b(?:and|why|how|because)\b|[?,]", after["name"])[0].strip(" .")
        name = re.sub(rf"^(?:the )?{self._noun.pattern}(?: called| named)? ", "", name)
        item = self.catalogue.find(name) if name else None
        return ([item], (), rest) if item else ([], (name,) if name else (), rest)

    def _count(self, rest: str, kind: Kind) -> int:
        """Return how many are asked for: a number before the items, else the first one left."""
        numbers = [
            (m.start(), m.end(), self._number(m[0])) for m in self.lexicon.number.finditer(rest)
        ]
        years = re.compile(r"(?:1[89]|20)[0-9]{2}")
        numbers = [one for one in numbers if not years.fullmatch(rest[one[0] : one[1]])]
        for _, stop, value in numbers:
            follows = rest[stop : stop + 40]
            noun = self._noun.search(follows)
            named = any(
                self.catalogue.value_named(word.strip(".,?")) for word in follows.split()[:3]
            )
            if named or (noun is not None and noun.start() <= 25):
                return min(value, MAX_N)
        alone = re.compile(r" ?(?:$|[.,?]|(?:for|to|please|that|which|more|users|people)\b)")
        digits = [value for start, _, value in numbers if rest[start].isdigit()]
        words = [
            v for start, stop, v in numbers if not rest[start].isdigit() and alone.match(rest, stop)
        ]
        fallback = 10 if kind == "similar_users" else DEFAULT_N
        if self._a_noun.search(rest):
            fallback = 1
        steps = re.search(r"\b1[ :.)]", rest) and re.search(r"\b2[ :.)]", rest)
        if steps:  # "approach 1: … and 2: …" numbers its steps
            digits = [value for value in digits if value not in (1, 2)]
        return min((digits or words or [fallback])[0], MAX_N)

    def _number(self, word: str) -> int:
        return int(word) if word.isdigit() else self.lexicon.numbers[word]

    def _kind(self, plain: str, users: tuple[str, ...], names_item: bool) -> Kind:
        """Choose the kind by the first rule that holds, from the particular to the general."""
        asks = self.lexicon.asks_for
        recommends = asks("recommend", plain)
        if asks("similar", plain) and len(users) == 2 and not recommends:
            return "user_similarity"
        if asks("both_ways", plain) and recommends:
            return "recommend_both_ways"
        if recommends and asks("neighbours_first", plain) and self._item_wanted(plain):
            return "recommend_from_neighbours"
        wants_people = asks("similar", plain) and asks("people", plain)
        if wants_people or (asks("neighbours_first", plain) and not self._item_wanted(plain)):
            return "similar_users"
        predicts = asks("predict", plain) and asks("like", plain) and bool(users)
        if predicts and names_item and not recommends:
            return "predict"
        if recommends or predicts or (self._item_wanted(plain) and users):
            return "recommend"
        return "unclear"

    def _item_wanted(self, plain: str) -> bool:
        return self._noun.search(plain) is not None

    def _conditions(self, rest: str) -> list[Condition]:
        """Return conditions on attribute values and years, negated after "no" or "not"."""
        conditions: list[Condition] = []
        words = [word.strip(".,?'") for word in rest.replace("'", "").split()]
        start = 0
        while start < len(words):
            for stop in range(min(len(words), start + 4), start, -1):
                condition = self.catalogue.value_named(" ".join(words[start:stop]))
                if condition is not None:
                    before = " ".join(words[max(0, start - 2) : start])
                    negated = self.lexicon.asks_for("without", before)
                    conditions.append(Not(condition) if negated else condition)
                    start = stop - 1
                    break
            start += 1
        return list(dict.fromkeys(conditions + self._years(rest)))

    def _years(self, rest: str) -> list[Condition]:
        """Return conditions on the data's dense item field `year`, when they have one."""
        if not any(f.name == "year" and f.kind == "dense" for f in self.dataset.fields_of("item")):
            return []
        decade = re.search(r"\b(?P<century>1[89]|20)?(?P<decade>[0-9])0'?s\b", rest)
        if decade:
            low = int(f"{decade['century'] or 19}{decade['decade']}0")
            return [Between("year", low, low + 9)]
        year = r"((?:1[89]|20)[0-9]{2})"
        patterns = (
            (
                rf"\b(?:between|from) {year} (?:and|to|until) {year}",
                lambda m: (int(m[1]), int(m[2])),
            ),
            (rf"\b(?:before|older than) {year}", lambda m: (None, int(m[1]) - 1)),
            (rf"\b(?:until|up to) {year}", lambda m: (None, int(m[1]))),
            (rf"\b(?:after|newer than) {year}", lambda m: (int(m[1]) + 1, None)),
            (rf"\b(?:since|from {year} on) {year}", lambda m: (int(m[2] or m[1]), None)),
            (rf"\b(?:since) {year}", lambda m: (int(m[1]), None)),
            (rf"\b(?:from|in|of) {year}", lambda m: (int(m[1]), int(m[1]))),
        )
        for pattern, bounds in patterns:
            match = re.search(pattern, rest)
            if match:
                return [Between("year", *bounds(match))]
        return []


def _topic(plain: str) -> str | None:
    """Return the words after "about", up to the end of the phrase."""
    match = re.search(r"\babout (?P<topic>[^.?,#]+?)(?= (?:for|to) user\b|[.?,#]|$)", plain)
    return match["topic"].strip() if match else None


def _joined_user_ids(plain: str) -> str:
    """Read "userid 78" and "user id 78" as "user 78"."""
    return re.sub(r"\b(user|customer|client|account)s? ?ids?\b", r"\1", plain)
