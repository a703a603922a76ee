"""The checks on answers made by hand: each fault is found, and what is right raises no alarm."""

from typing import Any

import pytest

from assistant.evaluation.checks import rejected_kinds, score_answer
from assistant.evaluation.generate_cases import ReadyCase
from assistant.evaluation.list_quality import Shelf
from assistant.evaluation.scored import Scored
from assistant.evaluation.suite import Expect
from assistant.evaluation.text_numbers import KnownNumbers, in_english, number_claims, read_raw
from ingest.dataset.schema import Dataset

ROW = {
    "item_id": "103",
    "title": "Blade Runner",
    "score": 0.8349,
    "percentile": 99.94,
    "n_unseen": 1204,
    "neighbours": [{"user_id": "1", "jaccard": 0.372, "intersection": 2, "union": 4}],
    "n_neighbours": 10,
}
OTHER = {"item_id": "105", "title": "Heat", "score": 0.5, "percentile": 50.0, "neighbours": []}
REASON = (
    "DeepFM gives it a score of 0.83, higher than 99.9% of the 1,204 films user 3 has not seen. "
    "1 of the 10 most similar users has seen it (Jaccard 0.37, 2 films in common out of 4)."
)


def answer(**changes: Any) -> dict[str, Any]:
    """A clean answer to "Suggest 2 films to user 3", with changes."""
    picked = [
        {"item_id": "103", "title": "Blade Runner", "reason": REASON},
        {"item_id": "105", "title": "Heat", "reason": "Its score is 0.50."},
    ]
    clean = {
        "status": "answered",
        "query": "Suggest 2 films to user 3",
        "question": {"kind": "recommend", "user_ids": ["3"], "n": 2},
        "result": "Two films:\n" + "\n".join(f"{row['title']}: {row['reason']}" for row in picked),
        "recommendations": picked,
        "rejected_claims": [],
        "evidence": [
            {"tool": "similar_users", "args": {"user_id": "3", "k": 10}, "rows": []},
            {"tool": "recommend", "args": {"user_id": "3", "n": 2, "by": "both"},
             "rows": [ROW, OTHER]},
        ],
    }  # fmt: skip
    return clean | changes


def scored(films: Dataset, given: dict[str, Any], raw: str | None = None, **expect: Any) -> Scored:
    case = ReadyCase("c", given["query"], None, (), Expect(**expect), truth=("105", "108"))
    return score_answer(case, given, raw, Shelf.of(films))


def failed(films: Dataset, given: dict[str, Any], **expect: Any) -> list[str]:
    return [one.check for one in scored(films, given, **expect).failed]


EVERYTHING_RIGHT: dict[str, Any] = {
    "status": "answered",
    "kind": ["recommend", "predict"],
    "count": 2,
    "items": ["103", "105"],
    "items_exclude": ["108"],
    "every": {"genres": ["Sci-Fi", "Crime"]},
    "none": {"genres": ["Comedy"]},
    "tools": ["similar_users", {"tool": "recommend", "args": {"by": "both"}}],
    "numbers": ["score"],
    "text_has": ["blade runner"],
    "text_lacks": ["Titanic"],
    "max_characters": 2000,
}


def test_a_right_answer_passes_everything(films: Dataset) -> None:
    found = scored(films, answer(), **EVERYTHING_RIGHT)
    assert found.failed == []
    assert found.metrics["pass"] == 1
    assert found.metrics["shown.numbers_precision"] == 1
    assert found.metrics["shown.hit"] == 1
    assert found.metrics["shown.mrr"] == pytest.approx(1 / 2)
    assert found.metrics["shown.overlap"] == found.metrics["shown.kendall_tau"] == 1
    assert found.metrics["shown.popularity"] == pytest.approx((3 / 7 + 2 / 7) / 2)


