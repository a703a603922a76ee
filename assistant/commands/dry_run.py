"""What `--dry-run` of `whyrec ingest` and `build` prints: what a source is understood to mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from assistant.commands.options import counted, emit

if TYPE_CHECKING:
    from ingest.loaders import Request

dry_run_option: Callable[..., Any] = click.option(
    "--dry-run", is_flag=True, help="Print what is understood of SOURCE; write nothing."
)


def tell_understood(request: Request, said: dict[str, Any], as_json: bool) -> int:
    """Print what a request is understood to mean, and return 2 where something has to be mended."""
    from ingest.intake.understanding import understand

    found = understand(request)
    found = {**found, "schema": schema_for(said, found.pop("guessed"))}
    emit(found, as_json, worded(found))
    return 2 if found["problems"] else 0


def schema_for(said: dict[str, Any], guessed: dict[str, Any]) -> str:
    """Return the schema file that says what was told and guessed, without any password."""
    from ingest.intake.schema_file import schema_text
    from ingest.sources.sql import is_sql, portable

    told = dict(said)
    for key in ("source", "users", "items"):
        if is_sql(told.get(key) or ""):
            told[key] = portable(told[key])
    for key in ("sparse_col", "dense_col", "multi_col", "user_col", "item_col"):
        if key in told and key in guessed:
            further = [name for name in guessed[key] if name not in told[key]]
            told[key] = (*told[key], *further)
    return schema_text(told, guessed)


def worded(found: dict[str, Any]) -> str:
    """Return what was understood as text."""
    lines: list[str] = []
    for table in found["tables"]:
        lines += [*_table(table), ""]
    problems = found["problems"]
    if problems:
        lines.append(f"problems: {len(problems)}")
        lines += [f"  {problem['sentence']}" for problem in problems]
    else:
        lines.append("problems: none")
    used = [notice for notice in found["notices"] if ": took column " not in notice]
    if used:
        lines += ["", "to know:", *(f"  {notice}" for notice in used)]
    if found["data"]:
        lines += ["", *_data(found["data"], told=bool(found["tables"]))]
    return "\n".join([*lines, "", "the same as a schema file:", "", *_indented(found["schema"])])


def _table(table: dict[str, Any]) -> list[str]:
    rows = "not read" if table["rows"] is None else counted(table["rows"], "row")
    if table["unreadable_rows"]:
        rows += f", {table['unreadable_rows']:,} more that cannot be read"
    head = f"{table['part']}: {table['source']} ({rows})"
    cells = [(_name(column), _role(column), _holds(column)) for column in table["columns"]]
    widths = [max((len(row[place]) for row in cells), default=0) for place in (0, 1)]
    return [
        head,
        *(
            f"  {name:{widths[0]}}  {role:{widths[1]}}  {holds}".rstrip()
            for name, role, holds in cells
        ),
    ]


def _name(column: dict[str, Any]) -> str:
    """Return a column's name, in quotes where it holds a line break or begins with a space."""
    name: str = column["name"]
    return name if name.isprintable() and name == name.strip() else repr(name)


def _role(column: dict[str, Any]) -> str:
    if column["role"] is None:
        return "not used"
    known = "told" if column["told"] else "guessed"
    if column["kind"] is None:
        return f"{column['role']} ({known})"
    of = f" of {column['feature']}" if column["feature"] != column["name"] else ""
    return f"{column['role']}{of}, {column['kind']} ({known})"


def _holds(column: dict[str, Any]) -> str:
    if "type" not in column:
        return ""
    text = str(column["type"])
    if column.get("least") is not None:
        least, greatest = (
            f"{one:.10g}" if isinstance(one, (int, float)) else one
            for one in (column["least"], column["greatest"])
        )
        text += f", {least} to {greatest}"
    text += f", {column['distinct']:,} different"
    if column["missing"]:
        text += f", {column['missing']:,} missing"
    if column.get("examples"):
        text += f": {', '.join(map(repr, column['examples']))}"
    return text


def _data(data: dict[str, Any], told: bool) -> list[str]:
    lines = [
        f"would be ingested: {counted(data['users'], 'user')}, "
        f"{counted(data['items'], data['noun']['one'], data['noun']['many'])}, "
        f"{counted(data['interactions'], 'interaction')} "
        f"(density {data['density']:.2%})"
    ]
    if data["time_span"]:
        lines.append(f"  times {' to '.join(data['time_span'])}")
    if data["labels"]:
        low, high = data["labels"]
        lines.append(f"  labels {low:g} to {high:g}")
    for side in ("user", "item"):
        fields = [f"{one['name']} ({one['kind']})" for one in data["fields"] if one["side"] == side]
        if fields and not told:  # the tables above tell them
            lines.append(f"  {side} {', '.join(fields)}")
    return lines


def _indented(text: str) -> list[str]:
    return [f"  {line}" for line in text.splitlines()]
