import re
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ingest.dataset.ids import IdMap
from ingest.dataset.schema import Dataset, Field, Interactions, Noun
from ingest.index.profiles import without_attributes, write_profiles


def bare(rows: list[tuple[str, str]], **more: object) -> Dataset:
    """A data set of ids only; `more` replaces parts of it."""
    user_ids, item_ids = IdMap(user for user, _ in rows), IdMap(item for _, item in rows)
    n = len(rows)
    dataset = Dataset(
        name="bare",
        user_ids=user_ids,
        item_ids=item_ids,
        interactions=Interactions(
            user_ids.codes([user for user, _ in rows]),
            item_ids.codes([item for _, item in rows]),
            np.ones(n, dtype=np.float32),
            np.arange(n, dtype=np.int64),
        ),
        users=pd.DataFrame(index=range(len(user_ids))),
        items=pd.DataFrame(index=range(len(item_ids))),
        has_labels=False,
        has_times=False,
    )
    return replace(dataset, **more)  # type: ignore[arg-type]


def with_genres(dataset: Dataset, genres: list[tuple[str, ...]], name: str = "tags") -> Dataset:
    items = pd.DataFrame({name: pd.Series(genres, dtype=object)})
    return replace(dataset, items=items, fields=(Field(name, "multi", "item"),))


def test_a_profile_says_what_the_tables_say(films: Dataset) -> None:
    # Days 1 … 4 after 2001-09-09; labels 5, 4, 2, 5.
    assert write_profiles(films)[0].splitlines() == [
        "User 1 has 4 films, from 2001-09-10 to 2001-09-13. "
        "The mean label is 4.00; 3 of 4 liked (label 4 or more).",
        "Genres liked most often: Romance (2 of 2 liked, mean label 4.50), "
        "Sci-Fi (1 of 2 liked, mean label 3.50), Drama (1 of 1 liked, mean label 5.00), "
        "Horror (1 of 1 liked, mean label 5.00), Comedy (1 of 1 liked, mean label 4.00).",
        "Year: from 1942 to 2001, median 1980.5.",
        'Liked most: "Casablanca" (label 5), "Alien" (label 5), "Amélie" (label 4).',
        'Liked least: "Blade Runner" (label 2).',
        'Most recent: "Casablanca" (label 5, 2001-09-13), "Blade Runner" (label 2, 2001-09-12), '
        '"Amélie" (label 4, 2001-09-11), "Alien" (label 5, 2001-09-10).',
        "Attributes: age 25; gender F; occupation student.",
    ]


def test_one_film_is_spoken_of_in_the_singular_and_unknown_attributes_are_left_out(
    films: Dataset,
) -> None:
    assert write_profiles(films)[5].splitlines() == [
        "User 6 has 1 film, on 2001-09-26. The label is 3; 0 of 1 liked (label 4 or more).",
        "Year: 1979.",
        'Liked least: "Alien" (label 3).',
        'Most recent: "Alien" (label 3, 2001-09-26).',
        "Attributes: age 33; occupation writer.",
    ]


def test_a_user_without_items_has_a_profile_that_says_so(films: Dataset) -> None:
    assert write_profiles(films)[6] == "User 7 has no films yet.\nAttributes: gender M."


def test_two_items_of_one_title_are_told_apart(films: Dataset) -> None:
    assert '"Sabrina" [film 107] (label 3)' in write_profiles(films)[4]


def test_the_line_of_attributes_is_stripped_and_nothing_else(films: Dataset) -> None:
    for profile in write_profiles(films):
        history = without_attributes(profile)
        assert profile == f"{history}\n{profile.splitlines()[-1]}"
        assert "Attributes" not in history
        assert without_attributes(history) == history


def test_no_attribute_can_hide_from_the_line_that_is_stripped(films: Dataset) -> None:
    sneaky = films.users
    sneaky.loc[0, "occupation"] = "spy\nborn 1970\n\u2028Attributes: none"
    titles = films.items
    titles.loc[0, "title"] = "Alien\nAttributes: age 99."
    dataset = replace(films, users=sneaky, items=titles)
    profile = write_profiles(dataset)[0]
    assert profile.count("\n") == write_profiles(films)[0].count("\n")
    history = without_attributes(profile)
    assert "spy" not in history and "1970" not in history
    assert '"Alien Attributes: age 99."' in history


def test_ids_alone_make_a_profile() -> None:
    dataset = bare([("ann", "x"), ("ann", "y"), ("bob", "y")])
    assert write_profiles(dataset) == [
        "User ann has 2 items.\nLast in the table: item y, item x.",
        "User bob has 1 item.\nLast in the table: item y.",
    ]
    assert without_attributes(write_profiles(dataset)[0]) == write_profiles(dataset)[0]


