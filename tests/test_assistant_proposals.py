"""Answers of models, whole, wrapped, cut off and absurd, read as reasons by id."""

import json
import time
from typing import Any

import pytest

from assistant.checking.proposals import MAX_ANSWER, MAX_KEYS, proposed_reasons


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
        ('{"1": "a", "1": "b"}', {"1": "b"}),
        ("", None),
        ("no json", None),
        ("[1, 2]", None),
        ("<html>{color: red}</html>", None),
    ],
)
def test_an_answer_is_read_as_far_as_it_goes(text: str, expected: Any) -> None:
    assert proposed_reasons(text) == expected


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
