"""Rows of a run → what a report shows: means with intervals, comparisons, a verdict in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

import numpy as np

from assistant.evaluation.statistics import (
    Difference,
    Estimate,
    Values,
    adjusted,
    compare,
    estimates,
)

Row = Mapping[str, Any]
HEADLINES = (
    "pass",
    "status_right",
    "kind_right",
    "tools_right",
    "same_items",
    "shown.numbers_precision",
    "shown.numbers_recall",
    "shown.ndcg",
    "shown.hit",
    "raw.parses",
    "raw.numbers_precision",
    "raw.claims_supported",
    "raw.overlap",
    "raw.kendall_tau",
    "raw.ndcg",
)
"""Metrics that are compared between variants, and shown by tag and kind."""
LOWER_IS_BETTER = frozenset(
    {
        "failed", "model_fault", "model_attempts", "model_calls", "tokens_in", "tokens_out",
        *(
            f"{column}.{fault}"
            for column in ("shown", "raw")
            for fault in (
                "outside_catalogue", "duplicate", "not_from_tools", "seen", "wrong_count",
                "filter_violated", "number_contradicted", "number_unsupported", "not_picked",
                "changed_without_cause",
            )
        ),
    }
)  # fmt: skip


COUNTS = frozenset(
    {
        "tool_calls", "model_calls", "model_attempts", "tokens_in", "tokens_out",
        "shown.characters", "shown.words", "raw.characters", "shown.kendall_tau", "raw.kendall_tau",
    }
)  # fmt: skip
"""Metrics that are no shares."""


@dataclass
class Table:
    """The numbers of one variant: a row a trial, a column a metric, NaN where there is none."""

    keys: list[tuple[str, int]] = field(default_factory=list)
    """(case, repeat) of each row."""
    groups: list[str] = field(default_factory=list)
    tags: list[tuple[str, ...]] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    metrics: list[Mapping[str, float]] = field(default_factory=list)
    rejected: Counter[str] = field(default_factory=Counter)
    items: set[str] = field(default_factory=set)
    seconds: list[float] = field(default_factory=list)
    model_seconds: list[float] = field(default_factory=list)
    cached: int = 0

    def add(self, row: Row) -> None:
        """Take in one row."""
        self.keys.append((row["case"], row["repeat"]))
        self.groups.append(row["group"])
        self.tags.append(tuple(row["tags"]))
        self.kinds.append(row["kind"] or "error")
        self.metrics.append(row["metrics"])
        self.rejected.update(row["rejected"])
        self.items.update(row["shown"])
        self.cached += row["run"]["cached"]
        if "seconds" in row["run"]:
            self.seconds.append(row["run"]["seconds"])
        if row["run"]["model_seconds"]:
            self.model_seconds.append(row["run"]["model_seconds"])

    def names(self) -> list[str]:
        """Return the names of all metrics in it, sorted."""
        return sorted({name for one in self.metrics for name in one})

    def values(self, names: Sequence[str], rows: Sequence[int] | None = None) -> Values:
        """Return (rows, names) values."""
        chosen = range(len(self.metrics)) if rows is None else rows
        return np.array(
            [[self.metrics[row].get(name, np.nan) for name in names] for row in chosen], float
        ).reshape(len(chosen), len(names))

    def clusters(self, rows: Sequence[int] | None = None) -> np.ndarray[Any, Any]:
        """Return the question behind each row, as an index."""
        chosen = range(len(self.groups)) if rows is None else rows
        codes: dict[str, int] = {}
        return np.array([codes.setdefault(self.groups[row], len(codes)) for row in chosen], int)


def tables_of(rows: Iterable[Row]) -> dict[str, Table]:
    """Sort rows by variant, and add how each wording of a question did beside the first."""
    kept = list(rows)
    first = {(r["case"], r["variant"], r["repeat"]): r["shown"] for r in kept}
    tables: dict[str, Table] = {}
    for row in kept:
        reference = first.get((row["same_as"], row["variant"], row["repeat"]))
        if row["same_as"] is not None and reference is not None:
            row = dict(row) | {"metrics": dict(row["metrics"]) | _beside(row, reference)}
        tables.setdefault(row["variant"], Table()).add(row)
    return tables


def _beside(row: Row, reference: Sequence[str]) -> dict[str, float]:
    """Measure a twin's items against those of the case it is the twin of.

    Where an attribute was exchanged, the list may be another only if a score is another.
    """
    same = row["shown"] == reference
    if "scores_changed" not in row:
        return {"same_items": float(same)}
    found = {"shown.changed_without_cause": float(not same and not row["scores_changed"])}
    if reference:
        found["shown.kept_in_swap"] = len(set(row["shown"]) & set(reference)) / len(set(reference))
    return found


def summarise(
    rows: Iterable[Row], variants: Sequence[str], seed: int, n_items: int
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return (summary, times); the first is the same for two runs with the same seed."""
    tables = tables_of(rows)
    there = [name for name in variants if name in tables]
    summary = {
        "variants": {name: _variant(tables[name], seed, n_items) for name in there},
        "comparisons": _comparisons(tables, there, seed),
    }
    summary["verdict"] = verdict(summary)
    return summary, {name: _times(tables[name]) for name in there}


