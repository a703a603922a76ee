"""A run for other programs: CSV that spreadsheets cannot run, JUnit XML, a Markdown summary."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

Row = Mapping[str, Any]
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
MOST_SHOWN = 10


def csv_table(rows: Sequence[Row]) -> str:
    """Return a line a trial, a column a metric; texts that look like formulas are quoted.

    A text that a spreadsheet would run gets an apostrophe.
    """
    names = sorted({name for row in rows for name in row["metrics"]})
    head = ["case", "variant", "repeat", "tags", "kind", "status", "shown", "failed", "error"]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*head, *names])
    for row in rows:
        texts = [
            row["case"],
            row["variant"],
            row["repeat"],
            "|".join(row["tags"]),
            row["kind"] or "",
            row["status"],
            "|".join(row["shown"]),
            "; ".join(f"{one['check']}: {one['why']}" for one in row["failed"]),
            row["error"] or "",
        ]
        numbers = [row["metrics"].get(name, "") for name in names]
        writer.writerow([*map(_safe, texts), *numbers])
    return out.getvalue()


def _safe(cell: object) -> object:
    from ingest.intake.refused import FORMULA

    return f"'{cell}" if isinstance(cell, str) and re.match(FORMULA, cell) else cell


def junit_xml(results: Mapping[str, Any], rows: Sequence[Row]) -> str:
    """Return the run as JUnit XML: a suite a variant, a test a trial."""
    root = ElementTree.Element("testsuites", name=_xml(results["suite"]))
    for variant in results["variants"]:
        mine = [row for row in rows if row["variant"] == variant]
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            name=_xml(f"{results['suite']}: {variant}"),
            tests=str(len(mine)),
            failures=str(sum(bool(row["failed"]) and not row["error"] for row in mine)),
            errors=str(sum(bool(row["error"]) for row in mine)),
            time=f"{sum(row['run'].get('seconds', 0.0) for row in mine):.3f}",
        )
        for row in mine:
            _junit_case(suite, row)
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, "unicode")}\n'


def _junit_case(suite: ElementTree.Element, row: Row) -> None:
    name = row["case"] if not row["repeat"] else f"{row['case']} (repeat {row['repeat']})"
    seconds = row["run"].get("seconds", 0.0)
    case = ElementTree.SubElement(
        suite, "testcase", name=_xml(name), classname=_xml(row["variant"]), time=f"{seconds:.3f}"
    )
    if row["failed"]:
        kind = "error" if row["error"] else "failure"
        why = "\n".join(f"{one['check']}: {one['why']}" for one in row["failed"])
        fault = ElementTree.SubElement(case, kind, message=_xml(why.splitlines()[0]))
        fault.text = _xml(why)


def _xml(text: str) -> str:
    """Leave out the characters that XML cannot hold."""
    return _NOT_XML.sub("�", text)


def markdown(results: Mapping[str, Any], rows: Sequence[Row]) -> str:
    """Return the verdict, a table of the variants and the first failures."""
    lines = [f"# {_md(results['suite'])}", ""]
    lines += [f"- {_md(sentence)}" for sentence in results["verdict"]]
    lines += [f"- Skipped: {_md(what)}" for what in results["skipped"]]
    if results["stopped"]:
        done = f"{results['n_done']:,} of {results['n_planned']:,} answers"
        lines += ["", f"**Ended early** after {done}: {_md(results['stopped'])}"]
    names = sorted({m for v in results["variants"].values() for m in v["metrics"]})
    lines += ["", f"| metric | {' | '.join(map(_md, results['variants']))} |"]
    lines.append(f"|---|{'---|' * len(results['variants'])}")
    for name in names:
        cells = [_cell(v["metrics"].get(name)) for v in results["variants"].values()]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    failed = [row for row in rows if row["failed"]]
    if failed:
        lines += ["", f"## {len(failed):,} answers failed a check", ""]
        for row in failed[:MOST_SHOWN]:
            why = "; ".join(f"{one['check']}: {one['why']}" for one in row["failed"])
            lines.append(f"- `{_md(row['case'])}` ({_md(row['variant'])}): {_md(why)}")
        if len(failed) > MOST_SHOWN:
            lines.append(f"- and {len(failed) - MOST_SHOWN:,} more, in results.csv")
    fingerprints = f"data {results['data_fingerprint']}, model {results['model_fingerprint']}"
    lines += ["", f"Seed {results['seed']}, {results['repeats']} repeats, {fingerprints}.", ""]
    return "\n".join(lines)


def _cell(value: Mapping[str, Any] | None) -> str:
    if value is None:
        return "–"
    return f"{value['mean']:.3f} [{value['low']:.3f}, {value['high']:.3f}]"


def _md(text: str) -> str:
    """Escape what Markdown or HTML would act on."""
    return re.sub(r"([\\`*_|<>\[\]])", r"\\\1", " ".join(text.split()))
