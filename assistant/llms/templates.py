"""Prompt templates: TOML files with a `system` and a `human` text and named variables."""

from __future__ import annotations

import html
import tomllib
from collections.abc import Set
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.errors import AskerError

if TYPE_CHECKING:
    from langchain_core.prompts import ChatPromptTemplate

ANSWER_VARIABLES = frozenset({"question", "evidence", "ids", "subject", "nouns"})

QUESTION_VARIABLES = frozenset({"question", "kinds", "values", "nouns"})


def load_template(
    name: str = "answer", variables: Set[str] = ANSWER_VARIABLES
) -> ChatPromptTemplate:
    """Read the shipped template `name`, or the template file at that path.

    Args:
        name: of the template.
        variables: those it may use.

    Raises:
        AskerError: the file is missing, is no TOML, lacks a text, or uses an unknown variable.
    """
    from langchain_core.prompts import ChatPromptTemplate

    path = Path(name)
    source = path if path.suffix == ".toml" else files("prompts").joinpath(f"{name}.toml")
    try:
        texts = tomllib.loads(source.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise AskerError(
            f"there is no prompt {name!r}; name a .toml file or a shipped prompt"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise AskerError(f"the prompt {name} is not a TOML file: {error}") from error
    missing = [part for part in ("system", "human") if not isinstance(texts.get(part), str)]
    if missing:
        raise AskerError(f"the prompt {name} has no text {' and no text '.join(missing)}")
    template = ChatPromptTemplate.from_messages(
        [("system", texts["system"].strip()), ("human", texts["human"].strip())]
    )
    unknown = sorted(set(template.input_variables) - variables)
    if unknown:
        known = ", ".join(sorted(variables))
        raise AskerError(
            f"the prompt {name} uses the unknown variable {unknown[0]!r}; there are {known}"
        )
    return template


def as_data(text: str) -> str:
    """Escape text from outside so that it cannot close a tag or start a line of its own."""
    return html.escape(" ".join(text.split()), quote=False)
