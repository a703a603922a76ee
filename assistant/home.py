"""A home opened for asking: data, model, index, and everything made from them once.

`LiveHome` opens it anew when somebody has written to it; what did not change is not read again.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from assistant.asking.catalogue import Catalogue
from assistant.asking.parser import QuestionParser
from assistant.asking.plan import Planner
from assistant.checking.verify import Verifier
from assistant.lexicon import Lexicon, load_lexicon
from assistant.settings import Settings
from assistant.toolbox import Toolbox
from assistant.tools import langchain_tools
from ingest.dataset.schema import Dataset
from ingest.errors import HomeError, WhyrecError
from ingest.growth.growing import Grown, open_data
from ingest.home.manifest import Contents
from ingest.home.workspace import Home
from ingest.progress import say
from recsys.lists.ranking import Recommender

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

    from ingest.index.store import Index
    from recsys.checkpoint import TrainedModel
    from recsys.scoring.scorer import Scorer

T = TypeVar("T")


@dataclass(frozen=True, eq=False, repr=False)
class Opened:
    """What was read from a home's folder at one moment."""

    contents: Contents
    grown: Grown
    trained: TrainedModel
    index: Index
    """As it was built, without what changed since."""


@dataclass(frozen=True, eq=False, repr=False)
class OpenHome:
    """What questions are answered from; made once, then only read."""

    dataset: Dataset
    recommender: Recommender
    index: Index
    model_fingerprint: str
    rating: bool = False
    """Whether the model predicts ratings rather than probabilities."""
    lexicon: Lexicon = field(default_factory=load_lexicon)
    opened: Opened | None = None
    """Where it comes from, so that the next state of the same home is opened for less."""

    @cached_property
    def toolbox(self) -> Toolbox:
        return Toolbox(self.dataset, self.recommender, self.index)

    @cached_property
    def catalogue(self) -> Catalogue:
        return Catalogue(self.dataset, self.lexicon)

    @cached_property
    def parser(self) -> QuestionParser:
        return QuestionParser(self.dataset, self.lexicon, self.catalogue)

    @cached_property
    def planner(self) -> Planner:
        return Planner(self.dataset, self.catalogue)

    @cached_property
    def verifier(self) -> Verifier:
        return Verifier.of(self.dataset, self.lexicon.synonyms)

    @cached_property
    def tools(self) -> list[BaseTool]:
        return langchain_tools(self.toolbox, self.rating)

    def tool(self, name: str) -> BaseTool:
        """Return one tool by name."""
        return next(tool for tool in self.tools if tool.name == name)


def open_recommender(home: Home) -> tuple[Recommender, TrainedModel]:
    """Open data and model of a home, without its index.

    Raises:
        HomeError: one of them is missing, damaged, or made from other data.
    """

    def opened() -> tuple[Recommender, TrainedModel]:
        contents = home.contents()
        contents.require("data")
        part = contents.require("model")
        dataset = open_data(contents).dataset
        scorer = load_scorer(part.folder, dataset, part.data_fingerprint)
        return _recommender(dataset, scorer), scorer.trained

    from recsys.scoring.scorer import load_scorer

    return _undisturbed(home, opened)


def open_home(settings: Settings, before: OpenHome | None = None) -> OpenHome:
    """Open the home that the settings name.

    Args:
        settings: which home, and where its collections are.
        before: an earlier state of the same home, whose unchanged parts are taken over.

    Raises:
        HomeError: a part is missing, damaged, or made from other data.
    """
    home = Home(settings.home)
    return _undisturbed(home, lambda: _opened(home.contents(), settings, before))


def _opened(contents: Contents, settings: Settings, before: OpenHome | None) -> OpenHome:
    from ingest.growth.overlay import with_changes

    for name in ("data", "model", "index"):
        contents.require(name)
    old = before.opened if before else None
    grown = open_data(contents, old.grown if old else None)
    scorer = _scorer(contents, grown.dataset, old)
    index = _index(contents, grown.dataset, settings.chroma, old)
    step = contents.step_of(contents.parts["index"].data_fingerprint) or 0
    return OpenHome(
        dataset=grown.dataset,
        recommender=_recommender(grown.dataset, scorer),
        index=with_changes(index, grown, step),
        model_fingerprint=scorer.trained.fingerprint,
        rating=scorer.trained.config.task == "rating",
        lexicon=before.lexicon if before else load_lexicon(),
        opened=Opened(contents, grown, scorer.trained, index),
    )


def _scorer(contents: Contents, dataset: Dataset, old: Opened | None) -> Scorer:
    from recsys.scoring.scorer import Scorer, load_scorer

    part = contents.parts["model"]
    if old is not None and old.contents.parts["model"] == part:
        return Scorer(old.trained, dataset)
    return load_scorer(part.folder, dataset, part.data_fingerprint)


def _index(contents: Contents, dataset: Dataset, server: str | None, old: Opened | None) -> Index:
    from ingest.index.store import open_index

    part = contents.parts["index"]
    if old is not None and old.contents.parts["index"] == part:
        return old.index
    index = open_index(part.folder, dataset, server, part.data_fingerprint)
    # Its files stay open until the last question that is answered from it is answered.
    weakref.finalize(index, index.chroma.close).atexit = False
    return index


def _recommender(dataset: Dataset, scorer: Scorer) -> Recommender:
    inputs = scorer.inputs
    return Recommender(dataset, scorer, scorer.blend, inputs.histories, inputs.matrix)


def _undisturbed(home: Home, opened: Callable[[], T]) -> T:
    """Return what `opened` returns, tried again where the home was written to under its hands."""
    while True:
        contents = home.contents()
        try:
            return opened()
        except HomeError:
            if home.contents() == contents:
                raise


class LiveHome:
    """A home that others may write to: `now` is its newest whole state."""

    def __init__(self, settings: Settings) -> None:
        """Open it.

        Raises:
            HomeError: a part is missing, damaged, or made from other data.
        """
        self._settings = settings
        self._changing = threading.Lock()
        self._stamp = self._look()
        self._home = open_home(settings)

    def now(self) -> OpenHome:
        """Return the home as it is; whoever holds an earlier state goes on with that.

        A look at one file when nothing was published. Where the new state cannot be opened, a home
        without a model for its new data say, the one before stays, and why is said once.
        """
        if self._look() != self._stamp:
            with self._changing:
                if (stamp := self._look()) != self._stamp:
                    self._reopen()
                    self._stamp = stamp
        return self._home

    def _look(self) -> tuple[int, int, int] | None:
        """Return what tells one home.json from the next: every one is a new file."""
        try:
            found = Home(self._settings.home).manifest_path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _reopen(self) -> None:
        try:
            self._home = open_home(self._settings, self._home)
        except WhyrecError as error:
            say(f"answers still come from the home as it was before it changed: {error}")
