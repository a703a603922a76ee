"""`whyrec score`, `recommend` and `similar`: the tools without words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

import click

from assistant.commands.options import emit, home_option, json_option
from ingest.errors import AskerError

if TYPE_CHECKING:
    from ingest.ids import IntArray
    from ingest.schema import Dataset
    from recsys.ranking import Recommender

users_argument: Callable[..., Any] = click.argument("user_ids", nargs=-1, metavar="USER…")
all_option: Callable[..., Any] = click.option(
    "--all", "everybody", is_flag=True, help="Every user of the data."
)


@click.command()
@click.argument("user_id", metavar="USER")
@click.argument("item_ids", nargs=-1, required=True, metavar="ITEM…")
@home_option
@json_option
def score(user_id: str, item_ids: tuple[str, ...], home_dir: str | None, as_json: bool) -> None:
    """Print DeepFM's score of each ITEM for USER, and its percentile among what USER has not seen.

    \b
    whyrec score 78 313 50
    """
    from recsys.ranking import percentiles

    recommender = _open(home_dir)
    dataset = recommender.dataset
    user = _user_codes(dataset, [user_id])[0]
    items = _item_codes(dataset, item_ids)
    scores, unseen = recommender.scores(int(user)), recommender.unseen(int(user))
    places = percentiles(scores[items], scores[unseen])
    rows = [
        {
            "user_id": user_id,
            "item_id": item_id,
            "score": float(scores[item]),
            "percentile": float(place),
            "seen": not bool(unseen[item]),
        }
        for item_id, item, place in zip(item_ids, items, places, strict=True)
    ]
    lines = [
        f"{row['item_id']:>8}  {row['score']:.4f}  {row['percentile']:5.1f} %  "
        f"{dataset.title(int(item))}{'  (seen)' if row['seen'] else ''}"
        for row, item in zip(rows, items, strict=True)
    ]
    emit(rows, as_json, "\n".join([f"{'item':>8}   score   place  title", *lines]))


@click.command()
@users_argument
@all_option
@click.option("-n", "n", type=click.IntRange(0), default=10, show_default=True, help="List length.")
@click.option(
    "--by",
    type=click.Choice(["both", "deepfm", "neighbours"]),
    default="both",
    show_default=True,
    help="What decides the order.",
)
@home_option
@json_option
def recommend(
    user_ids: tuple[str, ...],
    everybody: bool,
    n: int,
    by: Literal["both", "deepfm", "neighbours"],
    home_dir: str | None,
    as_json: bool,
) -> None:
    """Print the best unseen items of each USER, best first, without words.

    \b
    whyrec recommend 78 672 -n 5
    whyrec recommend --all --json > lists.json
    """
    _check_choice(user_ids, everybody)
    recommender = _open(home_dir)
    dataset = recommender.dataset
    users = _chosen(dataset, user_ids)
    document, text = [], []
    for user, ranking in zip(users, recommender.rank_many(users, n, by), strict=True):
        user_id = str(dataset.user_ids.external[user])
        items = [
            {"item_id": str(dataset.item_ids.external[item]), "rank": rank, "score": float(value)}
            for rank, (item, value) in enumerate(
                zip(ranking.item, ranking.score, strict=True), start=1
            )
        ]
        document.append({"user_id": user_id, "items": items})
        text.append(f"user {user_id}")
        text += [
            f"{row['rank']:>5}. {row['score']:.4f}  {dataset.title(int(item))}  [{row['item_id']}]"
            for row, item in zip(items, ranking.item, strict=True)
        ] or [f"       no {dataset.noun.one} is left"]
    emit(document, as_json, "\n".join(text))


@click.command()
@users_argument
@all_option
@click.option("-k", "k", type=click.IntRange(1), default=10, show_default=True, help="List length.")
@home_option
@json_option
def similar(
    user_ids: tuple[str, ...], everybody: bool, k: int, home_dir: str | None, as_json: bool
) -> None:
    """Print the users most like each USER, by exact Jaccard, with the sets' sizes behind it.

    \b
    whyrec similar 78 -k 5
    """
    import numpy as np

    from ingest.matrix import interaction_matrix
    from ingest.workspace import Home, home_path
    from recsys.neighbours import Audience

    _check_choice(user_ids, everybody)
    dataset = Home(home_path(home_dir)).dataset()
    matrix = interaction_matrix(dataset.interactions, dataset.n_users, dataset.n_items)
    users = _chosen(dataset, user_ids)
    lists = Audience(matrix).nearest_all(users, k)
    n_seen = np.diff(matrix.indptr)
    document, text = [], []
    for row, user in enumerate(users):
        near = lists[row]
        rows = [
            {
                "user_id": str(dataset.user_ids.external[other]),
                "jaccard": float(jaccard),
                "intersection": int(both),
                "union": int(either),
            }
            for other, jaccard, both, either in zip(
                near.user, near.jaccard, near.intersection, near.union, strict=True
            )
        ]
        user_id = str(dataset.user_ids.external[user])
        document.append({"user_id": user_id, "neighbours": rows})
        text.append(f"user {user_id}, who has seen {n_seen[user]:,} {dataset.noun.many}")
        text += [
            f"{row['user_id']:>8}  {row['jaccard']:.4f} = {row['intersection']} / {row['union']}"
            for row in rows
        ] or [f"       nobody else has any of these {dataset.noun.many}"]
    emit(document, as_json, "\n".join(text))


def _open(home_dir: str | None) -> Recommender:
    from assistant.home import open_recommender
    from ingest.workspace import Home, home_path

    recommender, _ = open_recommender(Home(home_path(home_dir)))
    return recommender


def _check_choice(user_ids: Sequence[str], everybody: bool) -> None:
    """Refuse a call that names users and asks for all, or does neither."""
    if everybody and user_ids:
        raise AskerError("name users or use --all, not both")
    if not everybody and not user_ids:
        raise AskerError("name at least one user, or use --all")


def _chosen(dataset: Dataset, user_ids: Sequence[str]) -> IntArray:
    """Return the users named, or all of them when none is."""
    import numpy as np

    if not user_ids:
        return np.arange(dataset.n_users, dtype=np.int32)
    return _user_codes(dataset, user_ids)


def _user_codes(dataset: Dataset, user_ids: Sequence[str]) -> IntArray:
    codes = dataset.user_ids.codes(user_ids)
    _refuse_unknown("user", user_ids, codes, dataset)
    return codes


def _item_codes(dataset: Dataset, item_ids: Sequence[str]) -> IntArray:
    codes = dataset.item_ids.codes(item_ids)
    _refuse_unknown(dataset.noun.one, item_ids, codes, dataset)
    return codes


def _refuse_unknown(what: str, ids: Sequence[str], codes: IntArray, dataset: Dataset) -> None:
    unknown = list(_unknown(ids, codes))
    if unknown:
        raise AskerError(
            f"{what} {', '.join(unknown[:5])} {'is' if len(unknown) == 1 else 'are'} not in the "
            f"data set {dataset.name}; check the id{'' if len(unknown) == 1 else 's'}"
        )


def _unknown(ids: Sequence[str], codes: IntArray) -> Iterator[str]:
    return (one for one, code in zip(ids, codes, strict=True) if code < 0)