def _variant(table: Table, seed: int, n_items: int) -> dict[str, Any]:
    names = table.names()
    means = _estimates(table, names, seed)
    spread = _spread_of_repeats(table, names)
    for name, value in spread.items():
        if name in means:
            means[name]["sd_of_repeats"] = value
    head = [name for name in HEADLINES if name in means]
    tags = sorted({tag for tags in table.tags for tag in tags})
    by_tag = {tag: [n for n, has in enumerate(table.tags) if tag in has] for tag in tags}
    by_kind = {kind: [n for n, one in enumerate(table.kinds) if one == kind]
               for kind in sorted(set(table.kinds))}  # fmt: skip
    return {
        "n": len(table.keys),
        "metrics": means,
        "by_tag": {tag: _estimates(table, head, seed, at) for tag, at in by_tag.items()},
        "by_kind": {kind: _estimates(table, head, seed, at) for kind, at in by_kind.items()},
        "rejected": dict(sorted(table.rejected.items())),
        "coverage": len(table.items) / n_items if n_items else 0.0,
    }


def _estimates(
    table: Table, names: Sequence[str], seed: int, rows: Sequence[int] | None = None
) -> dict[str, dict[str, Any]]:
    shares = [name not in COUNTS for name in names]
    found = estimates(table.values(names, rows), table.clusters(rows), seed, shares)
    return {name: _plain(one) for name, one in zip(names, found, strict=True) if one.n}


def _spread_of_repeats(table: Table, names: Sequence[str]) -> dict[str, float]:
    """Return each metric's standard deviation between the means of the repeats."""
    repeats = sorted({repeat for _, repeat in table.keys})
    if len(repeats) < 2:
        return {}
    means = []
    for repeat in repeats:
        values = table.values(names, [n for n, key in enumerate(table.keys) if key[1] == repeat])
        there = ~np.isnan(values)
        sums, counts = np.where(there, values, 0).sum(axis=0), there.sum(axis=0)
        means.append(np.divide(sums, counts, out=np.full(len(names), np.nan), where=counts > 0))
    spread = np.std(means, axis=0, ddof=1)
    return {n: round(float(s), 9) for n, s in zip(names, spread, strict=True) if s == s}


def _comparisons(
    tables: Mapping[str, Table], there: Sequence[str], seed: int
) -> list[dict[str, Any]]:
    """Compare the prompts of each model, and the models by their first prompt; one family."""
    of_model: dict[str, list[str]] = {}
    for name in there:
        of_model.setdefault(name.rpartition(" × ")[2], []).append(name)
    firsts = [names[0] for names in of_model.values()]
    groups = [firsts, *of_model.values()]
    pairs = [(names[0], tables[names[0]], n, tables[n]) for names in groups for n in names[1:]]
    return compare_tables(pairs, seed)


