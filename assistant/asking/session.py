"""A conversation: a small explicit state, and how it completes what the next text leaves out.

conversation = Conversation(RecommendationQA.from_home())
conversation.ask("Suggest 2 comedies to user 78")
conversation.ask("3 more")          # the same, less what was shown
conversation.ask("why the second?") # the item at that place
conversation.ask("and for user 200?")
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from assistant.asking.calls import RULES
from assistant.asking.filters import (
    LEFT_OUT,
    SHOWN,
    All,
    Audience,
    Between,
    Condition,
    Is,
    Named,
    Not,
)
from assistant.asking.parser import QuestionParser
from assistant.asking.question import Question
from assistant.lexicon import Lexicon, plain_text

if TYPE_CHECKING:
    from assistant.chain import RecommendationQA


@dataclass
class Session:
    """What a conversation has come to; plain values, so that it can be kept anywhere."""

    question: Question | None = None
    """The last question that was answered, complete."""
    shown: tuple[str, ...] = ()
    """The ids of the items listed last, in order."""
    offered: tuple[str, ...] = ()
    """Every id listed since the last question that stood on its own."""
    refused: tuple[str, ...] = ()
    """Ids the asker does not want."""
    user_id: str | None = None
    pending: Question | None = None
    """A question that could not be answered because a title names several items."""

    def remember(self, question: Question, answer: Mapping[str, Any]) -> None:
        """Keep what the answer showed; an answer that only asks back leaves the state as it was."""
        asks_back = answer["status"] == "needs_clarification"
        ambiguous = any(len(choices) > 1 for choices in question.item_choices)
        self.pending = question if asks_back and ambiguous else None
        if answer["status"] != "answered":
            return
        listed = tuple(row["item_id"] for row in answer["recommendations"])
        if listed or question.kind in RULES and RULES[question.kind].lists:
            self.shown = listed
            self.offered = tuple(dict.fromkeys((*self.offered, *listed)))
        if question.kind not in _ASIDES:
            self.question = question
        if question.user_ids:
            self.user_id = question.user_ids[0]


_ASIDES = frozenset(("why_recommended", "why_not", "certainty", "how_computed", "describe_item"))
"""Kinds that ask about a list and leave it standing."""
_OPEN = frozenset(("unclear", "recommend", "most_popular", "top_rated", "describe_user"))
"""Kinds that a short text may be read as though it only goes on."""


@dataclass
class Reader:
    """Completes texts from a session."""

    parser: QuestionParser
    lexicon: Lexicon

    def read(self, text: str, session: Session, user_id: str | None = None) -> Question:
        """Return the question in `text`, completed by what was asked and shown before.

        Raises:
            AskerError: the text cannot be read at all.
        """
        alone = self.parser.parse(text)
        if session.pending is not None and (told := self._told_which(alone, session.pending)):
            return told
        user = user_id or session.user_id
        if session.question is None:
            return self.parser.parse(text, user) if user else alone
        followed = self._follow_up(alone, session)
        if followed is not None:
            return followed
        session.offered, session.refused = (), ()
        if alone.user_ids or user is None or alone.kind == "compound":
            return alone
        completed = self.parser.parse(text, user)
        spoken = user_id is not None or session.question.addressed_as_user
        return replace(completed, addressed_as_user=completed.addressed_as_user and spoken)

    def _told_which(self, asked: Question, pending: Question) -> Question | None:
        """Return the pending question with the item the text points at: an id, a place, a year."""
        plain = plain_text(asked.text)
        place = self._place(plain)
        choices = []
        for open_ in pending.item_choices:
            mask = asked.filters.mask(self.parser.dataset)
            codes = self.parser.dataset.item_ids.codes(list(open_))
            fitting = [one for one, code in zip(open_, codes, strict=True) if mask[code]]
            named = [one for one in open_ if re.search(rf"(?<!\w){re.escape(one)}(?!\w)", plain)]
            meant = [one for one in open_ if one in asked.item_ids] or named
            if not meant and asked.filters and len(fitting) == 1:
                meant = fitting
            if not meant and place is not None and len(open_) > 1 and place <= len(open_):
                meant = [open_[place - 1 if place > 0 else place]]
            choices.append(tuple(meant[:1]) or open_)
        settled = tuple(choices)
        if settled == pending.item_choices or any(len(one) > 1 for one in settled):
            return None
        return replace(pending, item_choices=settled)

    def _follow_up(self, asked: Question, session: Session) -> Question | None:
        """Return the last question changed as the text says; None where it stands on its own."""
        last = session.question
        assert last is not None
        wishes, plain = set(asked.wishes), plain_text(asked.text)
        place = self._place(plain)
        about = self._asked_why(asked, session, place)
        if about is not None:
            return about
        if asked.kind not in _OPEN | {last.kind} or asked.item_choices or last.parts:
            return None
        lists = last.kind in RULES and RULES[last.kind].lists
        if lists and "not_that" in wishes:
            gone = self._places(plain, session)
            session.refused = tuple(dict.fromkeys((*session.refused, *gone)))
            return self._again(last, asked, session, fresh=False)
        if asked.user_ids and (asked.kind == "unclear" or "and_for" in wishes):
            session.offered = ()
            kept = All(tuple(_merged(last.filters.conditions, ())))
            return replace(
                last,
                text=asked.text,
                user_ids=asked.user_ids,
                filters=kept,
                addressed_as_user=False,
            )
        if asked.user_ids or not lists:
            return None
        if "more" in wishes:
            return self._again(last, asked, session, fresh=True)
        if asked.filters or self._only_a_number(plain):
            return self._again(last, asked, session, fresh=False)
        return None

    def _asked_why(self, asked: Question, session: Session, place: int | None) -> Question | None:
        """Return "why the second?" as a question about the item shown there."""
        if not session.shown or "why_that" not in asked.wishes or asked.item_choices:
            return None
        if asked.user_ids or asked.kind not in (
            "unclear",
            "recommend",
            "why_recommended",
            "why_last",
        ):
            return None
        last = session.question
        assert last is not None
        listed = session.shown if (place or 0) <= len(session.shown) else session.offered
        chosen = listed
        if place is not None:
            chosen = listed[place - 1 : place] if place > 0 else listed[-1:]
        kind = "why_recommended" if last.user_ids else "describe_item"
        choices = tuple((item,) for item in chosen)
        return replace(
            last, text=asked.text, kind=kind, item_choices=choices, filters=All(), wishes=()
        )

    def _again(self, last: Question, asked: Question, session: Session, fresh: bool) -> Question:
        """Return the last question with new wishes; `fresh` leaves out what was shown."""
        conditions = _merged(last.filters.conditions, asked.filters.conditions)
        stays = () if fresh else session.shown
        before = tuple(i for i in session.offered if i not in (*stays, *session.refused))
        if before:
            conditions.append(Not(Named(SHOWN, before)))
        if session.refused:
            conditions.append(Not(Named(LEFT_OUT, session.refused)))
        number = self._number(plain_text(asked.text))
        if number in _bounds(asked.filters.conditions):
            number = None  # "cheaper than 20" asks for no twenty items
        return replace(
            last,
            text=asked.text,
            n=number if number is not None else last.n,
            filters=All(tuple(conditions)),
            absent=asked.absent,
            item_choices=last.item_choices,
        )

    def _number(self, plain: str) -> int | None:
        words = self.lexicon.places
        for match in self.lexicon.number.finditer(plain):
            if match[0] not in words and not re.fullmatch(r"(?:1[89]|20)[0-9]{2}", match[0]):
                if match[0] == "one" and re.search(r"\b(?:that|this|another) one\b", plain):
                    continue
                return int(self.lexicon.value_of(match[0]))
        return None

    def _only_a_number(self, plain: str) -> bool:
        return len(plain.split()) <= 4 and self._number(plain) is not None

    def _place(self, plain: str) -> int | None:
        return next(
            (
                self.lexicon.places[w]
                for w in plain.strip("?. ").split()
                if w in self.lexicon.places
            ),
            None,
        )

    def _places(self, plain: str, session: Session) -> tuple[str, ...]:
        """Return the shown items that a text points at: by place, else all of them."""
        places = [
            self.lexicon.places[w.strip(".,?")]
            for w in plain.split()
            if w.strip(".,?") in self.lexicon.places
        ]
        chosen = [session.shown[p - 1 if p > 0 else p] for p in places if p <= len(session.shown)]
        return tuple(chosen) if places and session.shown else session.shown


def _merged(before: tuple[Condition, ...], new: tuple[Condition, ...]) -> list[Condition]:
    """Return both sets of wishes; a new bound replaces the old one, a new value its opposite."""
    bounds = {type(one) for one in new if not isinstance(one, Is | Not)}
    fields = {one.field for one in new if isinstance(one, Between)}
    kept = [
        one
        for one in before
        if not (isinstance(one, Between) and one.field in fields)
        and not (type(one) in bounds and not isinstance(one, Between))
        and Not(one) not in new
        and not (isinstance(one, Not) and (one.inner in new or _is_memory(one)))
    ]
    return list(dict.fromkeys([*kept, *new]))


def _bounds(conditions: tuple[Condition, ...]) -> set[float | None]:
    """Return the numbers that stand in conditions."""
    return {
        bound
        for one in conditions
        if isinstance(one, Between | Audience)
        for bound in (one.low, one.high)
    }


def _is_memory(condition: Not) -> bool:
    inner = condition.inner
    return isinstance(inner, Named) and inner.name in (SHOWN, LEFT_OUT)


@dataclass
class Conversation:
    """Questions to a RecommendationQA, each read in the light of those before."""

    qa: RecommendationQA
    user_id: str | None = None
    """Who is asking, where the questions do not say."""
    session: Session = field(default_factory=Session)

    def ask(self, text: str) -> dict[str, Any]:
        """Answer the next text of the conversation; the same dict as `RecommendationQA.invoke`."""
        home = self.qa.home
        question = Reader(home.parser, home.lexicon).read(text, self.session, self.user_id)
        answer = self.qa.invoke({"query": text, "question": question})
        self.session.remember(question, answer)
        return answer
