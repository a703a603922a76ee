"""`whyrec score`: DeepFM's score of given pairs, and how sure it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from assistant.commands.options import emit, home_option, json_option

if TYPE_CHECKING:
    from ingest.dataset.schema import Dataset
    from recsys.model import Model
    from recsys.results import Predicted

unknown_option: Callable[..., Any] = click.option(
    "--unknown",
    type=click.Choice(["refuse", "average", "popular"]),
    default="refuse",
    show_default=True,
    help="Ids the data do not have: an error, scored as the average of the known, or by how many "
    "users have an item.",
)


@click.command()
@click.argument("user_id", metavar="USER")
@click.argument("item_ids", nargs=-1, required=True, metavar="ITEM…")
@unknown_option
@home_option
@json_option
def score(
    user_id: str, item_ids: tuple[str, ...], unknown: Any, home_dir: str | None, as_json: bool
) -> None:
    """Print DeepFM's score of each ITEM for USER, and its percentile among what USER has not seen.

    Beside it stands how sure that is: the share taken of held-out pairs with such a score.

    \b
    whyrec score 78 313 50
    whyrec score nobody 313 --unknown average
    """
    model = open_model(home_dir)
    dataset = model.dataset
    predicted = model.predict(user_id, item_ids, unknown)
    places, seen = _places(model, predicted)
    rows = [
        {
            **asdict(one),
            "percentile": place,
            "seen": had,
            "how_sure": _how_sure(model, one),
        }
        for one, place, had in zip(predicted, places, seen, strict=True)
    ]
    done, width = dataset.noun.done, max(8, *(len(row["item_id"]) for row in rows))
    lines = [
        f"{row['item_id']:>{width}}  {row['score']:.4f}  {row['percentile']:5.1f} %  "
        f"{_title(dataset, row['item_id'])}{f'  ({done})' if row['seen'] else ''}"
        f"{by_words(row['by'])}{_sure_words(row['how_sure'])}"
        for row in rows
    ]
    emit(rows, as_json, "\n".join([f"{'item':>{width}}   score   place  title", *lines]))


def _places(model: Model, predicted: Sequence[Predicted]) -> tuple[list[float], list[bool]]:
    """Return each score's percentile among its user's unseen items, and whether it was seen."""
    import numpy as np

    from recsys.lists.ranking import percentiles

    user = model.dataset.user_ids.code(predicted[0].user_id)
    items = model.dataset.item_ids.codes([one.item_id for one in predicted])
    scores = np.array([one.score for one in predicted], np.float32)
    if user is not None:
        all_scores, unseen = model.recommender.scores(user), model.recommender.unseen(user)
    else:
        by_popularity = predicted[0].by == "popular"
        average = model.scorer.score_all(np.array([-1], np.int32))[0]
        all_scores = model.popularity if by_popularity else average
        unseen = np.ones(len(all_scores), dtype=bool)
    seen = [bool(item >= 0 and not unseen[item]) for item in items]
    return percentiles(scores, all_scores[unseen]).tolist(), seen


def _how_sure(model: Model, one: Predicted) -> dict[str, float] | None:
    sure = None if one.by == "popular" else model.how_sure(one.score)
    return None if sure is None else sure._asdict()


def _sure_words(sure: dict[str, float] | None) -> str:
    if sure is None:
        return ""
    return (
        f"  [of {sure['n']:,} held-out pairs scored {sure['low']:.1f} to {sure['high']:.1f}, "
        f"{100 * sure['observed']:.0f} % were taken]"
    )


def _title(dataset: Dataset, item_id: str) -> str:
    from assistant.wording.titles import spoken

    item = dataset.item_ids.code(item_id)
    return f"{dataset.noun.one} {item_id}" if item is None else spoken(dataset.title(item))


def by_words(by: str) -> str:
    """Return what an unknown user or item was scored by, in words."""
    words = {"average": "  (unknown: the average)", "popular": "  (unknown: by popularity)"}
    return words.get(by, "")


def open_model(home_dir: str | None) -> Model:
    """Open data and model of a home."""
    from assistant.home import open_recommender
    from ingest.home.workspace import Home, home_path
    from recsys.model import Model

    recommender, _ = open_recommender(Home(home_path(home_dir)))
    return Model(recommender)
