"""Reasons in the words of many language models (`reasons_voices_*.toml`), and how they are filled.

By the texts of `VOICES` the verifier was mended; those of `OTHER_VOICES` were not used for it (half
of the second file was read). Those of `BLIND` and `SECOND_BLIND` were written by people who had
seen neither the verifier nor the other texts; by the first, two false sentences were mended, by
the second nothing. The names are those of `reasons_round_five.values` and a few
more, worked out in plain Python.
"""

from __future__ import annotations

import math
import re
import tomllib
from pathlib import Path
from typing import Any

from tests import reasons_round_five
from tests.reasons_corpus import ORDINALS, WORDS, Known, Template

_NEEDS = re.compile(r"\{\?(\w+)\}")
_BARS = re.compile(r"\{!(\w+)\}")


class Part:
    """The texts of some of the files as templates."""

    def __init__(self, *numbers: int) -> None:
        self.TRUE: list[Template] = []
        self.FALSE: dict[str, list[Template]] = {}
        for number in numbers:
            path = Path(__file__).with_name(f"reasons_voices_{number}.toml")
            texts = tomllib.loads(path.read_text(encoding="utf-8"))
            self.TRUE += [template(text) for voice in texts["true"].values() for text in voice]
            for kind, kinds in texts["false"].items():
                self.FALSE.setdefault(kind, []).extend(template(text) for text in kinds)


def template(text: str) -> Template:
    """Return a template that fills `text`, or None for a row that lacks one of its names.

    `{?name}` says nothing: the text is only for rows that have the name; `{!name}` only for rows
    that lack it.
    """
    needed, barred = _NEEDS.findall(text), _BARS.findall(text)
    form = _BARS.sub("", _NEEDS.sub("", text))

    def fill(known: Known) -> str | None:
        found = values(known)
        if any(name not in found for name in needed) or any(name in found for name in barred):
            return None
        try:
            said = form.format_map(found)
        except KeyError:
            return None
        return said[:1].upper() + said[1:]

    return fill


def values(k: Known) -> dict[str, Any]:
    """Return what may be said of a row by name; a name is there only where it holds."""
    found = reasons_round_five.values(k)
    bare = k.title.startswith("item ")
    more: dict[str, Any] = _verbs(k, bare)
    more |= {
        "tt": _turned(k.title),
        "ltt": _turned(k.liked[0]["title"]) if k.liked else None,
        "the_t": k.title if bare else f"the film {k.title}",
        "a_thing": "an item" if bare else "a film",
        "a_movie": "an item" if bare else "a movie",
        "movie": "item" if bare else "movie",
        "movies": "items" if bare else "movies",
        "if_film": _when(not bare),
    }
    for part in (_score, _neighbours, _content, _taste, _liked, _others):
        more |= part(k)
    found |= {name: value for name, value in more.items() if value is not None}
    return found


def _verbs(k: Known, bare: bool) -> dict[str, Any]:
    """Return words for seeing: items without a title are seen in some texts, not in others."""
    if not bare:
        return {"watched": "watched", "saw": "saw", "see": "see"}
    if k.rng.random() < 0.5:
        words = {"seen": "seen", "watched": "seen", "saw": "saw", "see": "see"}
        return words | {"pool": "items you have seen"}
    word = "interacted with"
    return {"seen": word, "watched": word, "saw": word, "see": "interact with"}


def _turned(title: str) -> str | None:
    """Return `Lion King, The` as `The Lion King`; None for a title without an article behind."""
    name, comma, article = title.rpartition(", ")
    return f"{article} {name}" if comma and article in ("The", "A", "An") else None


def _when(holds: bool, value: Any = "") -> Any:
    return value if holds else None


def _word(n: int) -> str | None:
    return WORDS[n] if n < len(WORDS) else None


def _a(word: str) -> str:
    return ("an " if word[0] in "AEIOU" else "a ") + word


