"""Checks on ids and on pairs of them; every finding goes to the table's sieve."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from numpy.typing import NDArray

from ingest.dataset.row_order import pair_stands_twice
from ingest.intake.sieve import Mask, Sieve
from ingest.sources.encoding import Encoded, encode


def check_ids(sieve: Sieve, column: str, ids: Encoded) -> Encoded:
    """Report missing ids and ids that may be one another, and return them as they are to be used.

    Ids that only differ by case, or by spaces around them, from one in an earlier row are reported
    unless `Reading.ids` says what to do with them.
    """
    rule = sieve.reading.ids
    if rule in ("trim", "fold"):
        values = pc.utf8_trim_whitespace(ids.values)
        values = pc.utf8_lower(values) if rule == "fold" else values
        ids = ids.recoded(pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values))
    if not ids.complete:
        sieve.refuse(ids.missing, "the id is missing; fill it in", column)
    if rule == "check":
        _check_spelling(sieve, column, ids)
    return ids


def _without_spaces(values: pa.Array) -> pa.Array:
    return pc.utf8_trim_whitespace(values)


def plain_spelling(values: pa.Array) -> pa.Array:
    """Return ids without what should not tell two apart: spaces around them, case, composition."""
    return pc.utf8_lower(pc.utf8_normalize(_without_spaces(values), "NFC"))


def _check_spelling(sieve: Sieve, column: str, ids: Encoded) -> None:
    if pc.all(pc.ascii_is_decimal(ids.values)).as_py():
        return  # digits alone have one spelling
    control = pc.match_substring_regex(ids.values, r"[\x00-\x1f\x7f]").to_numpy(
        zero_copy_only=False
    )
    if control.any():
        example = repr(ids.values[int(np.flatnonzero(control)[0])].as_py())
        what = f"the id {example} holds a line break or a control character; mend it"
        sieve.refuse(ids.per_value(control, False), what, column, example)
    spaced = _spelt_again(ids.values, _without_spaces(ids.values))
    folded = _spelt_again(_without_spaces(ids.values), plain_spelling(ids.values))
    around = ~pc.equal(ids.values, _without_spaces(ids.values)).to_numpy(zero_copy_only=False)
    if around.any():
        example = ids.values[int(np.flatnonzero(around)[0])].as_py()
        sieve.findings.notice(
            f"{sieve.source}: column {column!r}: {int(around.sum()):,} ids begin or end with "
            f"spaces, like {example!r}; --ids trim leaves the spaces out"
        )
    for first, by, mend in ((spaced, "spaces", "trim"), (folded, "case", "fold")):
        other = first != np.arange(len(first))
        if not other.any():
            continue
        one = int(np.flatnonzero(other)[0])
        known, this = (ids.values[int(place)].as_py() for place in (first[one], one))
        what = (
            f"{this!r} and {known!r} differ only by {by}; make them one, or pass --ids {mend} to "
            "take them as one, --ids exact to keep them apart"
        )
        sieve.refuse(ids.per_value(other, False), what, column, this)


def _spelt_again(values: pa.Array, plain: pa.Array) -> NDArray[np.int64]:
    """Return for each value the place of the first one of the same plain spelling.

    It is its own place unless that one is another value.
    """
    same, own = encode(plain), encode(values)
    first = np.full(len(same.values), -1, dtype=np.int64)
    first[same.codes[::-1]] = np.arange(len(same) - 1, -1, -1)
    found = first[same.codes]
    return np.where(own.codes[found] == own.codes, np.arange(len(same)), found)


def check_unique(sieve: Sieve, column: str, ids: Encoded) -> None:
    """Report ids of a feature table that stand in more than one row; the first one may stay."""
    counts = np.bincount(ids.codes[ids.codes >= 0], minlength=len(ids.values))
    repeated = ids.per_value(counts > 1, False)
    if repeated.any():
        example = ids.text(int(np.flatnonzero(repeated)[0]))
        later = repeated.copy()
        _, firsts = np.unique(ids.codes, return_index=True)
        later[firsts] = False
        what = f"the id {example!r} has more than one row; keep one of them"
        sieve.refuse(repeated, what, column, example, falls=later)


def kept_pairs(
    sieve: Sieve, user: Encoded, item: Encoded, time: NDArray[np.int64] | None
) -> Mask | None:
    """Return which rows to keep so that no (user, item) pair stands twice; None for all of them.

    first and last go by time, then by row. `error` reports the repeated ones, of which the first
    may stay. One linear pass, more only where a pair stands twice.
    """
    present = sieve.standing
    if not (user.complete and item.complete):
        known = ~(user.missing | item.missing)
        present = known if present is None else present & known
    rows = slice(None) if present is None else present
    users, items = user.codes[rows], item.codes[rows]
    if not pair_stands_twice(users, items, len(user.values), len(item.values)):
        return None
    keep = sieve.reading.duplicates
    places = np.arange(len(sieve)) if present is None else np.flatnonzero(present)
    pairs = users.astype(np.int64) * len(item.values) + items
    again, fallen = _repeats(pairs, None if keep == "error" or time is None else time[rows], keep)
    if keep == "error":
        row = int(places[np.flatnonzero(again)[0]])
        what = (
            f"user {user.text(row)!r} and item {item.text(row)!r} stand together more than once; "
            "keep one row, or pass --duplicates last (or first)"
        )
        masks = [np.zeros(len(sieve), dtype=np.bool_) for _ in range(2)]
        masks[0][places[again]] = True
        masks[1][places[fallen]] = True
        sieve.refuse(masks[0], what, falls=masks[1])
        return None
    dropped = int(fallen.sum())
    sieve.findings.notice(
        f"{sieve.source}: left out {dropped:,} rows that repeat a user and an item"
    )
    kept = np.ones(len(sieve), dtype=np.bool_)
    kept[places[fallen]] = False
    return kept


def _repeats(
    pairs: NDArray[np.int64],
    time: NDArray[np.int64] | None,
    keep: Literal["error", "first", "last"],
) -> tuple[Mask, Mask]:
    """Return the rows whose pair stands more than once, and of them all but the one to keep."""
    order = np.argsort(pairs, kind="stable") if time is None else np.lexsort((time, pairs))
    same = pairs[order][1:] == pairs[order][:-1]
    again = np.zeros(len(pairs), dtype=np.bool_)
    fallen = np.zeros(len(pairs), dtype=np.bool_)
    again[order[1:][same]] = again[order[:-1][same]] = True
    fallen[order[:-1][same] if keep == "last" else order[1:][same]] = True
    return again, fallen


def check_covered(
    sieve: Sieve, column: str, ids: Encoded, table: str, known: Encoded, role: str
) -> None:
    """Report interacted ids that the feature table `table` has no row for."""
    lacking = ~pc.is_in(ids.values, known.values).to_numpy(zero_copy_only=False)
    if not lacking.any():
        return
    bad = ids.per_value(lacking, False)
    example, n = ids.text(int(np.flatnonzero(bad)[0])), int(lacking.sum())
    what = f"{table} has no row for {n} of the {role}s here, {example!r} for one"
    close = _like(example, known)
    if close is not None:
        what += f" ({close!r} is there); write it the same way"
    else:
        what += f"; add {'it' if n == 1 else 'them'} there"
    sieve.refuse(bad, what, column, example)


def _like(text: str, known: Encoded) -> str | None:
    """Return a known id that differs from `text` only by spelling or zeros in front."""

    def bare(values: pa.Array) -> pa.Array:
        return pc.replace_substring_regex(plain_spelling(values), r"^0+(.)", r"\1")

    same = pc.equal(bare(known.values), bare(pa.array([text]))[0])
    place = pc.index(same, True).as_py()
    return None if place < 0 else str(known.values[place])
