"""The words of a language, read from a TOML file a stranger can extend, as ready-made patterns."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files


@dataclass(frozen=True)
class Lexicon:
    """Patterns over text made plain by `plain_text`; each matches whole words only."""

    words: dict[str, re.Pattern[str]]
    asks: dict[str, re.Pattern[str]]
    claims: dict[str, re.Pattern[str]]
    numbers: dict[str, int]
    number: re.Pattern[str]
    synonyms: dict[str, str]

    def asks_for(self, concept: str, text: str) -> bool:
        """Tell whether any phrase of `concept` stands in the plain `text`."""
        return self.asks[concept].search(text) is not None


@lru_cache
def load_lexicon(language: str = "en") -> Lexicon:
    """Read the lexicon of `language`, a two-letter code with a file beside this one."""
    tables = tomllib.loads(files(__name__).joinpath(f"{language}.toml").read_text(encoding="utf-8"))
    numbers = {plain_text(phrase): value for phrase, value in tables["numbers"].items()}
    return Lexicon(
        words={concept: any_of(phrases) for concept, phrases in tables["words"].items()},
        asks={concept: any_of(phrases) for concept, phrases in tables["asks"].items()},
        claims={concept: any_of(phrases) for concept, phrases in tables["claims"].items()},
        numbers=numbers,
        number=re.compile(rf"\b(?:[0-9]+|{_alternatives(numbers)})\b"),
        synonyms={plain_text(a): plain_text(b) for a, b in tables["synonyms"].items()},
    )


def plain_text(text: str) -> str:
    """Lower the case, turn typographic apostrophes and hyphens into plain ones, drop the rest.

    Letters and digits of any script, `'`, `#`, `.` and `,` stay; hyphens and runs of anything else
    become one space, so that "Sci-Fi" and "sci fi" are the same words.
    """
    lowered = text.casefold().replace("’", "'").replace("ʼ", "'")
    return re.sub(r"[^\w'#.,?]+", " ", lowered).strip()


def any_of(phrases: Iterable[str]) -> re.Pattern[str]:
    """Return the pattern that matches any of `phrases` as whole words, the longest first."""
    return re.compile(rf"(?<!\w)(?:{_alternatives(phrases)})(?!\w)")


def _alternatives(phrases: Iterable[str]) -> str:
    plain = sorted(
        {plain_text(phrase) for phrase in phrases}, key=lambda phrase: (-len(phrase), phrase)
    )
    return "|".join(re.escape(phrase) for phrase in plain)