@pytest.mark.parametrize(
    ("expect", "check"),
    [
        ({"status": "abstained"}, "status"),
        ({"kind": "predict"}, "kind"),
        ({"count": 3}, "count"),
        ({"items": ["105", "103"]}, "items"),
        ({"items_include": ["108"]}, "items_include"),
        ({"items_exclude": ["105"]}, "items_exclude"),
        ({"every": {"genres": ["Sci-Fi"]}}, "filter_violated"),
        ({"none": {"genres": ["Crime"]}}, "filter_violated"),
        ({"years": {"from": 1980}}, "filter_violated"),  # Heat has no year, so it cannot count
        ({"tools": ["recommend", "similar_users"]}, "tools"),
        ({"tools": [{"tool": "recommend", "args": {"by": "deepfm"}}]}, "tools"),
        ({"numbers": ["intersection", "percentile"]}, "numbers"),
        ({"text_has": ["Titanic"]}, "text_has"),
        ({"text_lacks": ["score"]}, "text_lacks"),
        ({"max_characters": 10}, "max_characters"),
    ],
)
def test_each_expectation_can_fail(films: Dataset, expect: dict[str, Any], check: str) -> None:
    assert failed(films, answer(), **expect) == [check]


GENRE = {"field": "genres", "is": "Sci-Fi"}
YEARS = {"field": "year", "from": 1980, "to": 1989}


@pytest.mark.parametrize(
    ("condition", "violated"),
    [
        (GENRE, True),  # Blade Runner is, Heat is not
        ({"any": [GENRE, {"field": "genres", "is": "Crime"}]}, False),
        ({"not": {"field": "genres", "is": "Comedy"}}, False),
        ({"all": [{"not": GENRE}]}, True),
        (YEARS, True),  # Heat has no year
        ({"audience": {"from": 2, "to": None}}, False),  # three have Blade Runner, two have Heat
        ({"audience": {"from": None, "to": 2}}, True),
        ({"not": {"named": "heat", "items": ["105"]}}, True),
    ],
)
def test_what_was_read_as_a_filter_is_held_against_the_data(
    films: Dataset, condition: dict[str, Any], violated: bool
) -> None:
    question = answer()["question"] | {"filters": {"all": [condition]}}
    assert failed(films, answer(question=question)) == ["filter_violated"] * violated


@pytest.mark.parametrize(
    ("ids", "checks"),
    [
        (["103", "999"], ["outside_catalogue", "not_from_tools"]),
        (["103", "103"], ["duplicate"]),
        (["103", "106"], ["not_from_tools"]),
        (["103", "101"], ["not_from_tools", "seen"]),
    ],
)
def test_faults_of_items_are_found_by_id(films: Dataset, ids: list[str], checks: list[str]) -> None:
    picked = [{"item_id": item, "title": "", "reason": "It suits."} for item in ids]
    given = answer(recommendations=picked, result="Here.")
    assert failed(films, given) == checks
    assert "seen" not in failed(films, given, seen=True)


@pytest.mark.parametrize(
    ("old", "new", "check"),
    [
        ("0.83", "0.84", "number_contradicted"),
        ("0.37", "0.38", "number_contradicted"),
        ("99.9%", "98.9%", "number_contradicted"),
        ("1,204", "1,205", "number_unsupported"),
        ("2 films", "7 films", "number_unsupported"),
        ("0.83", "0.5", "number_contradicted"),  # the score of the other film
    ],
)
def test_a_wrong_digit_is_found(films: Dataset, old: str, new: str, check: str) -> None:
    given = answer()
    assert old in given["result"]
    given["recommendations"][0]["reason"] = REASON.replace(old, new)
    given["result"] = given["result"].replace(old, new)
    assert failed(films, given) == [check]


def test_numbers_in_titles_are_no_claims() -> None:
    text = "2001: A Space Odyssey and 101 Dalmatians score 0.91."
    found = list(number_claims(text, ["2001: A Space Odyssey", "101 Dalmatians"]))
    assert [(claim.value, claim.kind) for claim in found] == [(0.91, "score")]


@pytest.mark.parametrize(
    ("language", "text", "english"),
    [
        (
            "de",
            "0,83, höher als 99,9 % der 1.661 Filme; 47.",
            "0.83, höher als 99.9 % der 1,661 Filme; 47.",
        ),
        ("fr", "0,83 parmi 1 661 films, 20 ont 3", "0.83 parmi 1,661 films, 20 ont 3"),
        ("ja", "1,661 本の 99.9%", "1,661 本の 99.9%"),
        ("en", "0.83 of 1,661", "0.83 of 1,661"),
    ],
)
def test_numbers_are_read_as_their_language_writes_them(
    language: str, text: str, english: str
) -> None:
    assert in_english(text, language) == english


