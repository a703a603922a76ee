"""`whyrec recommend` and `similar`: lists without words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from assistant.commands.assignments import features_of, item_mask
from assistant.commands.options import counted, emit, home_option, json_option, list_length
from assistant.commands.score import by_words, open_model, unknown_option
from ingest.errors import AskerError

if TYPE_CHECKING:
    from ingest.dataset.ids import IntArray
    from ingest.dataset.schema import Dataset
    from recsys.lists.ranking import By

users_argument: Callable[..., Any] = click.argument("user_ids", nargs=-1, metavar="USER…")
all_option: Callable[..., Any] = click.option(
    "--all", "everybody", is_flag=True, help="Every user of the data."
)


@click.command()
@users_argument
@all_option
@list_length("n", 0)
@click.option(
    "--by",
    type=click.Choice(["both", "deepfm", "neighbours"]),
    default="both",
    show_default=True,
    help="What decides the order.",
)
@click.option("--item", "among", multiple=True, metavar="ITEM", help="Choose among these only.")
@click.option(
    "--where",
    "conditions",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Choose only items like this: genres=Comedy, year=1990..1999; all of several.",
)
@click.option(
    "--has",
    multiple=True,
    metavar="ITEM",
    help="In place of USER: for someone who has these items, oldest first.",
)
@click.option(
    "--is",
    "features",
    multiple=True,
    metavar="FIELD=VALUE",
    help="In place of USER: for someone like this: age=25.",
)
@unknown_option
@home_option
@json_option
def recommend(
    user_ids: tuple[str, ...],
    everybody: bool,
    n: int,
    by: By,
    among: tuple[str, ...],
    conditions: tuple[str, ...],
    has: tuple[str, ...],
    features: tuple[str, ...],
    unknown: Any,
    home_dir: str | None,
    as_json: bool,
) -> None:
    """Print the best unseen items of each USER, best first, without words.

    \b
    whyrec recommend 78 672 -n 5 --where genres=Comedy
    whyrec recommend --has 50 --has 181 --is age=25
    whyrec recommend --all --json > lists.json
    """
    from assistant.wording.titles import spoken

    if not (has or features):
        _check_choice(user_ids, everybody)
    elif user_ids or everybody:
        raise AskerError("--has and --is describe somebody; leave out USER and --all")
    model = open_model(home_dir)
    items, where = list(among) or None, item_mask(model.dataset, conditions)
    if has or features:
        person = features_of(model.dataset, features)
        lists = iter([model.recommend_for(has, person, n, by, items, where)])
    else:
        lists = model.recommend_many(list(user_ids) or None, n, by, items, where, unknown)
    document, text = [], []
    for one in lists:
        document.append(
            {
                "user_id": one.user_id,
                "items": [
                    {"item_id": row.item_id, "rank": row.rank, "score": row.score}
                    for row in one.items
                ],
            }
            | ({} if one.by == by else {"by": one.by})
            | ({"short": one.short} if one.short else {})
        )
        who = "somebody" if one.user_id is None else f"user {one.user_id}"
        text.append(f"{who}{by_words(one.by)}")
        text += [
            f"{row.rank:>5}. {row.score:.4f}  {spoken(row.title)}  [{row.item_id}]"
            for row in one.items
        ]
        text += [f"       {len(one.items)} of {n}: {one.short}"] if one.short else []
    emit(document, as_json, "\n".join(text))


@click.command()
@users_argument
@all_option
@list_length("k", 1)
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

    from ingest.dataset.matrix import interaction_matrix
    from ingest.home.workspace import Home, home_path
    from recsys.neighbours.audience import Audience

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
        had = counted(int(n_seen[user]), dataset.noun.one, dataset.noun.many)
        text.append(f"user {user_id}, who has {dataset.noun.done} {had}")
        width = max((8, *(len(str(row["user_id"])) for row in rows)))
        text += [
            f"{row['user_id']:>{width}}  {row['jaccard']:.4f} = {row['intersection']} / "
            f"{row['union']}"
            for row in rows
        ] or [f"       nobody else has any of these {dataset.noun.many}"]
    emit(document, as_json, "\n".join(text))


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


def _refuse_unknown(what: str, ids: Sequence[str], codes: IntArray, dataset: Dataset) -> None:
    unknown = list(_unknown(ids, codes))
    if unknown:
        raise AskerError(
            f"{what} {', '.join(unknown[:5])} {'is' if len(unknown) == 1 else 'are'} not in the "
            f"data set {dataset.name}; check the id{'' if len(unknown) == 1 else 's'}"
        )


def _unknown(ids: Sequence[str], codes: IntArray) -> Iterator[str]:
    return (one for one, code in zip(ids, codes, strict=True) if code < 0)
