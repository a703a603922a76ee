"""Evidence → the answer as code words it: an opening, the items with reasons, closing notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from assistant import wording
from assistant.answering import notes
from assistant.asking.plan import Plan, Status
from assistant.asking.question import Question
from assistant.evidence import Evidence, Row, rows_of
from assistant.tools import TOOLS
from assistant.wording import Voice
from assistant.wording import explain as explain_words
from assistant.wording.phrasebook import WORDED

_SILENT = frozenset(("similar_users", "filter_counts"))
"""Tools whose rows stand behind a list and are not said of their own."""


@dataclass(frozen=True)
class UserList:
    """The items listed for one of several users, with their reasons."""

    user_id: str
    items: Sequence[Row]
    reasons: Mapping[str, str]


@dataclass(frozen=True)
class Draft:
    """A complete answer without a model; `reasons` are what a model may put in its own words."""

    status: Status
    opening: str = ""
    items: Sequence[Row] = ()
    """Rows of the items listed, each with a rank."""
    reasons: dict[str, str] = field(default_factory=dict)
    """By item id, for every row of `items`."""
    explainable: bool = False
    """Whether a model may write the reasons: only where the rows hold a score and its support."""
    notes: Sequence[str] = ()
    lists: Sequence[UserList] = ()
    """Where several users each have a list: theirs, one by one."""

    def parts(self) -> list[tuple[str, str | None]]:
        """Return the answer's lines in order, each with the id of the item whose reason ends it."""
        ids = [row["item_id"] for row in self.items]
        items = list(zip(self._leads(), ids, strict=True))
        opening = [(self.opening, None)] if self.opening else []
        return [*opening, *items, *((note, None) for note in self.notes if note)]

    def _leads(self) -> list[str]:
        """Return what stands before each item's reason."""
        if all("rank" in row for row in self.items):
            return wording.leads(self.items)
        if len(self.items) == 1:
            return [""]  # the opening names it
        return [f"{wording.named(row)}: " for row in self.items]

    def text(self, reasons: Mapping[str, str]) -> str:
        """Return the whole answer with these reasons."""
        return "\n".join(
            line if item is None else line + reasons[item] for line, item in self.parts()
        )


def draft_answer(
    question: Question, plan: Plan, evidence: Sequence[Evidence], voice: Voice
) -> Draft:
    """Return the answer to `question` that the evidence carries, in its language if it can."""
    if plan.parts:
        return _noted(_compound(plan, evidence, voice), question, voice)
    voice = replace(voice, language=_language(question, plan))
    if not plan.calls:
        message = plan.message
        if question.kind == "how_computed":
            message = explain_words.in_general(voice)
        return _noted(Draft(plan.status, opening=message), question, voice)
    match question.kind:
        case "predict" if len(question.user_ids) == 1:
            draft = _prediction(evidence, voice)
        case "recommend" | "recommend_from_neighbours" if not rows_of(evidence, "popular_items"):
            draft = _recommendation(question, evidence, voice)
        case "recommend_both_ways" if rows_of(evidence, "similar_users") or any(
            call.tool == "recommend" for call in evidence
        ):
            draft = _both_ways(question, evidence, voice)
        case "how_computed":
            draft = _computed(question, evidence, voice)
        case _:
            draft = _told(question, evidence, voice)
    if plan.message:
        draft = replace(draft, opening="\n".join(filter(None, (plan.message, draft.opening))))
    return _noted(draft, question, voice)


_ENGLISH = frozenset(("user_profile",))
"""Tools whose rows hold text that is English as it stands."""
_CONDITIONS = frozenset(("items_that", "taste_for", "fans_of"))
"""Tools whose rows name the conditions of the question."""


def _language(question: Question, plan: Plan) -> str:
    """Return the language of the answer: the question's where all of it can be said in it."""
    worded = all(call.tool not in _ENGLISH for call in plan.calls)
    return question.language if worded and question.language in WORDED else "en"


def _in_words(question: Question, call: Evidence, voice: Voice) -> Evidence:
    """Return a call whose rows name the question's conditions as the language does."""
    if call.tool not in _CONDITIONS or voice.language == "en":
        return call
    condition = question.filters.words(voice)
    return replace(call, rows=[{**row, "condition": condition} for row in call.rows])


