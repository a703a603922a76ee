"""Suite files → Suite, with file, line and field in every complaint."""

from __future__ import annotations

import csv
import difflib
import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from assistant.evaluation.suite import Case, Expect, Generate, Sample, Suite, ToolCall, Years
from ingest.errors import AskerError, DataError, Problem

MAX_BYTES = 50_000_000
"""A suite larger than this is not read; such suites are generated."""
_LIST_MARK = "|"
Place = tuple[str | int, ...]


@dataclass(frozen=True)
class SuiteFile:
    """A suite, where it came from, and its fingerprint."""

    suite: Suite
    source: str
    fingerprint: str
    lines: Mapping[Place, int] = field(default_factory=dict, repr=False)
    """Line of each field, by its place in the document, for later complaints."""

    def line(self, place: Place) -> int | None:
        """Return the line of a place, or of the nearest one around it."""
        return _line(self.lines, place)


def load_suite(name: str) -> SuiteFile:
    """Read the suite file at the path `name`, or the shipped suite of that name.

    Raises:
        AskerError: the file is missing, too large or of no known kind.
        DataError: what is in it is no suite; every problem found, with line and field.
    """
    path = Path(name)
    shipped = files("prompts").joinpath("suites", f"{name}.yaml")
    known = path.suffix.lower() in _READERS
    source = path if known or path.exists() or not shipped.is_file() else shipped
    if not known and source is path:
        kinds = ", ".join(_READERS)
        shown = ", ".join(shipped_suites())
        raise AskerError(
            f"there is no suite {name!r}; name a file ({kinds}) or a shipped suite: {shown}"
        )
    try:
        if source is path and path.stat().st_size > MAX_BYTES:
            raise AskerError(
                f"the suite {name} has {path.stat().st_size:,} bytes, over {MAX_BYTES:,}; split "
                "it, or let `generate` make its cases"
            )
        content = source.read_bytes()
        text = content.decode("utf-8-sig")
    except FileNotFoundError as error:
        raise AskerError(f"there is no suite file {name}") from error
    except OSError as error:
        raise AskerError(f"the suite {name} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise AskerError(
            f"the suite {name} is not UTF-8 text (byte {error.start}); save it as UTF-8"
        ) from error
    suffix = path.suffix.lower() if known else ".yaml"
    document, lines = _READERS[suffix](name, text)
    suite = _validated(name, document, lines, Path(name).stem)
    return SuiteFile(suite, name, hashlib.sha256(content).hexdigest()[:16], lines)


def shipped_suites() -> list[str]:
    """Return the names of the suites that come with the assistant."""
    folder = files("prompts").joinpath("suites")
    return sorted(
        entry.name.removesuffix(".yaml")
        for entry in (folder.iterdir() if folder.is_dir() else [])
        if entry.name.endswith(".yaml")
    )


def _validated(name: str, document: Any, lines: Mapping[Place, int], stem: str) -> Suite:
    if document is None or document == []:
        raise DataError([Problem(name, "the suite is empty; add a list of `cases`")])
    if isinstance(document, list):
        document, lines = {"cases": document}, {("cases", *at): n for at, n in lines.items()}
    if not isinstance(document, dict):
        raise DataError([Problem(name, "the suite is no mapping with `cases`, nor a list of them")])
    try:
        suite = Suite.model_validate({"name": stem} | document)
    except ValidationError as error:
        raise DataError(
            [_problem(name, one, lines) for one in error.errors(include_url=False)]
        ) from None
    doubled = list(_doubled(suite.cases))
    if doubled:
        raise DataError(
            [
                _placed(name, ("cases", again, "id"), lines, f"the id {case!r} is that of case "
                f"{first + 1} too; give each case its own")
                for case, first, again in doubled
            ]
        )  # fmt: skip
    return suite


def _doubled(cases: Sequence[Case]) -> Iterator[tuple[str, int, int]]:
    first: dict[str, int] = {}
    for at, case in enumerate(cases):
        if case.id in first:
            yield case.id, first[case.id], at
        first.setdefault(case.id, at)


_MODELS = (Suite, Case, Expect, Generate, Sample, ToolCall, Years)


def _problem(name: str, error: Mapping[str, Any], lines: Mapping[Place, int]) -> Problem:
    """Turn one complaint of pydantic into a sentence with its place."""
    place = tuple(part for part in error["loc"])
    key = str(place[-1]) if place else ""
    match error["type"]:
        case "extra_forbidden":
            # Unknown fields are mostly slips of the pen.
            names = {f.alias or n for model in _MODELS for n, f in model.model_fields.items()}
            near = difflib.get_close_matches(key, sorted(names), 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            inside = "check" if "expect" in place else "field"
            return _placed(name, place, lines, f"there is no {inside} {key!r}{hint}")
        case "missing":
            return _placed(name, place, lines, f"the field {key!r} is missing")
        case "value_error":
            return _placed(name, place, lines, str(error["ctx"]["error"]))
        case _:
            said = str(error["msg"])
            got = repr(error.get("input"))
            shown = got if len(got) <= 60 else f"{got[:59]}…"
            return _placed(name, place, lines, f"{said[0].lower()}{said[1:]}, not {shown}")


def _placed(name: str, place: Place, lines: Mapping[Place, int], what: str) -> Problem:
    line = _line(lines, place)
    source = name if line is None else f"{name}, line {line}"
    shown = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in place)
    return Problem(f"{source}, field {shown.lstrip('.')}" if shown else source, what)


