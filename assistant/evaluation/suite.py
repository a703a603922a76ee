"""The schema of a suite: cases, what must hold of their answers, and how more cases are made.

A suite is one document (YAML or JSON), or a table of cases alone (JSONL or CSV). `suite_files`
reads it, `generate_cases` expands it to the list of cases that is run.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

NumberKind = Literal["score", "percentile", "jaccard", "intersection", "union"]
Protocol = Literal["loo", "r80"]


def _as_id(value: Any) -> Any:
    """Take 78 for "78": tables and YAML write ids as numbers."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Id = Annotated[str, BeforeValidator(_as_id)]
Name = Annotated[str, BeforeValidator(_as_id), Field(min_length=1, max_length=120)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Years(_Strict):
    """Bounds on the year of every item shown; either side may be open."""

    first: int | None = Field(default=None, alias="from")
    last: int | None = Field(default=None, alias="to")


class ToolCall(_Strict):
    """A tool that must be called, in the order given; its other arguments do not matter."""

    tool: str
    args: dict[str, Any] = {}


def _as_call(value: Any) -> Any:
    return {"tool": value} if isinstance(value, str) else value


class Expect(_Strict):
    """What must hold of an answer. Everything here is computed; nothing is judged."""

    status: Literal["answered", "needs_clarification", "abstained", "refused"] | None = None
    kind: str | list[str] | None = None
    """The kind the question must be read as."""
    count: int | None = Field(default=None, ge=0)
    """How many items must be shown."""
    items: list[Id] | None = None
    """Exactly these, in this order."""
    items_include: list[Id] = []
    items_exclude: list[Id] = []
    every: dict[str, list[str]] = {}
    """By item field: each item shown has at least one of these values."""
    none: dict[str, list[str]] = {}
    """By item field: no item shown has any of these values."""
    years: Years | None = None
    seen: bool = False
    """Whether items the user has seen may be shown."""
    tools: list[Annotated[ToolCall, BeforeValidator(_as_call)]] | None = None
    numbers: list[NumberKind] = []
    """Kinds of number that must be named for each item shown."""
    text_has: list[str] = []
    text_lacks: list[str] = []
    max_characters: int | None = Field(default=None, gt=0)

    def over(self, base: Expect) -> Expect:
        """Return this, with what it leaves out taken from `base`."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        return base.model_copy(update=given)


class Case(_Strict):
    """One question, and what must hold of its answer."""

    id: Name
    question: str = Field(min_length=1)
    """Text with {variables}: those of `vars`, and {user}, {noun}, {nouns}."""
    user: Id | None = None
    """Who asks; also {user} in the question."""
    unknown_user: bool = False
    """The user is meant to be absent from the data."""
    vars: dict[str, str | int | float] = {}
    tags: list[Name] = []
    expect: Expect = Expect()
    truth: list[Id] = []
    """Held-out items, for scoring only: no prompt, retry or message ever holds them."""
    variants: dict[Name, str] = {}
    """Other wordings by name; each becomes the case `id/name`, which must get the same items."""
    same_as: Name | None = None
    """Id of the case whose items this one must get too."""
    shuffle: bool = False
    """Also run with the candidates in another order in the prompt, as the case `id/shuffled`."""
    swap: list[Name] = []
    """User attributes: each is also exchanged for another value, as the case `id/swapped-NAME`."""


class Sample(_Strict):
    """A seeded sample of users."""

    sample: int = Field(gt=0)
    at_least: int = Field(default=0, ge=0)
    """Only users with at least so many interactions."""


class Generate(_Strict):
    """Cases made from the data: one for each user, with the {user} filled in."""

    id: Name = "user-{user}"
    question: str = Field(min_length=1)
    users: Literal["all"] | Sample | list[Id]
    vars: dict[str, str | int | float] = {}
    tags: list[Name] = []
    expect: Expect = Expect()
    variants: dict[Name, str] = {}
    shuffle: bool = False
    swap: list[Name] = []

    @model_validator(mode="after")
    def _tells_users_apart(self) -> Generate:
        if "{user}" not in self.id:
            raise ValueError("the id must hold {user}, or all cases would have the same one")
        return self


class Suite(_Strict):
    """A whole suite."""

    name: Name
    description: str = ""
    seed: int = Field(default=0, ge=0)
    repeats: int = Field(default=1, ge=1, le=100)
    temperature: float = Field(default=0.0, ge=0, le=2)
    prompts: list[str] = Field(default=["answer"], min_length=1)
    models: list[str] = []
    """SPECs; left out, what `--llm` or the settings say."""
    hold_out: Protocol | None = None
    """Ask a model that was trained without each user's last item (loo) or last 20 % (r80)."""
    expect: Expect = Expect()
    """What must hold of every answer, where a case does not say otherwise."""
    cases: list[Case] = []
    generate: list[Generate] = []

    @model_validator(mode="after")
    def _has_cases(self) -> Suite:
        if not self.cases and not self.generate:
            raise ValueError("the suite has no case; add `cases` or `generate`")
        return self