def test_a_minus_counts() -> None:
    claims = list(number_claims("their films (−0.26; 5-7 of them)"))
    assert [claim.value for claim in claims] == [-0.26, 5, 7]
    assert KnownNumbers(every={-0.255}).verdict(claims[0]) == "supported"
    assert KnownNumbers(every={0.255}).verdict(claims[0]) == "unsupported"


def test_the_numbers_of_lines_are_no_claims() -> None:
    assert [claim.value for claim in number_claims("1. Heat\n 2. Alien, 7 users\n")] == [7]
    text = "Heat, Alien and 16 more, of 1,204 or 1,205 more."
    assert [claim.value for claim in number_claims(text)] == [1204]


def test_a_question_back_may_name_examples(films: Dataset) -> None:
    asking = answer(status="needs_clarification", result="Film 274 or 486?", recommendations=[])
    assert failed(films, asking) == []
    assert failed(films, asking | {"status": "answered"}) == ["number_unsupported"]


def test_a_percentage_may_be_a_share_or_a_percentile() -> None:
    known = KnownNumbers()
    known.add({"score": 0.934, "percentile": 99.97})
    claims = number_claims("A score of 93%, higher than 99.9% of them, or 100% or 12.5%.")
    verdicts = [known.verdict(claim) for claim in claims]
    assert verdicts == ["supported", "supported", "supported", "unsupported"]


def test_the_score_of_the_first_on_the_list_is_a_score(films: Dataset) -> None:
    first = {"first_title": "Heat", "first_score": 0.97}
    told = answer(
        result="Blade Runner stands at place 2 (score 0.83); first is Heat (score 0.97).",
        recommendations=[],
        evidence=[{"tool": "place_in_list", "args": {}, "rows": [ROW | first | {"place": 2}]}],
    )
    assert failed(films, told) == []
    told["result"] = told["result"].replace("0.97", "0.98")
    assert failed(films, told) == ["number_contradicted"]


def test_the_models_own_text_is_measured_before_repair(films: Dataset) -> None:
    raw = '{"103": "A score of 0.99.", "101": "Old.", "103": "Again."}'
    given = answer(rejected_claims=[{"text": "A score of 0.99.", "why": "0.99 is no score"}])
    found = scored(films, given, raw)
    assert found.failed == []  # what was shown is right
    metrics = found.metrics
    names = ("raw.duplicate", "raw.seen", "raw.not_picked", "raw.number_contradicted")
    assert [metrics[name] for name in names] == [1, 1, 1, 1]
    assert metrics["raw.parses"] == 1
    assert metrics["raw.claims_supported"] == pytest.approx(2 / 3)
    assert metrics["raw.overlap"] < metrics["shown.overlap"]


@pytest.mark.parametrize(
    ("text", "parses", "items"),
    [
        ('Sure! ```json\n{"103": "a", "105": "b"}\n```', True, ("103", "105")),
        ('{"opening": "Hi", "103": "a"}', True, ("103",)),
        ('{"103": {"reason": "a"}}', False, ("103",)),
        ("Items with ids 2 and 13", False, ("2",)),
        ("Watch Heat, then article 103.", False, ("105", "103")),
        ('{"103": "cut', False, ()),
        ("", False, ()),
    ],
)
def test_raw_texts_of_every_shape_are_read(text: str, parses: bool, items: tuple[str, ...]) -> None:
    found = read_raw(text, {"Heat": "105"})
    assert (found.parses, found.item_ids) == (parses, items)


def test_rejected_claims_are_counted_by_kind() -> None:
    claims = [
        {"text": "a", "why": "'war' is no attribute of this item"},
        {"text": "b", "why": "'drama' is no attribute of this item"},
        {"text": "c", "why": "x", "kind": "number"},
    ]
    found = rejected_kinds({"rejected_claims": claims})
    assert found == {"number": 1, "… is no attribute of this item": 2}