def _score(k: Known) -> dict[str, Any]:
    ahead = k.n_unseen - round(k.percentile * k.n_unseen / 100) - 1
    tenths = math.floor(k.score * 10) / 10
    wrong = k.beside(k.score, 2)
    return {
        "s1": f"{k.score:.1f}",
        "spct0": round(100 * k.score),
        "sfloor": _when(0 < tenths < k.score, tenths),
        "rank_ord": {1: "1st", 2: "2nd", 3: "3rd"}.get(k.rank, f"{k.rank}th"),
        "ahead": _when(ahead > 1, ahead),
        "behind": _when(ahead >= 0, k.n_unseen - ahead - 1),
        "no_ahead": ahead + 4,
        "if_top1": _when(k.percentile >= 99),
        "if_over_half": _when(k.score > 0.5),
        "if_pct_not_score": _when(abs(k.percentile - 100 * k.score) > 1.5),
        "no_spct": round(100 * k.score) + (3 if k.score < 0.9 else -4),
        "no_s1": f"{round(10 * k.score) / 10 + (0.2 if k.score < 0.7 else -0.2):.1f}",
        "no_sfrac": f"{round(100 * k.score) + (3 if k.score < 0.9 else -4)}/100",
        "no_s_points": f"{wrong[2]} point {wrong[3]}",
        "no_s_deva": "".join(chr(0x966 + int(c)) if c.isdigit() else c for c in wrong),
        "no_s_math": "".join(chr(0x1D7CE + int(c)) if c.isdigit() else c for c in wrong),
        "no_s_sup": "".join("⁰¹²³⁴⁵⁶⁷⁸⁹"[int(c)] if c.isdigit() else c for c in wrong),
    }