def test_ids_and_tags_alone_make_a_profile_with_any_names() -> None:
    dataset = with_genres(
        bare([("ann", "x"), ("ann", "y"), ("bob", "y")], noun=Noun("book", "books")),
        [("sea", "war", "sea"), ("war",)],
    )
    assert write_profiles(dataset)[0].splitlines() == [
        "User ann has 2 books.",
        "Tags met most often: war (2 books), sea (1 book).",
        "Last in the table: book y, book x.",
    ]


def test_labels_that_do_not_grade_are_shown_without_likes() -> None:
    dataset = bare([("ann", "x"), ("ann", "y")], has_labels=True)
    counts = Interactions(
        dataset.interactions.user,
        dataset.interactions.item,
        np.array([12, 2.5], dtype=np.float32),
        dataset.interactions.time,
    )
    dataset = with_genres(replace(dataset, interactions=counts), [("sea",), ("sea",)])
    assert write_profiles(dataset)[0].splitlines() == [
        "User ann has 2 items. The mean label is 7.25.",
        "Tags met most often: sea (2 items, mean label 7.25).",
        "Highest labels: item x (label 12), item y (label 2.5).",
        "Last in the table: item y (label 2.5), item x (label 12).",
    ]


def test_a_profile_is_of_bounded_length_whatever_the_history() -> None:
    rows = [("ann", f"{number:04d}") for number in range(400)]
    titles = pd.DataFrame({"title": ["long " * 1000] * 400}, dtype=object)
    dataset = bare(rows, items=titles)
    assert len(write_profiles(dataset)[0]) < 2000
    dataset = with_genres(dataset, [(f"tag {n}", "x" * 10_000) for n in range(400)])
    assert len(write_profiles(dataset)[0]) < 1000


def test_chosen_users_get_the_profiles_they_get_among_all(films: Dataset) -> None:
    everyone = write_profiles(films)
    chosen = np.array([4, 0], dtype=np.int32)
    assert write_profiles(films, chosen) == [everyone[4], everyone[0]]


@pytest.mark.parametrize("user", [0, 77, 404, 942])
def test_every_number_of_a_real_profile_recomputes_by_plain_python(
    ml100k: Dataset, user: int
) -> None:
    seen = ml100k.interactions
    rows = [
        (int(t), r, int(i), float(label))
        for r, (u, i, label, t) in enumerate(
            zip(seen.user, seen.item, seen.label, seen.time, strict=True)
        )
        if u == user
    ]
    n, n_liked = len(rows), sum(label >= 4 for *_, label in rows)
    profile = write_profiles(ml100k, np.array([user], dtype=np.int32))[0]
    first, *lines = profile.splitlines()
    mean = sum(label for *_, label in rows) / n
    assert f"has {n} films" in first
    assert f"The mean label is {mean:.2f}; {n_liked} of {n} liked (label 4 or more)." in first
    days = [str(np.datetime64(when, "s"))[:10] for when in (min(rows)[0], max(rows)[0])]
    assert all(day in first for day in days)

    genres = ml100k.items["genres"]
    met: dict[str, list[float]] = {}
    for _, _, item, label in rows:
        for genre in genres[item]:
            met.setdefault(genre, []).append(label)
    wanted = sorted(
        (-sum(x >= 4 for x in labels), -len(labels), -sum(labels) / len(labels), genre)
        for genre, labels in met.items()
        if any(x >= 4 for x in labels) and len(labels) > 1
    )[:5]
    line = next(line for line in lines if line.startswith("Genres liked"))
    line = line.removeprefix("Genres liked most often: ")
    shown = re.findall(r"([A-Z][^(]*?) \((\d+) of (\d+) liked, mean label ([\d.]+)\)", line)
    assert [(g, int(a), int(b), m) for g, a, b, m in shown] == [
        (genre, -liked, -count, f"{-mean:.2f}") for liked, count, mean, genre in wanted
    ]

    newest = [ml100k.title(item) for _, _, item, _ in sorted(rows, reverse=True)[:10]]
    line = next(line for line in lines if line.startswith("Most recent"))
    assert re.findall(r'"(.*?)"(?: \[film \d+\])? \(label', line) == newest


def test_all_profiles_of_movielens_take_well_under_a_second(ml100k: Dataset) -> None:
    started = time.process_time()
    profiles = write_profiles(ml100k)
    assert time.process_time() - started < 1
    assert len(profiles) == 943 and max(map(len, profiles)) < 2500
    ids = ml100k.user_ids.external
    assert all(p.startswith(f"User {i} has ") for i, p in zip(ids, profiles, strict=True))
