"""A text of several questions → its parts, and the parts → one compound question."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cached_property

from assistant.asking.kinds import traits
from assistant.asking.question import Question
from assistant.lexicon import Lexicon, plain_text

_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")


class Splitter:
    """Splits texts of one language."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon

    def split(self, text: str) -> list[str]:
        """Return the parts of a text that says "then", or ends several sentences."""
        parts = [part for part in self._then.split(text) if part and plain_text(part)]
        return parts if len(parts) > 1 else self._counted(text)

    def _counted(self, text: str) -> list[str]:
        """Return the parts of "2 comedies for user 78 and 3 dramas for 672", each a question."""
        starts = [match.end() for match in self._next_count.finditer(text)]
        first = self._count_for.search(text)
        if not starts or first is None or first.start() >= starts[0]:
            return []
        verb, bounds = text[: first.start()], [first.start(), *starts, len(text)]
        pieces = [
            self._next_end.sub("", text[a:b]) for a, b in zip(bounds, bounds[1:], strict=False)
        ]
        return [verb + piece for piece in pieces] if all(map(self._count_for.match, pieces)) else []

    @cached_property
    def _count_for(self) -> re.Pattern[str]:
        """A number of items for somebody: "3 for 672", "two dramas to user 78"."""
        for_, user = (self.lexicon.words[name].pattern for name in ("recipient", "user"))
        return re.compile(
            rf"(?:{self.lexicon.number.pattern})(?: [\w'-]+){{0,4}}? (?:{for_}) "
            rf"(?:(?:{user}) )?[^\s,;]*[0-9]",
            re.IGNORECASE,
        )

    @cached_property
    def _next_end(self) -> re.Pattern[str]:
        return re.compile(rf"(?:[,;.]| (?:{self.lexicon.words['and'].pattern}))* *$", re.IGNORECASE)

    @cached_property
    def _next_count(self) -> re.Pattern[str]:
        and_ = self.lexicon.words["and"].pattern
        return re.compile(rf"(?:,|;|,? (?:{and_})) (?={self._count_for.pattern})", re.IGNORECASE)

    @cached_property
    def _then(self) -> re.Pattern[str]:
        then = "|".join(sorted(self.lexicon.then, key=len, reverse=True))
        return re.compile(rf"[,.]? (?:{then}) |;|(?<=[?!])\s", re.IGNORECASE)

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


def compound(whole: Question, parts: list[Question]) -> Question:
    """Return the question in parts, where each stands on its own or on the users before it."""
    if len(parts) < 2 or not (parts[0].user_ids or parts[0].item_choices):
        return whole
    settled: list[Question] = []
    for part in parts:
        if part.kind == "unclear":
            return whole
        before = settled[-1] if settled else None
        if before is not None and not part.user_ids and part.kind not in traits("impersonal"):
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