def _told(question: Question, evidence: Sequence[Evidence], voice: Voice) -> Draft:
    """Return what the tools' own wordings say, call by call; one list of items stays a list."""
    told_of = [call for call in evidence if call.tool not in _SILENT] or list(evidence)
    shown = [_in_words(question, call, voice) for call in told_of]
    lists = [call for call in shown if TOOLS[call.tool].reason is not None]
    if len(shown) == 1 and len(lists) == 1:
        call = shown[0]
        tool = TOOLS[call.tool]
        assert tool.reason is not None
        rows = [row for row in call.rows if "item_id" in row]
        items = [row for row in rows if row.get("rank") is not None]
        own = _own(call, voice)
        reasons = {row["item_id"]: tool.reason(row, own) for row in items}
        opening = _head(call, own)
        if call.tool == "popular_items" and question.kind in _PERSONAL:
            opening = ""
        said = bool(opening) and not items and not notes.is_narrowed(question)
        return Draft(
            "answered",
            opening,
            items,
            reasons,
            notes=notes.of_list(question, None if said else items, evidence, voice),
        )
    texts = [_call_text(call, voice) for call in shown]
    told = notes.of_claim(question, shown, voice)
    if question.kind not in _ABOUT_FILTERS:
        told += notes.of_list(question, None, evidence, voice)
    pairs = rows_of(evidence, "user_similarity")
    if len(pairs) > 1:
        told.append(wording.most_similar(pairs, voice))
    by_user = [_user_list(call, voice) for call in shown if call.tool == "recommend"]
    return Draft("answered", "\n".join(filter(None, texts)), notes=told, lists=by_user)


def _noted(draft: Draft, question: Question, voice: Voice) -> Draft:
    """Return the draft with what has to be said of the question itself."""
    own = draft.explainable and voice.language == "en"
    told = [*draft.notes, *notes.of_question(question, voice)]
    return replace(draft, notes=told, explainable=own)


_ABOUT_FILTERS = frozenset(("items_that", "taste_check", "fans"))
"""Kinds whose very answer names the conditions."""


_PERSONAL = frozenset(("recommend", "recommend_from_neighbours", "recommend_both_ways", "diverse"))


def _call_text(call: Evidence, voice: Voice) -> str:
    """Return one call of several in full: its head and its items."""
    tool, own = TOOLS[call.tool], _own(call, voice)
    head = _head(call, own)
    if tool.reason is None:
        return head
    reasons = {row["item_id"]: tool.reason(row, own) for row in call.rows if "item_id" in row}
    return "\n".join(filter(None, (head, wording.numbered(call.rows, reasons))))


def _own(call: Evidence, voice: Voice) -> Voice:
    """Return the voice for the user whom a call is about."""
    user_id = call.args.get("user_id")
    same = user_id in (None, voice.user_id)
    return voice if same else replace(voice, user_id=user_id, addressed=False)


def _user_list(call: Evidence, voice: Voice) -> UserList:
    own = _own(call, voice)
    reasons = {row["item_id"]: wording.reason(row, own) for row in call.rows}
    return UserList(str(call.args["user_id"]), call.rows, reasons)


def _head(call: Evidence, voice: Voice) -> str:
    """Return the line above one call's items, or all that it says."""
    if call.tool != "recommend":
        return TOOLS[call.tool].head(call.rows, voice, call.args)
    sentence = "for_user_liked" if "liked_by" in call.args else "for_user"
    other = voice.other(call.args["liked_by"]) if "liked_by" in call.args else ""
    return voice.say(sentence if call.rows else f"{sentence}_none", other=other)


def _compound(plan: Plan, evidence: Sequence[Evidence], voice: Voice) -> Draft:
    """Return the parts' answers one after the other; the items are those of the only list."""
    drafts = []
    start = 0
    for part in plan.parts:
        assert part.question is not None
        calls = evidence[start : start + len(part.calls)]
        start += len(part.calls)
        user = part.question.user_ids[0] if part.question.user_ids else None
        drafts.append(draft_answer(part.question, part, calls, replace(voice, user_id=user)))
    with_items = [draft for draft in drafts if draft.items]
    lists = [
        one for part, draft in zip(plan.parts, drafts, strict=True) for one in _lists(part, draft)
    ]
    texts = [draft.text(draft.reasons) for draft in drafts]
    status: Status = next((d.status for d in drafts if d.status == "answered"), drafts[0].status)
    if len(with_items) == 1 and with_items[0] is drafts[-1]:
        return replace(
            drafts[-1], status=status, explainable=False,
            opening="\n\n".join([*texts[:-1], drafts[-1].opening]), lists=lists,
        )  # fmt: skip
    return Draft(status, opening="\n\n".join(texts), lists=lists)


