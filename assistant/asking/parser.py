"""Question text → one typed Question, by code alone: mentions, conditions, numbers, kind."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cached_property

from assistant.asking.amounts import AmountReader, Window
from assistant.asking.catalogue import Catalogue, Found
from assistant.asking.conditions import ConditionReader, Conditions
from assistant.asking.filters import All, Condition, Named, Not
from assistant.asking.kinds import Seen, kind_of
from assistant.asking.marked import Mentions
from assistant.asking.mentions import MentionFinder
from assistant.asking.people import described
from assistant.asking.question import Question
from assistant.lexicon import Lexicon, language_of, load_lexicon, plain_text
from assistant.lexicon.phrases import ITEM, ITEMS, USER, USERS
from ingest.dataset.schema import Dataset
from ingest.errors import AskerError

__all__ = ["MAX_CHARACTERS", "QuestionParser"]

MAX_CHARACTERS = 4000
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_NEGATIVE = re.compile(r"(?:^|\s)[-−][0-9]+(?= )")
IMPERSONAL = frozenset(
    ("audience", "also_seen", "describe_item", "rising", "top_rated", "most_popular", "catalogue",
     "lowest_rated", "most_divided", "unwatched", "from_titles", "most_active", "items_that",
     "likely_users", "item_similarity", "model_quality")
)  # fmt: skip
"""Kinds that need no user, even where the asker is known."""
_ONE_QUESTION = frozenset(("recommend_from_neighbours", "recommend_both_ways", "from_titles"))
_SIGNED = frozenset(("from_titles", "what_if"))
"""Kinds in which an item with "not" is a fact about a person, not a wish."""
_OF_PEOPLE = frozenset(("similar_users", "least_similar", "most_active", "likely_users"))
"""Kinds that list users: the number asked for counts people."""
_WITH_TOPIC = frozenset(("recommend", "diverse", "like_item", "recommend_many"))
_WITH_PERSON = frozenset(("segment", "what_if", "from_titles"))


class QuestionParser:
    """Reads questions about one data set, in every language that has a lexicon."""

    def __init__(self, dataset: Dataset, lexicon: Lexicon, catalogue: Catalogue) -> None:
        self.dataset = dataset
        self.lexicon = lexicon
        self.catalogue = catalogue
        self._readers: dict[str, _Reader] = {}

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
        reader = self._reader(language_of(plain_text(text)))
        asked, demanded = reader.without_demand(text)
        whole = replace(reader.read(asked, user_id), text=text, demanded=demanded)
        parts = reader.split(asked) if whole.kind not in _ONE_QUESTION else []
        return _compound(whole, reader.read_parts(parts, user_id))

    def _reader(self, language: str) -> _Reader:
        if language not in self._readers:
            lexicon = self.lexicon if language == "en" else load_lexicon(language)
            catalogue = self.catalogue if language == "en" else self.catalogue.spoken_in(lexicon)
            self._readers[language] = _Reader(self.dataset, lexicon, catalogue)
        return self._readers[language]


class _Reader:
    """The rooms of the parser put together for one language."""

    def __init__(self, dataset: Dataset, lexicon: Lexicon, catalogue: Catalogue) -> None:
        self.dataset = dataset
        self.lexicon = lexicon
        self.catalogue = catalogue
        self.mentions = MentionFinder(dataset, lexicon, catalogue)
        self.conditions = ConditionReader(lexicon, catalogue)
        self.amounts = AmountReader(lexicon, catalogue, self.mentions.noun)
        without, and_ = (lexicon.words[name].pattern for name in ("without", "and"))
        self._left_out = re.compile(
            rf"(?:{without})(?: \w+){{0,3}} ?(?P<items>{ITEM}(?:,? ?(?:(?:{and_}) )?{ITEM})*)"
        )
        self._article = re.compile(rf"^(?:(?:{lexicon.words['single'].pattern}) )+")
        self._none_of = re.compile(rf"(?:{without}) (?:from|with|of) (?P<title>{ITEM})")
        self._about = re.compile(
            rf"(?:{lexicon.words['about'].pattern}) ?(?P<topic>[^.?,]+?)"
            rf"(?= (?:{lexicon.words['topic_end'].pattern})|[.?,]|$)"
        )

    def without_demand(self, text: str) -> tuple[str, str]:
        """Return the text less an order to say a number of others, and that order.

        "compare 1 and 2 and say that the Jaccard of user 3 is 1" asks about 1 and 2 only.
        """
        match = self._demand.search(text)
        rest = "" if match is None else text[: match.start()] + text[match.end() :]
        if match is None or not re.search(r"[0-9]", rest):
            return text, ""
        *named, _ = _NUMBER.findall(match["what"])
        return (rest, match["what"]) if set(named) - set(_NUMBER.findall(rest)) else (text, "")

    @cached_property
    def _demand(self) -> re.Pattern[str]:
        words, and_ = (self.lexicon.words[name].pattern for name in ("demand", "and"))
        return re.compile(
            rf"(?:^|[,.;!?]? (?:(?:{and_}|{'|'.join(self.lexicon.then)}) )*)(?:please )?"
            rf"(?:{words}):? (?P<what>[^;!?]*?[0-9]+(?:\.[0-9]+)?%?)(?=[.;!?]?(?: |$))"
            rf"(?![^.;!?]*[0-9])",
            re.IGNORECASE,
        )

    def read(self, text: str, user_id: str | None) -> Question:
        """Return what the text asks, taken as one question."""
        window = Window()

        def without_window(plain: str) -> str:
            nonlocal window
            window, rest = self.amounts.window(plain)
            return rest

        found = self.mentions.find(text, without_window)
        users = tuple(found.users[number] for number in found.in_order(USERS[0]))
        addressed = self.mentions.is_addressed(found.text)
        left_out = self._items_left_out(found.text)
        series = self._series(found)
        left_out += series
        topic = self._topic(found.text)
        person, rest = described(found.text, self.catalogue, self.amounts)
        least, rest = self.amounts.least_score(rest)
        labels, rest = self.amounts.take("stars", rest)
        conditions = self.conditions.read(rest if topic is None else rest.replace(topic, ",", 1))
        seen = Seen(
            text=found.text,
            n_users=len(users),
            n_items=len(found.in_order(ITEMS[0])) - len(left_out) + len(found.unknown),
            noun=self.mentions.noun.search(found.text) is not None,
            person=bool(person),
            filters=bool(conditions.conditions),
        )
        kind, impersonal = self._kind(seen, user_id)
        if user_id is not None and not users and not impersonal:
            users, addressed = (user_id,), True
        if kind == "recommend_many":
            users = self._target_first(found, users)
        if kind == "only_one_seen" and self.lexicon.asks_for("reversed", found.text):
            users = users[::-1]
        if kind == "unclear" and self.mentions.titles.guess(found, exactly=not users):
            kind = "predict" if users else "describe_item"
        if kind == "unclear" and users and any(map(str.isdigit, found.unknown)):
            kind = "predict"
        signed = kind in _SIGNED
        if signed:
            series = []
            left_out = self._negated_items(found.text)
        named = [number for number in found.in_order(ITEMS[0]) if number not in left_out]
        return Question(
            text=text,
            kind=kind,
            user_ids=users,
            item_choices=tuple(self._external(found.items[number]) for number in named),
            n=0
            if _NEGATIVE.search(text)
            else window.n or self.amounts.count(conditions.rest, people=kind in _OF_PEOPLE),
            filters=self._filters(conditions, found, [] if signed else left_out, series),
            addressed_as_user=addressed,
            unknown_names=tuple(found.unknown),
            topic=topic if kind in _WITH_TOPIC else None,
            offset=window.offset,
            least_score=least,
            claimed=self.amounts.claimed(found.text),
            attributes=person if kind in _WITH_PERSON else {},
            negated=tuple(self._external(found.items[n]) for n in left_out) if signed else (),
            absent=tuple(dict.fromkeys([*conditions.absent, *self._times(kind, found.text)])),
            label=labels[0] if labels and kind == "own_ratings" else None,
            by=self._by(found.text),
            place=self._place(found.text) if kind == "why_last" else None,
            wishes=tuple(w for w in _WISHES if self.lexicon.asks_for(w, found.text)),
            language=self.lexicon.language,
        )

    def read_parts(self, texts: list[str], user_id: str | None) -> list[Question]:
        """Return the questions of all parts, none where one is no question; the last tells most."""
        read: list[Question] = []
        for text in reversed(texts):
            read.append(self.read(text, user_id))
            if read[-1].kind == "unclear":
                return []
        return read[::-1]

    def split(self, text: str) -> list[str]:
        """Return the parts of a text that says "then", or ends several sentences."""
        parts = [part for part in self._then.split(text) if part and plain_text(part)]
        return parts if len(parts) > 1 else []

    @cached_property
    def _then(self) -> re.Pattern[str]:
        then = "|".join(sorted(self.lexicon.then, key=len, reverse=True))
        return re.compile(rf"[,.]? (?:{then}) |;|(?<=[?!])\s", re.IGNORECASE)

    def _target_first(self, found: Mentions, users: tuple[str, ...]) -> tuple[str, ...]:
        """Return the users with the one whose likes are drawn on last: "what 672 liked to 78"."""
        pattern = self.lexicon.asks.get("liked_by")
        match = pattern.search(found.text) if pattern is not None else None
        if match is None:
            return users
        source = found.users[next(ord(c) - USERS[0] for c in match[0] if re.match(USER, c))]
        return (*(user for user in users if user != source), source)

    def _kind(self, seen: Seen, user_id: str | None) -> tuple[str, bool]:
        """Return the kind, and whether it is asked without regard to who asks."""
        kind = kind_of(seen, self.lexicon)
        if seen.n_users or user_id is None:
            return kind, False
        if kind in IMPERSONAL and not self.lexicon.asks_for("personally", seen.text):
            return kind, True
        return kind_of(replace(seen, n_users=1, person=False), self.lexicon), False

    def _items_left_out(self, text: str) -> list[int]:
        """Return the numbers of the items in "but not A or B", unless "not" asks or tells."""
        if any(self.lexicon.asks_for(one, text) for one in ("why_not", "what_if", "i_liked")):
            return []
        return [
            ord(mark) - ITEMS[0]
            for match in self._left_out.finditer(text)
            for mark in match["items"]
            if ITEMS[0] <= ord(mark) <= ITEMS[1]
        ]

    def _series(self, found: Mentions) -> list[int]:
        """Return the numbers of titles said of items: "all Star Wars films"."""
        noun = self.mentions.noun.pattern
        marks = re.finditer(rf"(?P<title>{ITEM}) (?P<noun>{noun})", found.text)
        return sorted({ord(m["title"]) - ITEMS[0] for m in marks if m["noun"].endswith("s")})

    def _none_of_series(self, found: Mentions) -> list[int]:
        """Return the numbers of titles of which no part is wanted: "nothing with Batman"."""
        return [ord(m["title"]) - ITEMS[0] for m in self._none_of.finditer(found.text)]

    def _negated_items(self, text: str) -> list[int]:
        """Return the items after "hated" or "not", up to the next word of liking."""
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
        return list(dict.fromkeys(found))

    def _filters(
        self, conditions: Conditions, found: Mentions, left_out: list[int], series: list[int]
    ) -> All:
        extra: list[Condition] = []
        for number in series:
            title = self.dataset.title(found.items[number].items[0])
            series_ids = self.dataset.item_ids.external[list(self.catalogue.series(title))]
            extra.append(Named(title, tuple(map(str, series_ids))))
        whole = set(self._none_of_series(found))
        for number in sorted(set(left_out) - set(series)):
            ids = self._external(found.items[number])
            if number in whole:
                title = self.dataset.title(found.items[number].items[0])
                parts = self.dataset.item_ids.external[list(self.catalogue.series(title))]
                ids = tuple(dict.fromkeys([*ids, *map(str, parts)]))
            extra.append(Not(Named(self.dataset.title(found.items[number].items[0]), ids)))
        return All(tuple(dict.fromkeys([*conditions.conditions, *extra])))

    def _topic(self, text: str) -> str | None:
        """Return the words after "about", up to the end of the phrase."""
        match = self._about.search(text)
        topic = self._article.sub("", match["topic"].strip()) if match else None
        return topic if topic and self.catalogue.value_named(topic) is None else None

    def _times(self, kind: str, text: str) -> list[str]:
        """Return "times" where it is asked when something was seen and the data do not tell."""
        asked = kind == "membership" and self.lexicon.asks_for("when", text)
        return ["times"] if asked and not self.dataset.has_times else []

    def _place(self, text: str) -> int | None:
        words = (word.strip(".,?") for word in text.split())
        return next((self.lexicon.places[w] for w in words if w in self.lexicon.places), None)

    def _by(self, text: str) -> str:
        by = ("deepfm", "neighbours")
        return next((one for one in by if self.lexicon.asks_for(f"by_{one}", text)), "both")

    def _external(self, found: Found) -> tuple[str, ...]:
        return tuple(str(self.dataset.item_ids.external[item]) for item in found.items)


_WISHES = (
    "private",
    "nothing_disliked",
    "liked_by",
    "swap",
    "each",
    "wants_reason",
    "injection",
    "more",
    "not_that",
    "and_for",
    "why_that",
    "funny",
    "top_rated",
    "most_popular",
    "least_popular",
    "what_if_with",
    "first",
    "all_different",
    "group_fair",
    "social",
    "own_lowest",
    "fewest",
    "prefers",
)


def _compound(whole: Question, parts: list[Question]) -> Question:
    """Return the question in parts, where each stands on its own or on the users before it."""
    if len(parts) < 2 or not (parts[0].user_ids or parts[0].item_choices):
        return whole
    settled: list[Question] = []
    for part in parts:
        if part.kind == "unclear":
            return whole
        before = settled[-1] if settled else None
        if before is not None and not part.user_ids and part.kind not in IMPERSONAL:
            part = replace(part, user_ids=before.user_ids)
            if part.kind == "recommend" and len(part.user_ids) > 1:
                part = replace(part, kind="swap" if "swap" in part.wishes else "recommend_many")
        settled.append(part)
    return replace(
        whole,
        kind="compound",
        user_ids=settled[0].user_ids,
        addressed_as_user=any(part.addressed_as_user for part in settled),
        parts=tuple(settled),
    )
