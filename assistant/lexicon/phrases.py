"""Phrases of a lexicon → regular expressions over plain text with markers for users and items.

A phrase is words as they are said. It may hold `{user}`, `{item}`, `{number}` (in digits or words),
`{figure}` (in digits), `{fraction}`, `{year}` and `{decade}`; the name of a list in braces,
`{sees}`; alternatives in parentheses, `(will|would)`, with `?` after them where they may be absent;
and ` ... `, up to eight words of any kind.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

USERS = (0xE000, 0xE7FF)
ITEMS = (0xE800, 0xF8FF)
"""Private code points that stand for the first, second … user and item a question names."""
USER = f"[{chr(USERS[0])}-{chr(USERS[1])}]"
ITEM = f"[{chr(ITEMS[0])}-{chr(ITEMS[1])}]"
_PRIVATE = f"{chr(USERS[0])}-{chr(ITEMS[1])}"
_UNSPACED = (
    "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff々"  # kana and Han: words without spaces between them
)
_UNKNOWN_MARK = re.compile(rf"[^\w'#.,?{_PRIVATE}]+")
_EDGE = re.compile(
    rf"(?<=[{_UNSPACED}])(?=[0-9a-z#{_PRIVATE}])|(?<=[0-9a-z{_PRIVATE}])(?=[{_UNSPACED}])"
)
_LIST_AFTER_COLON = re.compile(r"(?<=[0-9]): (?=[0-9])")
_DIGITS = r"([0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+(?:[.,][0-9]+)?"
"""A number in digits; the group ends after the numbers in words."""
_SIGNS = str.maketrans(
    {"€": " euro ", "$": " dollars ", "£": " pounds ", "¥": " yen ", "≥": " min ", "≤": " max "}
)
_COMPARISON = re.compile(r"([<>])(=?)(?= ?[0-9])")
_PLUS = re.compile(r"(?<=\w) ?\+ ?(?=\w)")
_NAMED = re.compile(r"\{[ui]\}")
"""Groups that have a name: a pattern may hold each once."""
_SYNTAX = re.compile(r"(\{\w+\}| \.\.\. |\)\?|[()|])")


def plain_text(text: str) -> str:
    """Lower the case, turn typographic apostrophes and hyphens into plain ones, drop the rest.

    Letters and digits of any script, `'`, `#`, `.` and `,` stay; hyphens and runs of anything else
    become one space, so that "Sci-Fi" and "sci fi" are the same words; "&" is "and", "€" is "euro",
    ">=" is "min".
    Han and kana are set apart from digits, full-width forms become plain ones.
    """
    lowered = unicodedata.normalize("NFKC", text).casefold().replace("’", "'").replace("ʼ", "'")
    lowered = _PLUS.sub(" and ", _COMPARISON.sub(_compared, lowered.translate(_SIGNS)))
    lowered = lowered.replace("。", ".").replace("、", ",").replace("・", " ")
    lowered = _LIST_AFTER_COLON.sub(", ", lowered.replace("&", " and "))
    return _EDGE.sub(" ", _UNKNOWN_MARK.sub(" ", lowered)).strip()


def _compared(sign: re.Match[str]) -> str:
    words = {">": " over ", ">=": " min ", "<": " under ", "<=": " max "}
    return words[sign[1] + sign[2]]


def without_accents(text: str) -> str:
    """Return `text` with its accents taken off its letters."""
    if text.isascii():
        return text
    marks = unicodedata.normalize("NFKD", text)
    return "".join(mark for mark in marks if not unicodedata.combining(mark))


def is_unspaced(word: str) -> bool:
    """Tell whether a word is of a script that sets no spaces between words."""
    return re.search(f"[{_UNSPACED}]", word) is not None


def without_markers(text: str) -> str:
    """Return `text` less the code points that are used as markers: nobody writes those."""
    return re.sub(f"[{_PRIVATE}]", "", text)


def any_of(words: Iterable[str]) -> re.Pattern[str]:
    """Return the pattern that matches any of `words`, taken literally, as whole words."""
    plain = {plain for word in words if (plain := plain_text(word))}
    return _alternatives(plain, {}, literal=True)


def any_phrase(
    phrases: Iterable[str], lists: Mapping[str, Iterable[str]], whole: bool = True
) -> re.Pattern[str]:
    """Return the pattern that matches any of `phrases`, in the syntax above, the longest first.

    Words match whole, except where a script sets no spaces; with `whole` off, nowhere.
    """
    return _alternatives(set(phrases), lists, literal=False, whole=whole)


def _alternatives(
    phrases: Iterable[str], lists: Mapping[str, Iterable[str]], literal: bool, whole: bool = True
) -> re.Pattern[str]:
    unaccented = {
        plain
        for phrase in phrases
        if len(phrase) > 2
        and (plain := without_accents(phrase)).isascii()
        and not _NAMED.search(phrase)
    }
    ordered = sorted({*phrases, *unaccented}, key=lambda phrase: (-len(phrase), phrase))
    if not ordered:
        return re.compile("(?!)")
    runs = itertools.groupby(ordered, key=_edges if whole else lambda phrase: ("", ""))
    return re.compile(
        "|".join(_run(edges, [_of(one, lists, literal) for one in run]) for edges, run in runs)
    )


def _of(phrase: str, lists: Mapping[str, Iterable[str]], literal: bool) -> str:
    return re.escape(phrase) if literal else _body(phrase, lists)


def _edges(phrase: str) -> tuple[str, str]:
    """Return what must stand left and right of a phrase: a word's edge, where words have spaces."""
    words = plain_text(re.sub(r"[{}()|?]", " ", phrase))
    left = "" if re.match(f"[{_UNSPACED}]", words) else r"(?<!\w)"
    right = "" if re.search(f"[{_UNSPACED}]$", words) else r"(?!\w)"
    return left, right


def _run(edges: tuple[str, str], bodies: Sequence[str]) -> str:
    """Return one pattern for phrases of the same edges: those are tested once for all of them."""
    return f"{edges[0]}(?:{'|'.join(bodies)}){edges[1]}"


def _body(phrase: str, lists: Mapping[str, Iterable[str]]) -> str:
    return "".join(_part(part, lists) for part in _SYNTAX.split(phrase))


def _part(part: str, lists: Mapping[str, Iterable[str]]) -> str:
    fixed = {
        "(": "(?:",
        ")": ")",
        ")?": ")?",
        "|": "|",
        " ... ": r"(?: \S+){0,8}? ",
        "{user}": USER,
        "{item}": ITEM,
        "{fraction}": r"(0?[.,][0-9]+)",
        "{figure}": rf"{_DIGITS})",
        "{year}": r"((?:1[89]|20)[0-9]{2})",
        "{decade}": r"((?:1[89]|20)?[0-9]0)",
        "{u}": r"#?(?P<u>[0-9]+)(?![.,]?[0-9])",
        "{i}": r"#?(?P<i>[0-9]+)(?![.,]?[0-9])",
    }
    if part == "{number}":
        words = sorted(map(plain_text, lists.get("number_words", ())), key=len, reverse=True)
        return "|".join([_DIGITS, *map(re.escape, words)]) + ")"
    if part in fixed:
        return fixed[part]
    if part.startswith("{") and part.endswith("}"):
        inner = sorted(lists[part[1:-1]], key=lambda phrase: (-len(phrase), phrase))
        return "(?:" + "|".join(_body(phrase, lists) for phrase in inner) + ")"
    plain = plain_text(part)
    lead, trail = part[:1] == " ", part[-1:] == " " and part.strip() != ""
    return " " * lead + re.escape(plain) + " " * trail if plain else " " * bool(part)
