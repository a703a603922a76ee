"""A run for people: one self-contained page, and the files that other programs read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from assistant.evaluation.report_tables import csv_table, junit_xml, markdown
from assistant.evaluation.run_folder import RunFolder, write_whole
from assistant.evaluation.summary import HEADLINES, LOWER_IS_BETTER

MOST_CASES = 200
"""Cases shown in full; the failed ones come first, the others stand in rows.jsonl."""
MOST_IN_MATRIX = 2000
MOST_EVIDENCE = 4000
"""Characters of a case's evidence that the page shows."""
Row = Mapping[str, Any]


def write_reports(
    folder: RunFolder, results: Mapping[str, Any], times: Mapping[str, Any], rows: Sequence[Row]
) -> None:
    """Write report.html, report.md, results.csv and junit.xml into a run's folder."""
    write_whole(folder.path / "results.csv", csv_table(rows))
    write_whole(folder.path / "junit.xml", junit_xml(results, rows))
    write_whole(folder.path / "report.md", markdown(results, rows))
    write_whole(folder.path / "report.html", html_page(folder, results, times, rows))


def html_page(
    folder: RunFolder, results: Mapping[str, Any], times: Mapping[str, Any], rows: Sequence[Row]
) -> str:
    """Return the page: verdict, variants, plots, matrix, cases; nothing in it is fetched."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"percent": _percent, "number": _number}
    source = files("assistant.evaluation").joinpath("report.html.j2").read_text(encoding="utf-8")
    variants = results["variants"]
    names = sorted({name for one in variants.values() for name in one["metrics"]})
    failed_first = sorted(rows, key=lambda row: not row["failed"])
    return environment.from_string(source).render(
        run=results,
        times=times,
        variants=variants,
        metrics=[(name, name in LOWER_IS_BETTER) for name in names],
        plots=[_plot(name, variants) for name in HEADLINES if name in names],
        latency=_bars({name: one.get("seconds") for name, one in times.items()}),
        rejected=_rejected(variants),
        matrix=_matrix(rows, list(variants))[:MOST_IN_MATRIX],
        n_cases=len({row["case"] for row in rows}),
        cases=[_case(folder, row) for row in failed_first[:MOST_CASES]],
        n_rows=len(rows),
    )


# ---- plots, as numbers for inline SVG; everything lies on 0 … 100


def _plot(name: str, variants: Mapping[str, Any]) -> dict[str, Any]:
    """Return one metric's bars with intervals."""
    there = {v: one["metrics"][name] for v, one in variants.items() if name in one["metrics"]}
    low = min(0.0, *(value["low"] for value in there.values()))
    high = max(1.0, *(value["high"] for value in there.values()))

    def at(value: float) -> float:
        return float(round(100 * (value - low) / (high - low), 2))

    bars = [
        {
            "name": variant,
            "zero": at(0),
            "to": at(value["mean"]),
            "low": at(value["low"]),
            "high": at(value["high"]),
            "text": f"{value['mean']:.3f} [{value['low']:.3f}, {value['high']:.3f}]",
        }
        for variant, value in there.items()
    ]
    return {"name": name, "bars": bars}


def _bars(times: Mapping[str, Mapping[str, float] | None]) -> list[dict[str, Any]]:
    """Return each variant's p50 and p95, as shares of the longest."""
    there = {name: one for name, one in times.items() if one}
    most = max((one["p95"] for one in there.values()), default=1.0) or 1.0
    return [
        {
            "name": name,
            "p50": round(100 * one["p50"] / most, 2),
            "p95": round(100 * one["p95"] / most, 2),
            "text": f"p50 {_seconds(one['p50'])}, p95 {_seconds(one['p95'])}",
        }
        for name, one in there.items()
    ]


def _rejected(variants: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rejected claims by kind and variant, the most frequent first."""
    counted = [
        {"name": name, "kind": kind, "count": count}
        for name, one in variants.items()
        for kind, count in one["rejected"].items()
    ]
    most = max((one["count"] for one in counted), default=1)
    counted = [one | {"to": round(100 * one["count"] / most, 2)} for one in counted]
    return sorted(counted, key=lambda one: (-one["count"], one["name"], one["kind"]))[:40]


def _matrix(rows: Sequence[Row], variants: Sequence[str]) -> list[dict[str, Any]]:
    """Return each case's verdict under each variant, cases that failed somewhere first."""
    cases: dict[str, dict[str, list[Row]]] = {}
    for row in rows:
        cases.setdefault(row["case"], {}).setdefault(row["variant"], []).append(row)
    lines = [
        {"case": case, "cells": [_verdict_of(by.get(variant, [])) for variant in variants]}
        for case, by in cases.items()
    ]
    return sorted(lines, key=lambda line: all(cell["class"] != "bad" for cell in line["cells"]))


def _verdict_of(rows: Sequence[Row]) -> dict[str, str]:
    if not rows:
        return {"class": "none", "text": "–", "why": "not asked"}
    bad = [row for row in rows if row["failed"]]
    if not bad:
        return {"class": "good", "text": "pass", "why": f"{len(rows)} of {len(rows)}"}
    checks = ", ".join(dict.fromkeys(one["check"] for row in bad for one in row["failed"]))
    return {"class": "bad", "text": f"fail: {checks}", "why": f"{len(bad)} of {len(rows)} failed"}


# ---- one case in full


def _case(folder: RunFolder, row: Row) -> dict[str, Any]:
    from json import dumps

    detail = folder.detail(row)
    evidence = "\n".join(
        f"{call['id']} {call['tool']}({dumps(call['args'], ensure_ascii=False)})\n"
        + "\n".join(f"    {dumps(one, ensure_ascii=False)}" for one in call["rows"])
        for call in detail["evidence"] or []
    )
    if len(evidence) > MOST_EVIDENCE:
        evidence = f"{evidence[:MOST_EVIDENCE]} … and {len(evidence) - MOST_EVIDENCE:,} more"
    rejected = detail["rejected_claims"] or []
    return {
        "row": row,
        "detail": detail,
        "evidence": evidence,
        "raw": [coloured(text, [one["text"] for one in rejected]) for text in detail["raw"]],
        "rejected": rejected,
    }


def coloured(text: str, rejected: Sequence[str]) -> list[tuple[str, str]]:
    """Cut a model's text into (class, part): what was rejected is "bad", the rest "good"."""
    wanted = [re.escape(one).replace(r"\ ", r"\s+") for one in rejected if one.strip()]
    if not wanted:
        return [("good", text)]
    parts = re.split(f"({'|'.join(sorted(wanted, key=len, reverse=True))})", text)
    return [("bad" if at % 2 else "good", part) for at, part in enumerate(parts) if part]


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.3f}"


def _seconds(value: float) -> str:
    return f"{1000 * value:.0f} ms" if value < 1 else f"{value:.1f} s"
