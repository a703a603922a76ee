"""Answers of models, whole, wrapped, cut off and absurd, read as reasons by id."""

import json
import time
from typing import Any

import pytest

from assistant.checking.proposals import MAX_ANSWER, MAX_KEYS, ReasonReader, proposed_reasons


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"1": "a", "24": "b"}', {"1": "a", "24": "b"}),
        ('Sure! ```json\n{"1": "a"}\n``` Enjoy {this}.', {"1": "a"}),
        ('{"1": "a{b}", "2": "c\\"d"}', {"1": "a{b}", "2": 'c"d'}),
        ('{"1": "two\nlines"}', {"1": "two\nlines"}),
        ("{}", {}),
        ('{"1": "a", "2": "It is a Dra', {"1": "a", "2": "It is a Dra…"}),
        ('{"1": "a\\', {"1": "a…"}),
        ('{"1": "a\\u00', {"1": "a…"}),
        ('{"1": {"reason": "a"}, "2": 3, "4": null}', {"1": {"reason": "a"}, "2": 3, "4": None}),
        ('{"1": ', {}),
        ('{"1": [', {}),
        ('{"1": "a", "1": "b"}', {"1": "a"}),
        ("", None),
        ("no json", None),
        ("[1, 2]", None),
        ("<html>{color: red}</html>", None),
    ],
)
def test_an_answer_is_read_as_far_as_it_goes(text: str, expected: Any) -> None:
    assert proposed_reasons(text) == expected


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize(
    "text",
    [
        'Sure! { not this }\n```json\n{"1": "a \\"q\\" {b}", "2": 31}``` {"9": "z"}',
        '{"x": {"y": [1, "}"]}, "2": "b"}',
        '{"1": "two\nlines", "2": "cut o',
        '{"1": "a\\',
        '{"1": tru, "2": "b"}',
        "{}",
        "no json at all",
    ],
)
def test_read_piece_by_piece_an_answer_is_what_it_is_read_whole(text: str, size: int) -> None:
    reader = ReasonReader()
    pairs = []
    for start in range(0, len(text), size):
        pairs += reader.feed(text[start : start + size])
    pairs += reader.end()
    expected = proposed_reasons(text)
    assert (dict(pairs) if reader.opened else None) == expected


def test_a_reason_is_there_as_soon_as_it_is_closed() -> None:
    reader = ReasonReader()
    assert reader.feed('{"64": "It is a Dra') == []
    assert reader.feed('ma."') == [("64", "It is a Drama.")]
    assert reader.feed(', "2": 3') == []  # 3 may become 31
    assert reader.feed("1}") == [("2", 31)]
    assert reader.end() == []


def test_a_megabyte_in_small_pieces_costs_no_more_than_a_second() -> None:
    before = time.process_time()
    for opening in ('{"1": "', '{"1": [', "{ ", '{"1": "a\\'):
        reader = ReasonReader()
        reader.feed(opening)
        for _ in range(20_000):
            reader.feed('a\\"b,] ')
        reader.end()
    assert time.process_time() - before < 4


def test_whatever_json_writes_is_read_back() -> None:
    reasons = {str(n): f'{n} "quoted" \\ and ümläut' for n in range(50)}
    assert proposed_reasons(json.dumps(reasons)) == reasons
    assert proposed_reasons(json.dumps(reasons, indent=2, ensure_ascii=False)) == reasons


@pytest.mark.parametrize(
    "text",
    ["{" * 10**6, '{"1": ' * 10**5, '{"1": "' + "\\" * 10**6, '{"' * 10**5, "{ " * 10**6,
     '{"1": ' + "[" * 10**6, '{"' + "a" * 10**6, "{" + " " * 10**6 + '"'],
)  # fmt: skip
def test_a_megabyte_of_nonsense_costs_next_to_nothing(text: str) -> None:
    before = time.process_time()
    assert not proposed_reasons(text) or text.startswith('{"1": "')
    assert time.process_time() - before < 1


def test_what_is_read_of_an_answer_is_bounded() -> None:
    many = json.dumps({str(n): "a" for n in range(2 * MAX_KEYS)})
    assert len(proposed_reasons(many) or {}) == MAX_KEYS
    long = proposed_reasons('{"1": "' + "a" * 10**6 + '"}')
    assert long is not None and len(long["1"]) < MAX_ANSWER
