"""Question text → one typed Question, by code alone: mentions, conditions, numbers, kind."""

from __future__ import annotations

import re
from dataclasses import replace

from assistant.asking.amounts import AmountReader, Window
from assistant.asking.catalogue import Catalogue
from assistant.asking.conditions import ConditionReader
from assistant.asking.exclusions import ExclusionReader
from assistant.asking.kinds import Seen, kind_of, traits
from assistant.asking.marked import Mentions
from assistant.asking.mentions import MentionFinder
from assistant.asking.parts import Splitter, compound
from assistant.asking.people import described
from assistant.asking.question import Question
from assistant.lexicon import Lexicon, language_of, load_lexicon, plain_text
from assistant.lexicon.phrases import ITEMS, USER, USERS
from ingest.dataset.schema import Dataset
from ingest.errors import AskerError

__all__ = ["MAX_CHARACTERS", "QuestionParser"]

MAX_CHARACTERS = 4000
_ADDRESS = re.compile(r"\S*@\S*")
"""An id whose parts are no words: the end of u1@mail.de is not French."""
_MARKUP = re.compile(r"""["'“]?</?[^\W\d][^<>]*>["'”]?|\{"[^{}]*\}|[^\W\d]\w*\("[^"()]*"\)""")
"""Tags such as "<item 1>", JSON and calls: in a suggestion of films they name none asked about."""
_NEGATIVE = re.compile(r"(?:^|\s)[-−][0-9]+(?= )")


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
        reader = self._reader(language_of(plain_text(_ADDRESS.sub(" ", text))))
        asked, demanded = reader.splitter.without_demand(text)
        read = reader.read(asked, user_id)
        if read.kind == "predict" and (bare := reader.without_markup(asked)) != asked:
            asked, read = bare, reader.read(bare, user_id)
        whole = replace(read, text=text, demanded=demanded)
        parts = reader.splitter.split(asked) if whole.kind not in traits("one_question") else []
        return compound(whole, reader.read_parts(parts, user_id))

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
        self.exclusions = ExclusionReader(lexicon, catalogue, self.mentions.noun)
        self.splitter = Splitter(lexicon)
        self._article = re.compile(rf"^(?:(?:{lexicon.words['single'].pattern}) )+")
        self._about = re.compile(
            rf"(?:{lexicon.words['about'].pattern}) ?(?P<topic>[^.?,]+?)"
            rf"(?= (?:{lexicon.words['topic_end'].pattern})|[.?,]|$)"
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
        left_out = self.exclusions.left_out(found.text)
        series = self.exclusions.series(found)
        left_out += series
        topic = self._topic(found.text)
        person, rest = described(found.text, self.catalogue, self.amounts)
        least, rest = self.amounts.least_score(rest)
        rated, rest = self.amounts.least_label(rest)
        labels, rest = self.amounts.take("stars", rest)
        conditions = self.conditions.read(rest if topic is None else rest.replace(topic, ",", 1))
        if rated is not None and self.dataset.has_labels:
            conditions.conditions.append(rated)
        elif rated is not None:
            conditions.absent.append("ratings")
        seen = Seen(
            text=found.text,
            n_users=len(users),
            n_items=len(found.in_order(ITEMS[0])) - len(left_out) + len(found.unknown),
            noun=self.mentions.noun.search(found.text) is not None,
            person=bool(person),
            filters=bool(conditions.conditions),
            ordered=conditions.order is not None,
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
        signed = kind in traits("signed")
        if signed:
            left_out = self.exclusions.negated(found.text, kind)
        else:
            conditions.conditions += self.exclusions.conditions(found, left_out, series)
        named = [number for number in found.in_order(ITEMS[0]) if number not in left_out]
        return Question(
            text=text,
            kind=kind,
            user_ids=users,
            item_choices=tuple(self.exclusions.external(found.items[number]) for number in named),
            n=self._n(kind, text, found, window, conditions.rest),
            filters=conditions.filters,
            addressed_as_user=addressed,
            unknown_names=tuple(found.unknown),
            topic=topic if kind in traits("with_topic") else None,
            offset=window.offset,
            least_score=least,
            claimed=self.amounts.claimed(found.text),
            attributes=person if kind in traits("with_person") else {},
            negated=tuple(self.exclusions.external(found.items[n]) for n in left_out)
            if signed
            else (),
            absent=tuple(dict.fromkeys([*conditions.absent, *self._times(kind, found.text)])),
            label=labels[0] if labels and kind in traits("with_label") else None,
            by=self._by(found.text),
            order=conditions.order if kind in traits("ordered") else None,
            place=self._place(found.text) if kind == "why_last" else None,
            wishes=self._wishes(found.text),
            language=self.lexicon.language,
        )

    def without_markup(self, text: str) -> str:
        """Return the text less its tags, if what is left asks for suggestions of items."""
        bare = _MARKUP.sub(" ", text)
        plain = plain_text(bare)
        asks = self.lexicon.asks_for("suggest", plain)
        return bare if asks and self.mentions.noun.search(plain) else text

    def _n(self, kind: str, text: str, found: Mentions, window: Window, rest: str) -> int:
        """Return how many are asked for; what counts is left of the text in `rest`."""
        if {one.strip() for one in _NEGATIVE.findall(text)} - {*found.users, *found.unknown}:
            return 0
        if kind in traits("of_pairs"):
            return self.amounts.pairs(rest)
        return window.n or self.amounts.count(rest, people=kind in traits("of_people"))

    def read_parts(self, texts: list[str], user_id: str | None) -> list[Question]:
        """Return the questions of all parts, none where one is no question; the last tells most."""
        read: list[Question] = []
        for text in reversed(texts):
            read.append(self.read(text, user_id))
            if read[-1].kind == "unclear":
                return []
        return read[::-1]

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
        if kind in traits("impersonal") and not self.lexicon.asks_for("personally", seen.text):
            return kind, True
        return kind_of(replace(seen, n_users=1, person=False), self.lexicon), False

    def _topic(self, text: str) -> str | None:
        """Return the words after "about", up to the end of the phrase."""
        match = self._about.search(text)
        topic = self._article.sub("", match["topic"].strip()) if match else None
        return topic if topic and self.catalogue.value_named(topic) is None else None

    def _wishes(self, text: str) -> tuple[str, ...]:
        """Return the wishes of a text, and whether a condition is of a part: "2 of them dramas"."""
        wishes = tuple(wish for wish in traits("wishes") if self.lexicon.asks_for(wish, text))
        part = self.lexicon.asks.get("part_of_list")
        parts = part.finditer(text) if part is not None else ()
        follow = (text[match.end() :].split()[:2] for match in parts)
        named = (self.catalogue.value_named(word.strip(".,?")) for one in follow for word in one)
        return (*wishes, "part_of_list") if any(named) else wishes

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
