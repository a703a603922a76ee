"""MovieLens 100K and 1M, in the formats they are published in, as Datasets.

MovieLens 100K comes in two formats, GroupLens's own and RecBole's "atomic files" made from it; both
give the same Dataset, to the bit. A title is kept without its year, which is a field of its own;
the genre "unknown" counts as no genre, and the one film called "unknown" as without a title.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ingest.dataset.schema import Columns, Dataset, Field, Noun
from ingest.intake.assemble import Features, Seen, assemble, split_values
from ingest.sources.encoding import encode

GENRES = (
    *("unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime"),
    *("Documentary", "Drama", "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery"),
    *("Romance", "Sci-Fi", "Thriller", "War", "Western"),
)
"""The 19 flags at the end of a row of u.item, in order."""

AGES_1M = {
    **{"1": "under 18", "18": "18-24", "25": "25-34", "35": "35-44"},
    **{"45": "45-49", "50": "50-55", "56": "56 or older"},
}
OCCUPATIONS_1M = (
    *("other or not specified", "academic/educator", "artist", "clerical/admin"),
    *("college/grad student", "customer service", "doctor/health care"),
    *("executive/managerial", "farmer", "homemaker", "K-12 student", "lawyer", "programmer"),
    *("retired", "sales/marketing", "scientist", "self-employed", "technician/engineer"),
    *("tradesman/craftsman", "unemployed", "writer"),
)
"""The meaning of the codes in users.dat, as the data set's README gives them."""

FILMS = Noun("film", "films")
LIKED_FROM = 4.0
_SEEN = [Columns.USER, Columns.ITEM, Columns.LABEL, Columns.TIME]
_ITEM_FIELDS = (Field("year", "dense", "item"), Field("genres", "multi", "item"))
_TITLE_AND_YEAR = r"^(?P<title>.*?)\s*\((?P<year>\d{4})\)(?:\s*\(T?V\))?\s*$"
_NO_TITLE = ["unknown", "unkonwn"]  # item 267; the second spelling is RecBole's


def read_100k(folder: Path) -> Dataset:
    """Read GroupLens's u.data, u.user and u.item (latin-1) in `folder`."""
    seen = _table(folder / "u.data", "\t", _SEEN)
    users = _table(folder / "u.user", "|", ["id", "age", "gender", "occupation", "zip"])
    about = ["id", "text", "release", "video", "url"]
    items = _table(folder / "u.item", "|", [*about, *GENRES])
    flags = items[list(GENRES)].to_numpy() == "1"
    items["genres"] = (flags.astype(object) @ np.array([f"{genre}|" for genre in GENRES])).tolist()
    return _build_100k(seen, users, items)


def read_100k_recbole(folder: Path) -> Dataset:
    """Read RecBole's ml-100k.inter, .user and .item (UTF-8, with a header) in `folder`.

    RecBole split "Title (1995)" into title and year at the last bracket; joining them again gives
    GroupLens's text, except for one "(V)" that stands where a year should.
    """
    seen = _table(folder / "ml-100k.inter", "\t", _SEEN, "utf-8", header=True)
    columns = ["id", "age", "gender", "occupation", "zip"]
    users = _table(folder / "ml-100k.user", "\t", columns, "utf-8", header=True)
    columns = ["id", "title", "year", "genres"]
    items = _table(folder / "ml-100k.item", "\t", columns, "utf-8", header=True)
    items["text"] = items["title"] + " (" + items["year"] + ")"
    items["text"] = items["text"].where(~items["title"].isin(_NO_TITLE), items["title"])
    items["genres"] = items["genres"].str.replace(" ", "|")
    return _build_100k(seen, users, items)


def read_1m(folder: Path) -> Dataset:
    """Read ratings.dat, users.dat and movies.dat ('::'-separated, latin-1) in `folder`.

    Ages are published as groups ("25" stands for 25 to 34), so `age_group` is a category here.
    """
    seen = _table(folder / "ratings.dat", "::", _SEEN)
    users = _table(folder / "users.dat", "::", ["id", "gender", "age", "occupation", "zip"])
    items = _table(folder / "movies.dat", "::", ["id", "text", "genres"])
    users["age_group"] = users["age"].map(AGES_1M)
    names = {str(code): name for code, name in enumerate(OCCUPATIONS_1M)}
    users["occupation"] = users["occupation"].map(names)
    fields = [Field(name, "sparse", "user") for name in ("gender", "age_group", "occupation")]
    return _build("ml-1m", seen, _features(users, fields), items)


def _table(
    file: Path,
    separator: str,
    names: Sequence[str],
    encoding: str = "latin-1",
    *,
    header: bool = False,
) -> pd.DataFrame:
    """Read a table of text as it stands: no quotes, no values that mean missing."""
    content = file.read_bytes()
    if len(separator) > 1:  # pandas reads these slowly; no field of these files holds a tab
        content, separator = content.replace(separator.encode(), b"\t"), "\t"
    return pd.read_csv(
        io.BytesIO(content),
        sep=separator,
        names=list(names),
        header=0 if header else None,
        encoding=encoding,
        dtype=str,
        quoting=csv.QUOTE_NONE,
        keep_default_na=False,
    )


def _build_100k(seen: pd.DataFrame, users: pd.DataFrame, items: pd.DataFrame) -> Dataset:
    users["age"] = users["age"].astype(np.float64)
    fields = [
        Field("age", "dense", "user"),
        Field("gender", "sparse", "user"),
        Field("occupation", "sparse", "user"),
    ]
    return _build("ml-100k", seen, _features(users, fields), items)


def _build(name: str, seen: pd.DataFrame, users: Features, items: pd.DataFrame) -> Dataset:
    parts = items["text"].str.extract(_TITLE_AND_YEAR)
    whole = items["text"].str.strip()
    items[Columns.TITLE] = parts["title"].fillna(whole).mask(whole.isin(_NO_TITLE))
    items["year"] = parts["year"].astype(np.float64)
    items["genres"] = split_values(items["genres"].str.replace("unknown", ""), "|")
    return assemble(
        name,
        Seen(
            encode(seen[Columns.USER].tolist()),
            encode(seen[Columns.ITEM].tolist()),
            seen[Columns.LABEL].to_numpy(np.float64),
            seen[Columns.TIME].to_numpy(np.int64),
        ),
        users,
        _features(items, _ITEM_FIELDS, Columns.TITLE),
        FILMS,
        LIKED_FROM,
    )


def _features(table: pd.DataFrame, fields: Sequence[Field], *further: str) -> Features:
    columns = [*further, *(field.name for field in fields)]
    return Features(table.set_index("id")[columns], tuple(fields))
