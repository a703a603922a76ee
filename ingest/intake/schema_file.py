"""`schema.toml`: what a source is and what its columns mean, under the names of the options.

source = "ratings.csv"
user = "customer"
item = "isbn"
items = "books.csv"
noun = ["book", "books"]
verb = "borrowed"
liked_from = 4
"""

from __future__ import annotations

import difflib
import json
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from ingest.dataset.schema import Noun
from ingest.errors import AskerError
from ingest.intake.roles import Roles
from ingest.loaders import NAMES, Request
from ingest.sources.raw import Reading

_PLACES = ("source", "users", "items")
_REQUEST = {"table": str, "query": str, "liked_from": float, "verb": str}
_ROLES = {
    **{role: role for role in ("user", "item", "label", "time", "title")},
    "user_col": "user_columns",
    "item_col": "item_columns",
    "sparse_col": "sparse",
    "dense_col": "dense",
    "multi_col": "multi",
}
_READING = {
    "multi_sep": "multi_separator",
    "sep": "separator",
    **{
        name: name
        for name in (
            *("encoding", "quote", "decimal", "thousands", "missing", "duplicates", "layout"),
            *("ids", "time_unit", "time_format", "label_range", "on_bad_rows", "refused_folder"),
        )
    },
}
KEYS = (*_PLACES, *_REQUEST, *_ROLES, *_READING, "noun")
"""All keys; each is the option of that name, with _ for -."""
_LISTS = (*(key for key in _ROLES if key.endswith("_col")), "missing", "noun", "label_range")
_VERB = re.compile(r"[^\W\d_]+(?:[ '’-][^\W\d_]+){0,3}")
"""One to four words: "bought", "listened to"."""
_ENVIRONMENT = re.compile(r"\$\{(\w+)\}")


def read_schema(path: str) -> dict[str, Any]:
    """Return what the file says, by key; files it names are found beside it.

    `${NAME}` in the places of tables stands for an environment variable, so that no password need
    stand in the file.

    Raises:
        AskerError: it cannot be read, has an unknown key, or a value of another type.
    """
    try:
        said = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise AskerError(f"{path} cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise AskerError(f"{path} is not TOML ({error}); mend it there") from error
    for key, value in said.items():
        _check(path, key, value)
    places = {key: _place(path, said[key]) for key in _PLACES if key in said}
    lists = {key: tuple(said[key]) for key in _LISTS if key in said}
    return {**said, **places, **lists}


def request_of(said: Mapping[str, Any]) -> Request:
    """Return the request that keys and values of a schema, or options of these names, make.

    Raises:
        AskerError: there is no source, or a value does not fit.
    """
    if not said.get("source"):
        raise AskerError("say what to read: a SOURCE, or `source = …` in the schema file")
    noun = said.get("noun")
    if noun is not None and (len(noun) != 2 or not all(noun)):
        raise AskerError(f"--noun takes one and many, as in film,films, not {','.join(noun)!r}")
    verb = said.get("verb")
    if verb is not None and not _VERB.fullmatch(verb):
        raise AskerError(f"--verb takes what users have done, as in bought, not {verb!r}")
    roles = {_ROLES[key]: said[key] for key in _ROLES if key in said}
    reading = {_READING[key]: said[key] for key in _READING if key in said}
    if reading.get("quote") in ("", "none"):
        reading["quote"] = None
    return Request(
        said["source"],
        Roles(**roles),
        Reading(**reading),
        noun=None if noun is None else Noun(*noun),
        **{key: said[key] for key in ("table", "query", "users", "items", "verb") if key in said},
        liked_from=None if "liked_from" not in said else float(said["liked_from"]),
    )


def schema_text(said: Mapping[str, Any], guessed: Mapping[str, Any]) -> str:
    """Return a schema file that says what was told and what was guessed."""
    lines = []
    for key in KEYS:
        value = said.get(key, guessed.get(key))
        if value in (None, (), []):
            continue
        mark = "" if key in said else "  # guessed"
        lines.append(f"{key} = {_toml(value)}{mark}")
    return "\n".join(lines) + "\n"


def _check(path: str, key: str, value: Any) -> None:
    if key not in KEYS:
        close = difflib.get_close_matches(key, KEYS, n=1, cutoff=0.6)
        meant = f"did you mean {close[0]}?" if close else f"the keys are {', '.join(KEYS)}"
        raise AskerError(f"{path} has an unknown key {key!r}; {meant}")
    if key == "label_range":
        fits = _is_list(value, (int, float)) and len(value) == 2
        expected = "two numbers, as in [1, 5]"
    elif key in _LISTS:
        fits, expected = _is_list(value, (str,)), 'a list of texts, as in ["age", "sex"]'
    elif key == "liked_from":
        fits, expected = isinstance(value, (int, float)), "a number"
    else:
        fits, expected = isinstance(value, str), 'a text in quotes, as in "age"'
    if not fits or isinstance(value, bool):
        raise AskerError(f"{path}: {key} must be {expected}, not {_toml(value)}")
    choices = _choices().get(_READING.get(key, ""), ())
    if choices and value not in choices:
        raise AskerError(f"{path}: {key} must be one of {', '.join(choices)}, not {value!r}")


def _choices() -> dict[str, tuple[str, ...]]:
    hints = get_type_hints(Reading)
    return {name: get_args(hint) for name, hint in hints.items() if get_origin(hint) is Literal}


def _is_list(value: Any, kinds: tuple[type, ...]) -> bool:
    return isinstance(value, list) and all(isinstance(one, kinds) for one in value)


def _place(path: str, value: str) -> str:
    """Return where a table lies: environment variables put in, files taken from beside the schema.

    Raises:
        AskerError: a variable is not set.
    """
    for name in _ENVIRONMENT.findall(value):
        if name not in os.environ:
            raise AskerError(f"{path} needs the environment variable {name}, which is not set")
    value = _ENVIRONMENT.sub(lambda found: os.environ[found[1]], value)
    elsewhere = "://" in value or value.startswith("#") or value.partition(":")[0] in NAMES
    return value if elsewhere else str(Path(path).parent / Path(value).expanduser())


def _toml(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, float):
        return f"{value:g}"
    return json.dumps(value, ensure_ascii=False, default=str).replace("\x7f", "\\u007f")