def compare_tables(
    pairs: Sequence[tuple[str, Table, str, Table]], seed: int
) -> list[dict[str, Any]]:
    """Compare (name, baseline, name, variant) on the trials both have; Holm over everything."""
    labels: list[tuple[str, str, str]] = []
    found: list[Difference] = []
    for first, baseline, second, variant in pairs:
        names = [n for n in HEADLINES if n in baseline.names() and n in variant.names()]
        at = {key: row for row, key in enumerate(baseline.keys)}
        shared = [(at[key], row) for row, key in enumerate(variant.keys) if key in at]
        if not shared or not names:
            continue
        ours, theirs = [a for a, _ in shared], [b for _, b in shared]
        found += compare(
            baseline.values(names, ours),
            variant.values(names, theirs),
            baseline.clusters(ours),
            seed,
        )
        labels += [(first, second, name) for name in names]

    return [
        {"baseline": first, "variant": second, "metric": name} | _plain(one)
        for (first, second, name), one in zip(labels, adjusted(found), strict=True)
    ]


def _plain(one: Estimate | Difference) -> dict[str, Any]:
    """Return plain JSON: rounded, and None for what is not a number."""
    return {
        name: (round(value, 9) if isfinite(value) else None) if isinstance(value, float) else value
        for name, value in one.to_json().items()
    }


def _times(table: Table) -> dict[str, Any]:
    times: dict[str, Any] = {"cache_hits": table.cached}
    for name, values in (("seconds", table.seconds), ("model_seconds", table.model_seconds)):
        if values:
            p50, p95 = np.quantile(values, [0.5, 0.95])
            times[name] = {"p50": float(p50), "p95": float(p95), "sum": float(sum(values))}
    return times


def verdict(summary: Mapping[str, Any]) -> list[str]:
    """Say in sentences what a reader has to know first."""
    said = []
    for name, variant in summary["variants"].items():
        passed = variant["metrics"]["pass"]
        n_passed = round(passed["mean"] * passed["n"])
        said.append(
            f"{name}: {n_passed:,} of {passed['n']:,} answers pass every check "
            f"({_percent(passed['mean'])}, 95 % interval {_percent(passed['low'])} to "
            f"{_percent(passed['high'])})."
        )
        said += _faults(name, variant["metrics"])
    for one in summary["comparisons"]:
        if one["difference_seen"]:
            said.append(f"{_said(one)}.")
    quiet = [one for one in summary["comparisons"] if not one["difference_seen"]]
    for pair in dict.fromkeys((one["baseline"], one["variant"]) for one in quiet):
        same = [one for one in quiet if (one["baseline"], one["variant"]) == pair]
        names = ", ".join(one["metric"] for one in same)
        said.append(f"{pair[1]} against {pair[0]}: no difference seen in {names}; {_limit(same)}.")
    return said


def _limit(comparisons: Sequence[Mapping[str, Any]]) -> str:
    """Say how large a difference has to be for so many questions to show it."""
    if any(one["smallest"] is None for one in comparisons):
        return "some have too few questions to show any"
    smallest = max(one["smallest"] for one in comparisons)
    return f"on so many questions a difference smaller than {smallest:.3f} may go unseen"


def _faults(name: str, metrics: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Say which faults stand in what was shown, and how often the model itself had any."""
    said = []
    for column, what in (("shown", "shown answers"), ("raw", "the model's own texts")):
        found = {
            metric.partition(".")[2].replace("_", " "): value["mean"]
            for metric, value in metrics.items()
            if metric.startswith(f"{column}.") and metric in LOWER_IS_BETTER and value["mean"] > 0
        }
        if found:
            listed = ", ".join(f"{fault} in {_percent(rate)}" for fault, rate in found.items())
            said.append(f"{name}, faults in {what}: {listed}.")
        elif column == "shown" or "raw.parses" in metrics:
            said.append(f"{name}: no fault found in {what}.")
    if metrics.get("model_fault", {}).get("mean"):
        share = _percent(metrics["model_fault"]["mean"])
        said.append(f"{name}: the model failed on {share} of the cases; code worded those.")
    return said


def _said(one: Mapping[str, Any]) -> str:
    direction = "higher" if one["mean"] > 0 else "lower"
    good = (one["mean"] > 0) != (one["metric"] in LOWER_IS_BETTER)
    return (
        f"{one['variant']} is {'better' if good else 'worse'} than {one['baseline']}: "
        f"{one['metric']} is {abs(one['mean']):.3f} {direction} (95 % interval {one['low']:.3f} to "
        f"{one['high']:.3f}, p = {one['adjusted_p']:.2g} after Holm, {one['n']} questions)"
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