def _line(lines: Mapping[Place, int], place: Place) -> int | None:
    return next((lines[place[:n]] for n in range(len(place), -1, -1) if place[:n] in lines), None)


# ---- one reader for each kind of file: text → (document, line of every place in it)

Read = tuple[Any, dict[Place, int]]


def _yaml(name: str, text: str) -> Read:
    import yaml

    loader = yaml.CSafeLoader(text) if yaml.__with_libyaml__ else yaml.SafeLoader(text)
    lines: dict[Place, int] = {}
    try:
        node = loader.get_single_node()
        if node is None:
            return None, lines
        _walk(name, node, (), lines, set())
        return loader.construct_document(node), lines
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        at = f"{name}, line {mark.line + 1}" if mark else name
        raise DataError([Problem(at, f"it is not YAML: {error.problem}")]) from None
    except yaml.YAMLError as error:
        said = " ".join(str(error).split())
        raise DataError([Problem(name, f"it is not YAML: {said}")]) from None
    except RecursionError:
        raise DataError([Problem(name, "it is nested too deeply to be a suite")]) from None
    finally:
        loader.dispose()


def _walk(name: str, node: Any, place: Place, lines: dict[Place, int], met: set[int]) -> None:
    """Note the line of every place; refuse keys given twice, and aliases, which can blow up."""
    import yaml

    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.ScalarNode):
        return
    if id(node) in met:
        at = f"{name}, line {node.start_mark.line + 1}"
        raise DataError([Problem(at, "aliases (*name) are not read in suites; repeat the text")])
    met.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for index, child in enumerate(node.value):
            _walk(name, child, (*place, index), lines, met)
        return
    for key, child in node.value:
        inner: Place = (*place, str(key.value))
        if inner in lines:
            at = f"{name}, line {key.start_mark.line + 1}"
            raise DataError([Problem(at, f"the field {key.value!r} stands twice; keep one")])
        lines[inner] = key.start_mark.line + 1
        _walk(name, child, inner, lines, met)


def _json(name: str, text: str) -> Read:
    try:
        json.loads(text)
    except ValueError as error:
        line = getattr(error, "lineno", None)
        at = name if line is None else f"{name}, line {line}"
        raise DataError([Problem(at, f"it is not JSON: {error}")]) from None
    except RecursionError:
        raise DataError([Problem(name, "it is nested too deeply to be a suite")]) from None
    # YAML takes JSON in, once tabs are spaces, and knows the lines.
    return _yaml(name, text.replace("\t", " "))


def _jsonl(name: str, text: str) -> Read:
    cases: list[Any] = []
    lines: dict[Place, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            case = json.loads(line)
        except ValueError as error:
            at = f"{name}, line {number}"
            raise DataError([Problem(at, f"it is not JSON: {error}")]) from None
        lines[(len(cases),)] = number
        cases.append(case)
    return cases, lines


def _csv(name: str, text: str) -> Read:
    """Read cases from a table: `expect.count` is a column, and `a|b` a list."""
    reader = csv.reader(io.StringIO(text), strict=True)
    cases: list[dict[str, Any]] = []
    lines: dict[Place, int] = {}
    try:
        head = [column.strip() for column in next(reader, [])]
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            at = f"{name}, line {reader.line_num}"
            if len(row) != len(head):
                what = (
                    f"it has {len(row)} cells and the header {len(head)}; quote cells with commas"
                )
                raise DataError([Problem(at, what)])
            lines[(len(cases),)] = reader.line_num
            case: dict[str, Any] = {}
            for column, cell in zip(head, row, strict=True):
                if cell.strip():
                    _put(case, column.split("."), cell)
            cases.append(case)
    except csv.Error as error:
        at = f"{name}, line {reader.line_num}"
        raise DataError([Problem(at, f"it is not CSV: {error}")]) from None
    return cases, lines


_LISTS = {
    name
    for model in (Case, Expect)
    for name, info in model.model_fields.items()
    if "list[" in str(info.annotation)
}  # fmt: skip


def _put(case: dict[str, Any], path: Sequence[str], cell: str) -> None:
    *outer, last = path
    for part in outer:
        case = case.setdefault(part, {})
    listed = last in _LISTS or (outer and outer[-1] in ("every", "none"))
    case[last] = [one.strip() for one in cell.split(_LIST_MARK)] if listed else cell


_READERS = {".yaml": _yaml, ".yml": _yaml, ".json": _json, ".jsonl": _jsonl, ".csv": _csv}