def _lists(part: Plan, draft: Draft) -> Sequence[UserList]:
    """Return a part's lists by user; one list belongs to the part's user."""
    users = part.question.user_ids if part.question is not None else ()
    if draft.lists or not users or not draft.items:
        return draft.lists
    return [UserList(users[0], draft.items, draft.reasons)]


def _prediction(evidence: Sequence[Evidence], voice: Voice) -> Draft:
    rows = rows_of(evidence, "deepfm_score")
    opening = "\n".join(wording.prediction(row, voice) for row in rows)
    reasons = {row["item_id"]: wording.support(row, voice) for row in rows}
    return Draft(
        "answered", opening, rows, reasons, explainable=True, notes=_causes(evidence, voice)
    )


def _causes(evidence: Sequence[Evidence], voice: Voice) -> list[str]:
    """Return what the scores are made of, where that was computed."""
    worded = {"score_parts": explain_words.parts, "list_parts": explain_words.parts_in_short}
    return [
        worded[call.tool](call.rows, voice, call.args) for call in evidence if call.tool in worded
    ]


def _computed(question: Question, evidence: Sequence[Evidence], voice: Voice) -> Draft:
    """Return the formula with this user's numbers."""
    pairs = rows_of(evidence, "user_similarity")
    if pairs:
        text = explain_words.pair_formula(pairs[0], voice)
        return Draft("answered", text, notes=notes.of_claim(question, evidence, voice))
    if rows_of(evidence, "list_arithmetic"):
        return _told(question, evidence, voice)
    near, rows = rows_of(evidence, "similar_users"), rows_of(evidence, "recommend")
    text = explain_words.in_general(voice)
    if near:
        text += "\n" + wording.similar_users(near, voice)
    if rows:
        text += (
            f"\nThe first of the list is {wording.named(rows[0])}: {wording.reason(rows[0], voice)}"
        )
    return Draft("answered", text)


def _recommendation(question: Question, evidence: Sequence[Evidence], voice: Voice) -> Draft:
    rows = rows_of(evidence, "recommend")
    reasons = {row["item_id"]: wording.reason(row, voice) for row in rows}
    opening = _opening(question, rows, rows_of(evidence, "similar_users"), voice)
    told = [*_causes(evidence, voice), *notes.of_list(question, rows, evidence, voice)]
    return Draft("answered", opening, rows, reasons, True, told)


def _opening(question: Question, rows: Sequence[Row], near: Sequence[Row], voice: Voice) -> str:
    """Return the line above the list: how many items, and what decided their order."""
    if not rows:
        return ""
    n = len(rows)
    if question.kind == "recommend_from_neighbours" and near:
        users = [
            voice.say("user_with", user=voice.other(row["user_id"]), jaccard=row["jaccard"])
            for row in near[:3]
        ]
        return voice.say("from_neighbours", users=voice.listed(users), near=len(near), n=n)
    about = voice.say("about", topic=question.topic) if question.topic else ""
    return voice.say(f"opening_{question.by}", n=n, about=about)


def _both_ways(question: Question, evidence: Sequence[Evidence], voice: Voice) -> Draft:
    """Return both lists and where they agree; the items are those of both, in DeepFM's order."""
    by_deepfm, by_neighbours = (call.rows for call in evidence if call.tool == "recommend")
    theirs = {row["item_id"] for row in by_neighbours}
    common = [row for row in by_deepfm if row["item_id"] in theirs]
    agreed = common[: question.n]
    agreed = [row | {"rank": rank} for rank, row in enumerate(agreed, start=1)]
    ways = (("way_deepfm", by_deepfm), ("way_neighbours", by_neighbours))
    lists = [voice.say(way, titles=_titles(rows[: question.n], voice)) for way, rows in ways]
    sentence = "agree_none"
    if agreed:
        sentence = "agree_all" if len(agreed) == len(common) else "agree_first"
    verdict = voice.say(sentence, n=len(common), depth=len(by_deepfm), shown=len(agreed))
    reasons = {row["item_id"]: wording.reason(row, voice) for row in agreed}
    told = notes.of_list(question, agreed, evidence, voice) if question.filters else ()
    return Draft("answered", "\n".join([*lists, verdict]), agreed, reasons, True, told)


def _titles(rows: Sequence[Row], voice: Voice) -> str:
    titles = [wording.named(row) for row in rows]
    return voice.listed(titles) if titles else voice.say("nothing")
