"""Runs that were stored: found by name, compared with each other, one case read in full."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assistant.evaluation.run_folder import FOLDER, RunFolder
from assistant.evaluation.summary import LOWER_IS_BETTER, Table, compare_tables, tables_of
from ingest.errors import AskerError
from ingest.home.workspace import home_path


def open_run(name: str, home: str | None = None) -> RunFolder:
    """Return the run in the folder `name`, or of that name in the home's evaluations.

    Raises:
        AskerError: there is none.
        HomeError: it is damaged or of another version.
    """
    kept = home_path(home) / FOLDER
    for path in (Path(name), kept / name):
        if (path / "run.json").exists():
            folder = RunFolder(path)
            folder.manifest  # noqa: B018 - a run of another version is refused here
            return folder
    there = sorted(path.parent.name for path in kept.glob("*/run.json"))
    shown = f"; {kept} has {', '.join(there)}" if there else ""
    raise AskerError(f"there is no run {name!r}{shown}")


def compare(first: RunFolder, second: RunFolder) -> dict[str, Any]:
    """Compare the variants that two runs share by name, else their first ones, case by case.

    Raises:
        AskerError: the runs share no case.
    """
    one, other = first.manifest, second.manifest
    ours, theirs = tables_of(first.last_rows()), tables_of(second.last_rows())
    shared = [name for name in one["variants"] if name in ours and name in theirs]
    pairs = [(name, name) for name in shared] or [
        (a, b) for a, b in zip(one["variants"][:1], other["variants"][:1], strict=True)
    ]
    named = [
        (f"{first.path.name}: {a}", ours[a], f"{second.path.name}: {b}", theirs[b])
        for a, b in pairs
        if a in ours and b in theirs
    ]
    comparisons = compare_tables(named, one["seed"])
    if not comparisons:
        raise AskerError(f"the runs {first.path} and {second.path} share no answered case")
    changed = [
        name
        for name in ("suite_fingerprint", "data_fingerprint", "model_fingerprint", "prompts",
                     "models", "temperature")
        if one.get(name) != other.get(name)
    ]  # fmt: skip
    return {
        "baseline": str(first.path),
        "variant": str(second.path),
        "changed": changed,
        "comparisons": comparisons,
        "cases": [_moved(a, t, u) for a, t, _, u in named],
    }


def _moved(name: str, before: Table, after: Table) -> dict[str, Any]:
    """Return which cases pass in one run and fail in the other."""
    passed = {key: one["pass"] for key, one in zip(before.keys, before.metrics, strict=True)}
    now = {key: one["pass"] for key, one in zip(after.keys, after.metrics, strict=True)}
    both = [key for key in passed if key in now]
    return {
        "baseline": name,
        "n": len(both),
        "broken": sorted({key[0] for key in both if passed[key] > now[key]}),
        "mended": sorted({key[0] for key in both if passed[key] < now[key]}),
    }


def sentences(document: Mapping[str, Any]) -> list[str]:
    """Say what a comparison found."""
    changed = ", ".join(document["changed"]) or "nothing but time"
    said = [f"Between {document['baseline']} and {document['variant']} changed: {changed}."]
    for one in document["comparisons"]:
        verdict = "difference seen" if one["difference_seen"] else "no difference seen"
        able = "none" if one["smallest"] is None else f"{one['smallest']:.3f}"
        said.append(
            f"  {one['metric']:<24} {one['mean']:+.4f} [{one['low']:+.4f}, {one['high']:+.4f}]  "
            f"p {one['adjusted_p']:.3f}  {verdict}; {one['n']} questions can show {able}"
        )
    for moved in document["cases"]:
        for what in ("broken", "mended"):
            if moved[what]:
                listed = ", ".join(moved[what][:10])
                more = f" and {len(moved[what]) - 10} more" if len(moved[what]) > 10 else ""
                said.append(f"  {what}: {listed}{more}")
    return said


def regressions(baseline: RunFolder, run: Path) -> list[str]:
    """Say where a run is worse than a stored one, beyond chance."""
    found = compare(baseline, RunFolder(run))["comparisons"]
    return [
        f"{one['metric']} is worse than in {baseline.path.name} by {abs(one['mean']):.4f} "
        f"(95 % interval {one['low']:+.4f} to {one['high']:+.4f})"
        for one in found
        if one["difference_seen"] and (one["mean"] > 0) == (one["metric"] in LOWER_IS_BETTER)
    ]


def case_in_full(run: RunFolder, case: str, variant: str | None = None) -> list[dict[str, Any]]:
    """Return the rows of a case with their details.

    Raises:
        AskerError: the run has no such case.
    """
    found = [
        {"row": row, "detail": run.detail(row)}
        for row in run.last_rows()
        if row["case"] == case and variant in (None, row["variant"])
    ]
    if not found:
        import difflib

        near = difflib.get_close_matches(case, {row["case"] for row in run.rows()}, 3, 0.3)
        hint = f"; there are {', '.join(near)}" if near else ""
        raise AskerError(f"{run.path} has no answer to the case {case!r}{hint}")
    return found
