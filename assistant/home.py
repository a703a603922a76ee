"""A home opened for asking: data, model, index, and everything made from them once."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from assistant.asking.catalogue import Catalogue
from assistant.asking.plan import Planner
from assistant.asking.question import QuestionParser
from assistant.checking.verify import Verifier
from assistant.lexicon import Lexicon, load_lexicon
from assistant.settings import Settings
from assistant.toolbox import Toolbox
from assistant.tools import langchain_tools
from ingest.schema import Dataset
from ingest.tables import load_dataset
from ingest.workspace import Home
from recsys.ranking import Recommender

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

    from ingest.store import Index
    from recsys.checkpoint import TrainedModel


@dataclass(frozen=True, eq=False)
class OpenHome:
    """What questions are answered from; made once, then only read."""

    dataset: Dataset
    recommender: Recommender
    index: Index
    model_fingerprint: str
    rating: bool = False
    """Whether the model predicts ratings rather than probabilities."""
    lexicon: Lexicon = field(default_factory=load_lexicon)

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
    from recsys.scoring import load_scorer

    data, model = home.require("data"), home.require("model")
    dataset = load_dataset(data.folder)
    scorer = load_scorer(model.folder, dataset)
    recommender = Recommender(dataset, scorer, scorer.blend, scorer.inputs.histories)
    return recommender, scorer.trained


def open_home(settings: Settings) -> OpenHome:
    """Open the home that the settings name.

    Raises:
        HomeError: a part is missing, damaged, or made from other data.
    """
    from ingest.store import open_index

    home = Home(settings.home)
    for part in ("data", "model", "index"):
        home.require(part)
    recommender, trained = open_recommender(home)
    index = open_index(home.require("index").folder, recommender.dataset, settings.chroma)
    return OpenHome(
        dataset=recommender.dataset,
        recommender=recommender,
        index=index,
        model_fingerprint=trained.fingerprint,
        rating=trained.config.task == "rating",
    )
