"""Reasons in the words of several language models, true and false, and how they are filled.

The texts stand in two files: by those of `reasons_written.toml` the verifier was mended, those of
`reasons_unseen.toml` were written afterwards and measured before anybody mended anything by them;
docs/verification.md tells the first figures. What is true of a row is worked out here, in plain
Python.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ingest.dataset.schema import Dataset, Interactions, Noun
from tests.reasons_corpus import ORDINALS, WORDS, Known, Template


class Texts:
    """The texts of one file as templates, as `reasons_tuned` holds them."""

    def __init__(self, name: str) -> None:
        texts = tomllib.loads((Path(__file__).parent / name).read_text(encoding="utf-8"))
        lists = [one for one in texts.values() if isinstance(one, list)]
        tables = [one for one in texts.values() if isinstance(one, dict)]
        self.TRUE: Sequence[Template] = [template(text) for one in lists for text in one]
        self.FALSE: Mapping[str, Sequence[Template]] = {
            kind: [template(text) for text in one[kind]] for one in tables for kind in one
        }


def template(text: str) -> Template:
    """Return a template that fills `text`, or None for a row that lacks one of its names."""

    def fill(known: Known) -> str | None:
        try:
            return text.format_map(names(known))
        except KeyError:
            return None

    return fill


def without_all_but_genres(dataset: Dataset) -> Dataset:
    """Return the same interactions with ids and genres only: no titles, labels, times or users."""
    seen = dataset.interactions
    return Dataset(
        name="ids-and-genres",
        user_ids=dataset.user_ids,
        item_ids=dataset.item_ids,
        interactions=Interactions(
            seen.user, seen.item, np.ones(len(seen), np.float32), np.arange(len(seen))
        ),
        users=pd.DataFrame(index=range(dataset.n_users)),
        items=dataset.items[["genres"]],
        fields=tuple(field for field in dataset.fields if field.name == "genres"),
        noun=Noun(),
        has_labels=False,
        has_times=False,
    )


def names(k: Known) -> dict[str, str]:
    """Return what may be said of a row, by name; a name stands for something only where it holds.

    Names of nothing (`top`, `most` …) are empty: they only say where a text may be used.
    """
    graded = all(one["label"] is not None for one in k.liked) and bool(k.liked)
    found: dict[str, Any] = {
        "user": k.user,
        "title": k.title,
        "Title": k.title[0].upper() + k.title[1:],
        "noun": "film" if graded else "item",
        "nouns": "films" if graded else "items",
        "liked": "liked" if graded else "saw",
        "had": "liked" if graded else "seen",
        "n_users": f"{k.n_users}" if k.n_users > 1 else None,
        "bad_n_users": k.beside(k.n_users, 0),
        "stranger": k.stranger,
        "labels": _when(graded),
    }
    for part in (_score, _order, _nearest, _pairs, _content, _taste, _liked, _others):
        found |= part(k)
    return {name: str(value) for name, value in found.items() if value is not None}


def _when(holds: bool) -> str | None:
    return "" if holds else None


def _word(n: int) -> str:
    return WORDS[n] if n < len(WORDS) else str(n)


def _a(word: str) -> str:
    return ("an " if word[0] in "AEIOU" else "a ") + word


def _score(k: Known) -> dict[str, Any]:
    bad = k.beside(k.score)
    floor = math.floor(k.score * 10) / 10
    arabic = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
    wide = str.maketrans("0123456789", "０１２３４５６７８９")
    percent = round(100 * k.score)
    return {
        "score2": f"{k.score:.2f}",
        "score3": f"{k.score:.3f}",
        "score4": f"{k.score:.4f}",
        "score_pct": percent,
        "score_pct1": f"{100 * k.score:.1f}",
        "score_floor": floor,
        "score_floor_ok": _when(k.score > floor > 0),
        "over_half": _when(k.score > 0.5),
        "bad_score2": bad,
        "bad_score3": k.beside(k.score, 3),
        "bad_score_pct": percent + 3 if percent < 90 else percent - 4,
        "bad_score2_wide": bad.translate(wide),
        "bad_score2_arabic": bad.translate(arabic),
        "bad_score_comma": bad.replace(".", ","),
        "bad_score_e": f"{float(bad):.1e}",
        "bad_cents": bad[2:],
    }


def _order(k: Known) -> dict[str, Any]:
    below = round(k.percentile * k.n_unseen / 100)
    ahead = k.n_unseen - below - 1
    bad_rank = k.rank + 2
    return {
        "rank": k.rank,
        "rank_word": ORDINALS[k.rank],
        "rank_ord": {1: "1st", 2: "2nd", 3: "3rd"}.get(k.rank, f"{k.rank}th"),
        "rank_small": _when(k.rank <= 3),
        "bad_rank": bad_rank,
        "bad_rank_word": ORDINALS[bad_rank],
        "n_unseen": f"{k.n_unseen:,}",
        "bad_n_unseen": k.beside(k.n_unseen, 0),
        "top": _when(k.top),
        "not_top": _when(not k.top),
        "top1": _when(k.percentile >= 99),
        "ahead": ahead if ahead > 1 else None,
        "pct1": None if k.top else k.above,
        "pct0": None if k.top else math.floor(k.percentile),
        "bad_pct1": f"{k.percentile - 7.3:.1f}",
        "bad_top": "0.1" if k.percentile < 99.8 else None,
        "pct_not_score": _when(abs(k.percentile - 100 * k.score) > 1.5),
    }


def _nearest(k: Known) -> dict[str, Any]:
    n, m = len(k.near), k.n_neighbours
    bad = k.rng.choice([other for other in range(2, m + 1) if other != n] or [n + 1])
    several = n > 1
    share = 100 * n / m if m else 0
    return {
        "m": m if m > 1 else None,
        "mw": _word(m) if m > 1 else None,
        "bad_m": m + k.rng.randrange(1, 9),
        "k": n if several else None,
        "kw": _word(n) if several else None,
        "Kw": _word(n).capitalize() if several else None,
        "k_less": n - 1 if n > 2 else None,
        "kpct": round(share) if several and share == round(share) else None,
        "rest": m - n if several and m - n > 1 else None,
        "most": _when(2 * n > m),
        "half": _when(2 * n == m),
        "few": _when(0 < 2 * n < m),
        "thin": _when(1 < n <= 3 and 2 * n < m),
        "single": _when(n == 1),
        "nobody": _when(n == 0 and m > 1),
        "not_half": _when(n > 1 and 2 * n != m),
        "not_all": _when(n < m),
        "bad_k": bad,
        "bad_kw": _word(bad),
        "bad_kpct": round(share) + 10 if share < 85 else round(share) - 20,
        "bad_fraction": "Two thirds" if abs(share - 67) > 15 else "One third",
        "vulgar": "½" if abs(share - 50) > 4 else "¾",
        "bad_k_wide": chr(0xFF10 + bad) if bad < 10 else None,
        "bad_k_circled": chr(0x245F + bad),
        "bad_k_super": chr(0x2070 + bad) if 4 <= bad <= 9 else None,
        "bad_k_roman": ["", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X"][bad],
    }


def _pairs(k: Known) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, row in zip(("n1", "n2", "n3"), k.near, strict=False):
        found |= {
            f"{name}u": row["user_id"],
            f"{name}j2": f"{row['jaccard']:.2f}",
            f"{name}j3": f"{row['jaccard']:.3f}",
            f"{name}i": row["intersection"] if row["intersection"] > 1 else None,
            f"{name}un": row["union"],
            f"{name}pct": round(100 * row["jaccard"]),
        }
    if k.near:
        first, last = k.near[0], k.near[-1]
        found |= {
            "nlu": last["user_id"],
            "nearest": _when(first["place"] == 1),
            "not_nearest": _when(first["place"] > 1),
            "n_less": _when(first["jaccard"] > last["jaccard"]),
            "i_not_users": _when(first["intersection"] != k.n_users),
            "un_not_k": _when(first["union"] != len(k.near)),
            "bad_n1j2": k.beside(first["jaccard"]),
            "bad_n1i": k.beside(first["intersection"], 0),
            "bad_n1un": k.beside(first["union"], 0),
            "bad_n1pct": round(100 * first["jaccard"]) + 6,
        }
    if len(k.near) > 1:
        second = k.near[1]
        found["n_differ"] = _when(found["n1j2"] != found["n2j2"])
        found["i_differ"] = _when(k.near[0]["intersection"] != second["intersection"])
    return found


def _content(k: Known) -> dict[str, Any]:
    mine = k.mine
    joined = " and ".join([", ".join(mine[:-1]), mine[-1]] if len(mine) > 1 else mine)
    return {
        "g1": mine[0] if mine else None,
        "an_g1": _a(mine[0]) if mine else None,
        "gl": mine[-1] if len(mine) > 1 else None,
        "gall": joined or None,
        "ngw": _word(len(mine)) if len(mine) > 1 else None,
        "several_genres": _when(len(mine) > 1),
        "gx": k.genres[0] if k.genres else None,
        "an_gx": _a(k.genres[0]) if k.genres else None,
        "year": k.year,
        "decade": f"{k.year // 10 * 10}s" if k.year else None,
        "bad_year": k.beside(k.year, 0) if k.year else None,
    }


def _taste(k: Known) -> dict[str, Any]:
    if not k.taste or k.taste[0]["count"] < 2:
        return {}
    first = k.taste[0]
    share = round(100 * first["count"] / first["of"])
    found = {
        "tv": first["value"],
        "tc": first["count"],
        "tcw": _word(first["count"]),
        "to": first["of"],
        "tpct": share,
        "bad_tpct": share + 14,
        "bad_tc": k.beside(first["count"], 0),
        "bad_to": k.beside(first["of"], 0),
    }
    if len(k.taste) > 1 and k.taste[1]["count"] > 1:
        second = k.taste[1]
        found |= {"t2v": second["value"], "t2c": second["count"]}
        found["t_more"] = _when(first["count"] > second["count"])
        found["t_differ"] = _when(first["count"] != second["count"])
    return found


def _liked(k: Known) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, row in zip(("l1", "l2", "l3"), k.liked, strict=False):
        found |= {
            name: row["title"],
            f"{name}j2": f"{row['jaccard']:.2f}",
            f"{name}i": row["intersection"] if row["intersection"] > 1 else None,
            f"{name}label": None if row["label"] is None else f"{row['label']:g}",
        }
    if k.liked:
        first = k.liked[0]
        found["bad_l1j2"] = k.beside(first["jaccard"])
        found["bad_l1i"] = k.beside(first["intersection"], 0)
        found["bad_l1label"] = None if first["label"] is None else 5 - round(first["label"] % 4)
    if len(k.liked) > 1:
        found["l_more"] = _when(first["jaccard"] > k.liked[1]["jaccard"])
        found["l_differ"] = _when(found["l1j2"] != found["l2j2"])
    return found


def _others(k: Known) -> dict[str, Any]:
    other = k.other
    mine, theirs = f"{k.score:.2f}", f"{other['score']:.2f}"
    attributes = other["attributes"]
    foreign = [one for one in attributes.get("genres", []) if one not in k.mine]
    hundreds = k.n_users // 100 * 100
    year = attributes.get("year")
    return {
        "otitle": other["title"],
        "oscore2": theirs if theirs != mine else None,
        "oscore3": f"{other['score']:.3f}" if theirs != mine else None,
        "score_differ": _when(mine != theirs),
        "beats_other": _when(mine > theirs),
        "below_other": _when(mine < theirs),
        "on_users": other["n_users"] if other["n_users"] != k.n_users else None,
        "oyear": year if year != k.year else None,
        "ogenre": foreign[0] if foreign else None,
        "dis": k.disliked[0] if k.disliked else None,
        "unrelated": k.unrelated[0] if k.unrelated else None,
        "nu_floor": hundreds,
        "nu_floor_ok": _when(0 < hundreds < k.n_users),
    }


WRITTEN = Texts("reasons_written.toml")
UNSEEN = Texts("reasons_unseen.toml")
