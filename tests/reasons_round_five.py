"""A part of the corpus by another hand: its texts are in `reasons_round_five.toml`.

They were written from the format of the evidence alone, without the verifier and the other parts.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from assistant.evidence import Row
from tests.reasons_corpus import ORDINALS, WORDS, Known, Template

FILMS = {"thing": "film", "things": "films", "seen": "seen", "pool": "films you liked"}
ITEMS = {
    "thing": "item",
    "things": "items",
    "seen": "interacted with",
    "pool": "items in your history",
}


def _template(text: str) -> Template:
    """Return a template that fills `text`, or None for a row that lacks one of its names."""

    def fill(known: Known) -> str | None:
        try:
            said = text.format_map(values(known))
        except KeyError:
            return None
        return said[:1].upper() + said[1:]

    return fill


def values(k: Known) -> dict[str, Any]:
    """Return what may be said of a row by name; a name is there only where it holds.

    Names that start with `if_` are empty and say where a text may be used. Names that start with
    `no_` stand for something false: a digit changed, another count, a wrong place.
    """
    found: dict[str, Any] = {"user": k.user, "t": k.title, "stranger": k.stranger}
    bare = k.title.startswith("item ")
    found |= ITEMS if bare else FILMS
    found |= _score(k) | _neighbours(k) | _pairs(k) | _content(k) | _taste(k) | _liked(k)
    return {name: value for name, value in found.items() if value is not None}


def _when(holds: bool, value: Any = "") -> Any:
    return value if holds else None


def _word(n: int) -> str | None:
    return WORDS[n] if n < len(WORDS) else None


def _in(number: int | str, zero: str) -> str:
    """Return a number in the digits that start at `zero`."""
    return "".join(chr(ord(zero) + int(one)) if one.isdigit() else one for one in str(number))


def _score(k: Known) -> dict[str, Any]:
    share = k.beside(k.percentile, 1, [100.0]) if k.percentile < 99.9 else None
    return {
        "s2": f"{k.score:.2f}",
        "s3": f"{k.score:.3f}",
        "s4": f"{k.score:.4f}",
        "spct": f"{100 * k.score:.1f}",
        "pct": k.above,
        "pct0": math.floor(k.percentile),
        "unseen": k.n_unseen,
        "unseen_c": f"{k.n_unseen:,}",
        "rank": k.rank,
        "rankth": _when(k.rank < len(ORDINALS), ORDINALS[min(k.rank, 10)]),
        "if_first": _when(k.rank == 1),
        "if_not_first": _when(k.rank > 1),
        "if_top": _when(k.top),
        "if_not_top": _when(not k.top),
        "no_s2": k.beside(k.score, 2),
        "no_s3": k.beside(k.score, 3),
        "no_s4": k.beside(k.score, 4),
        "no_s10": f"{10 * k.score + 0.3:.1f}",
        "no_stars": f"{1 + 3 * k.score:.1f}",
        "no_pct": share,
        "no_pct_low": f"{100 - min(k.percentile, 99.9):.1f}",
        "no_unseen": k.beside(k.n_unseen, 0),
        "no_rank": k.rank + 2,
        "no_rankth": ORDINALS[min(k.rank, 7) + 2],
        "no_s2_wide": _in(k.beside(k.score, 2), "０"),
        "no_s2_arabic": _in(k.beside(k.score, 2), "٠"),
        "no_s2_comma": k.beside(k.score, 2).replace(".", ","),
    }


def _neighbours(k: Known) -> dict[str, Any]:
    n, of = len(k.near), k.n_neighbours
    other = k.rng.choice([one for one in range(1, of + 1) if one != n])
    ids = [one["user_id"] for one in k.near]
    rest = of - n
    return {
        "n": _when(n > 1, n),
        "nw": _when(n > 1, _word(n)),
        "Nw": _when(n > 1, (_word(n) or "").capitalize()),
        "nn": of,
        "nnw": _word(of),
        "rest": _when(rest > 1, rest),
        "restw": _when(rest > 1, _word(rest)),
        "npct": _when(100 * n % of == 0 and n > 0, 100 * n // of),
        "ids": _when(1 < n <= 4, " and ".join([", ".join(ids[:-1]), *ids[-1:]])),
        "if_half": _when(2 * n == of),
        "if_most": _when(n < of < 2 * n),
        "if_few": _when(0 < n and 2 * n < of),
        "if_all": _when(n == of),
        "if_some": _when(n > 0),
        "if_not_all": _when(n < of),
        "if_not_half": _when(2 * n != of),
        "if_not_most": _when(2 * n <= of),
        "if_nearest": _when(n > 0 and k.near[0]["place"] == 1),
        "if_not_nearest": _when(n > 0 and k.near[0]["place"] > 1),
        "if_no_second": _when(n > 0 and all(one["place"] != 2 for one in k.near)),
        "nu": _when(k.n_users > 1, k.n_users),
        "no_n": other,
        "no_nw": _word(other),
        "no_n_wide": _in(other, "０"),
        "no_n_hindi": _in(other, "०"),
        "no_npct": 100 * other // of,
        "no_rest": _when(rest > 0, rest + 1),
        "no_nn": of + 5,
        "no_nu": k.beside(k.n_users, 0),
        "no_nu_more": k.n_users + 17,
        "no_nu_less": _when(k.n_users > 20, k.n_users - 9),
        "if_not_one": _when(n != 1),
    }


def _pairs(k: Known) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, one in zip("ab", k.near, strict=False):
        found |= {
            f"{name}": one["user_id"],
            f"{name}j": f"{one['jaccard']:.2f}",
            f"{name}j3": f"{one['jaccard']:.3f}",
            f"{name}i": one["intersection"],
            f"{name}u": one["union"],
            f"{name}th": ORDINALS[one["place"]],
            f"no_{name}j": k.beside(one["jaccard"], 2),
            f"no_{name}i": k.beside(one["intersection"], 0),
            f"no_{name}u": k.beside(one["union"], 0),
            f"no_{name}th": ORDINALS[one["place"] % 9 + 2] if one["place"] < 9 else ORDINALS[1],
        }
    if len(k.near) > 1:
        a, b = k.near[:2]
        found["if_j_apart"] = _when(f"{a['jaccard']:.2f}" != f"{b['jaccard']:.2f}")
        found["if_i_apart"] = _when(a["intersection"] != b["intersection"])
        found["more_i"] = _when(a["intersection"] != b["intersection"], _more(a, b, "user_id"))
        found["less_i"] = _when(a["intersection"] != b["intersection"], _more(a, b, "user_id", 0))
    return found


def _more(a: Row, b: Row, name: str, larger: bool | int = True) -> Any:
    """Return the `name` of the row with the larger intersection, or of the other."""
    first, second = (a, b) if a["intersection"] > b["intersection"] else (b, a)
    return (first if larger else second)[name]


def _content(k: Known) -> dict[str, Any]:
    mine = k.mine
    return {
        "g": mine[0] if mine else None,
        "only_g": mine[0] if len(mine) == 1 else None,
        "g1": mine[0] if len(mine) > 1 else None,
        "g2": mine[1] if len(mine) > 1 else None,
        "g3": mine[2] if len(mine) > 2 else None,
        "gs": _when(len(mine) > 1, " and ".join([", ".join(mine[:-1]), *mine[-1:]])),
        "ng": _when(1 < len(mine), _word(len(mine))),
        "y": k.year,
        "decade": k.year and k.year // 10 * 10,
        "no_g": k.rng.choice(k.genres),
        "no_y": k.year and k.beside(k.year, 0),
        "no_decade": k.year and k.year // 10 * 10 - 20,
        "no_ng": WORDS[len(mine) + 1],
    }


def _taste(k: Known) -> dict[str, Any]:
    if not k.taste:
        return {}
    first, *more = k.taste
    count, of = first["count"], first["of"]
    found: dict[str, Any] = {
        "tg": first["value"],
        "tc": count,
        "tn": of,
        "tp": round(100 * count / of),
        "trest": _when(of - count > 1, of - count),
        "if_t_half": _when(2 * count > of),
        "if_t_minor": _when(2 * count < of),
        "if_t_not_third": _when(not 0.2 < count / of < 0.45),
        "no_tc": k.beside(count, 0),
        "no_tn": k.beside(of, 0),
        "no_tp": round(100 * count / of) + 11,
    }
    if more and more[0]["count"] != count:
        low, high = sorted([first, more[0]], key=lambda one: int(one["count"]))
        found |= {"thg": high["value"], "thc": high["count"]}
        found |= {"tlg": low["value"], "tlc": low["count"]}
    return found


def _liked(k: Known) -> dict[str, Any]:
    found: dict[str, Any] = {}
    graded = bool(k.liked) and all(one["label"] is not None for one in k.liked)
    for name, one in zip(("l", "m"), k.liked, strict=False):
        found |= {
            name: one["title"],
            f"{name}i": _when(one["intersection"] > 1, one["intersection"]),
            f"{name}u": one["union"],
            f"{name}j": f"{one['jaccard']:.2f}",
            f"r{name}": _when(graded, one["title"]),
            f"{name}r": _when(graded, graded and round(one["label"])),
            f"no_{name}r": _when(graded, graded and (5 if one["label"] == 4 else 4)),
            f"no_{name}i": k.beside(one["intersection"], 0),
            f"no_{name}u": k.beside(one["union"], 0),
            f"no_{name}j": k.beside(one["jaccard"], 2),
        }
    pair = [(one["intersection"], f"{one['jaccard']:.2f}") for one in k.liked[:2]]
    found["if_liked_apart"] = _when(len(pair) == 2 and pair[0][1] != pair[1][1])
    found["if_li_apart"] = _when(len(pair) == 2 and pair[0][0] != pair[1][0])
    found["low"] = _when(graded and bool(k.disliked), k.disliked[0] if k.disliked else None)
    found["un"] = k.unrelated[0] if k.unrelated else None
    return found


class _Part:
    """The texts of the file as templates."""

    def __init__(self) -> None:
        path = Path(__file__).with_suffix(".toml")
        texts = tomllib.loads(path.read_text(encoding="utf-8"))
        self.TRUE: Sequence[Template] = [
            _template(text) for voice in texts["true"].values() for text in voice
        ]
        self.FALSE: Mapping[str, Sequence[Template]] = {
            kind: [_template(text) for text in kinds] for kind, kinds in texts["false"].items()
        }


ROUND_FIVE = _Part()