def _neighbours(k: Known) -> dict[str, Any]:
    n, of = len(k.near), k.n_neighbours
    found: dict[str, Any] = {
        "if_one": _when(n == 1),
        "n_not_rank": _when(n not in (0, k.rank), n),
        "if_none": _when(n == 0 and of > 1),
        "if_two": _when(n == 2),
        "if_more": _when(n > 2),
        "n_less": _when(n > 2, n - 1),
        "nw_less": _when(n > 2, _word(n - 1)),
        "thin": _when(1 < n <= 3 and 2 * n < of, n),
        "thinw": _when(1 < n <= 3 and 2 * n < of, _word(n)),
        "restpct": _when(n > 0 and 100 * (of - n) % of == 0 and of > n, 100 * (of - n) // of),
        "nu_floor": _when(0 < k.n_users // 100 * 100 < k.n_users, k.n_users // 100 * 100),
        "no_circled": chr(0x245F + (n % of + 1)),
        "no_roman": ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X"][n % 10],
        "no_fraction": "two thirds" if abs(n / of - 2 / 3) > 0.15 else "one third",
        "no_vulgar": "½" if 2 * n != of else "¼",
    }
    for name, one in zip("abc", k.near, strict=False):
        found |= {
            f"{name}jp": round(100 * one["jaccard"]),
            f"{name}j4": f"{one['jaccard']:.4f}",
            f"no_{name}jp": round(100 * one["jaccard"]) + 6,
            f"if_{name}i": _when(one["intersection"] > 1),
        }
    if n > 2:
        one = k.near[2]
        found |= {
            "c": one["user_id"],
            "cj": f"{one['jaccard']:.2f}",
            "ci": one["intersection"],
            "cu": one["union"],
            "cth": ORDINALS[one["place"]],
            "no_cj": k.beside(one["jaccard"], 2),
        }
    if n > 1:
        last = k.near[-1]
        found |= {"z": last["user_id"], "zj": f"{last['jaccard']:.2f}", "zi": last["intersection"]}
        least = min(one["intersection"] for one in k.near[:2])
        found["zi_least"] = _when(least > 1, least)
        found["if_z_apart"] = _when(found["zj"] != f"{k.near[0]['jaccard']:.2f}")
    if n:
        most = max(one["intersection"] for one in k.near)
        found["few_i"] = _when(1 < k.near[0]["intersection"] <= 10, k.near[0]["intersection"])
        found["max_i"] = _when(1 < most <= 15, most)
    return found


def _content(k: Known) -> dict[str, Any]:
    mine = k.mine
    return {
        "ag": _a(mine[0]) if mine else None,
        "a_only_g": _a(mine[0]) if len(mine) == 1 else None,
        "ag1": _a(mine[0]) if len(mine) > 1 else None,
        "gl": mine[-1] if len(mine) > 1 else None,
        "two_gs": f"{mine[0]} and {mine[1]}" if len(mine) == 2 else None,
        "gcommas": ", ".join(mine) if len(mine) > 1 else None,
        "gslash": "/".join(mine) if len(mine) > 1 else None,
        "a_no_g": _a(k.genres[0]) if k.genres else None,
        "no_g2": k.genres[-1] if len(k.genres) > 1 else None,
    }


def _taste(k: Known) -> dict[str, Any]:
    if not k.taste:
        return {}
    first, *more = k.taste
    found: dict[str, Any] = {
        "tcs": _when(first["count"] > 1, first["count"]),
        "tcw": _when(first["count"] > 1, _word(first["count"])),
        "tnw": _word(first["of"]),
        "atg": _a(first["value"]),
        "no_tcw": _word(first["count"] + 1),
    }
    if more and first["count"] > 1 and more[0]["count"] > 1:
        found |= {"t2g": more[0]["value"], "t2c": more[0]["count"]}
        found["if_t_more"] = _when(first["count"] > more[0]["count"])
    return found


def _liked(k: Known) -> dict[str, Any]:
    graded = bool(k.liked) and all(one["label"] is not None for one in k.liked)
    marks = [round(one["label"]) for one in k.liked] if graded else []
    found: dict[str, Any] = {
        "if_marks": _when(graded),
        "ljp": round(100 * k.liked[0]["jaccard"]) if k.liked else None,
        "no_ljp": round(100 * k.liked[0]["jaccard"]) + 7 if k.liked else None,
        "if_five": _when(graded and marks[0] == 5),
        "if_four": _when(graded and marks[0] == 4),
        "if_same_mark": _when(len(marks) > 1 and marks[0] == marks[1]),
        "if_marks_apart": _when(len(marks) > 1 and marks[0] != marks[1]),
        "li_more": _when(
            len(k.liked) > 1 and k.liked[0]["intersection"] > k.liked[1]["intersection"] > 1
        ),
    }
    if len(marks) > 1 and marks[0] != marks[1]:
        high, low = (0, 1) if marks[0] > marks[1] else (1, 0)
        found |= {"hi": k.liked[high]["title"], "lo": k.liked[low]["title"]}
    if len(k.liked) > 2:
        third = k.liked[2]
        found |= {
            "q": third["title"],
            "rq": _when(graded, third["title"]),
            "qr": _when(graded, graded and round(third["label"])),
            "qi": _when(third["intersection"] > 1, third["intersection"]),
            "qj": f"{third['jaccard']:.2f}",
        }
    return found


def _others(k: Known) -> dict[str, Any]:
    other = k.other
    there = other["attributes"]
    foreign = [one for one in there.get("genres", []) if one not in k.mine]
    return {
        "o": other["title"],
        "os": _when(f"{other['score']:.2f}" != f"{k.score:.2f}", f"{other['score']:.2f}"),
        "os3": _when(f"{other['score']:.2f}" != f"{k.score:.2f}", f"{other['score']:.3f}"),
        "onu": _when(other["n_users"] != k.n_users, other["n_users"]),
        "oy": _when(there.get("year") != k.year, there.get("year")),
        "og": foreign[0] if foreign else None,
        "on": _when(len(other["neighbours"]) not in (0, 1, len(k.near)), len(other["neighbours"])),
    }


VOICES = Part(1, 2, 3, 4, 7)
OTHER_VOICES = Part(5, 6)
BLIND = Part(8)
SECOND_BLIND = Part(9)
