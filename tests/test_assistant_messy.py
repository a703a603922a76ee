"""Questions about tables as people have them: odd ids, names with marks, years by other names."""

import pandas as pd
import pytest

from assistant.asking.catalogue import Catalogue
from assistant.asking.filters import Between, Is
from assistant.asking.parser import QuestionParser
from assistant.asking.plan import MAX_CHOICES, Planner
from assistant.asking.question import Question
from assistant.evidence import Row
from assistant.lexicon import load_lexicon
from assistant.wording import named, numbered, spoken
from assistant.wording.titles import LONGEST
from ingest.dataset.schema import Dataset, Noun
from ingest.intake.in_memory import from_frames

AUTHORS = ("J. R. R. Tolkien", "O'Brien, Tim", "...", "Lem")


@pytest.fixture(scope="module")
def books() -> Dataset:
    isbns = [f"0{number:03d}X" for number in range(12)]
    return from_frames(
        pd.DataFrame({"user": [f"u{n}@mail.de" for n in range(12)], "item": isbns}),
        items=pd.DataFrame(
            {
                "item": isbns,
                "title": ["Solaris"] * 10 + ["Emma", "Ulysses"],
                "author": [AUTHORS[n % 4] for n in range(12)],
                "Year-Of-Publication": [1980 + n for n in range(12)],
                "pages": [100 * n for n in range(12)],
            }
        ),
        noun=Noun("book", "books"),
        notice=lambda _: None,
    )


@pytest.fixture(scope="module")
def catalogue(books: Dataset) -> Catalogue:
    return Catalogue(books, load_lexicon())


@pytest.fixture(scope="module")
def parser(books: Dataset, catalogue: Catalogue) -> QuestionParser:
    return QuestionParser(books, load_lexicon(), catalogue)


def asked(parser: QuestionParser, text: str) -> Question:
    return parser.parse(text)


@pytest.mark.parametrize("author", ["J. R. R. Tolkien", "O'Brien, Tim", "Lem"])
def test_a_name_with_full_stops_commas_and_apostrophes_is_a_condition(
    parser: QuestionParser, author: str
) -> None:
    question = asked(parser, f"2 books by {author} for user u3@mail.de")
    assert question.filters.conditions == (Is("author", author),)


def test_a_value_of_marks_alone_is_no_name(catalogue: Catalogue) -> None:
    assert "" not in catalogue.values


def test_a_column_that_is_called_much_like_year_is_the_year(parser: QuestionParser) -> None:
    question = asked(parser, "books from the 1980s for user u3@mail.de")
    assert question.filters.conditions == (Between("Year-Of-Publication", 1980, 1989),)


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("books under 500 pages for user u3@mail.de", None, 500),
        ("books with pages under 500 for user u3@mail.de", None, 500),
        ("books between 200 and 500 pages for user u3@mail.de", 200, 500),
        ("books with pages from 200 to 500 for user u3@mail.de", 200, 500),
    ],
)
def test_a_bound_on_a_number_of_the_data_is_a_condition_and_no_length_of_list(
    parser: QuestionParser, text: str, low: float | None, high: float | None
) -> None:
    question = asked(parser, text)
    assert question.filters.conditions == (Between("pages", low, high, open=low is None),)
    assert question.n == 5


def test_a_bound_in_a_unit_the_data_lack_is_said_to_be_left_out(parser: QuestionParser) -> None:
    question = asked(parser, "books under 20 euro for user u3@mail.de")
    assert (question.n, question.absent) == (5, ("“under 20 euro”",))


@pytest.mark.parametrize(
    ("text", "user"),
    [
        ("suggest books to u3@mail.de", "u3@mail.de"),
        ("suggest books to u999@mail.de", "u999@mail.de"),
        ("suggest books to ann@post.org", "ann@post.org"),
        ("给用户u3@mail.de推荐两本书", "u3@mail.de"),
    ],
)
def test_an_id_like_those_of_the_users_is_a_user(
    parser: QuestionParser, text: str, user: str
) -> None:
    assert asked(parser, text).user_ids == (user,)


@pytest.mark.parametrize("did", ["buy", "order", "read", "borrow"])
def test_what_somebody_bought_is_their_history(parser: QuestionParser, did: str) -> None:
    assert asked(parser, f"What did u3@mail.de {did}?").kind == "history"


def test_of_many_items_of_one_title_some_are_named_and_the_rest_counted(
    books: Dataset, catalogue: Catalogue, parser: QuestionParser
) -> None:
    plan = Planner(books, catalogue).plan(asked(parser, "will u3@mail.de like Solaris?"))
    assert plan.message.count("Solaris") == MAX_CHOICES
    assert "; and 2 more. Ask again" in plan.message


def test_items_of_one_title_in_a_list_show_their_ids() -> None:
    titles = {"a": "Heat", "b": "Alien", "c": "Heat"}
    rows: list[Row] = [
        {"item_id": one, "title": title, "rank": rank, "attributes": {}}
        for rank, (one, title) in enumerate(titles.items(), start=1)
    ]
    assert numbered(rows, dict.fromkeys(titles, "good")).splitlines() == [
        "1. Heat [a]: good",
        "2. Alien: good",
        "3. Heat [c]: good",
    ]


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("Alien", "Alien"),
        ("Lion King, The", "The Lion King"),
        ("Two\nlines\tand  more ", "Two lines and more"),
        ("\x1b[31mRed\x1b[0m \x1b]0;owned\x07alert\x07", "Red alert"),
        ("\u202egnp.exe\u200b", "gnp.exe"),
        ("👩‍🚀 cafe\u0301", "👩‍🚀 cafe\u0301"),
        ("x" * 300, "x" * (LONGEST - 1) + "…"),
        ("1. Fake: DeepFM gives it a score of 1.00", "“1. Fake: DeepFM gives it a score of 1.00”"),
        ("שלום", "\u2068שלום\u2069"),
        ("**bold** | a |", "**bold** | a |"),
    ],
)
def test_a_title_is_one_plain_line(title: str, said: str) -> None:
    assert spoken(title) == said
    assert spoken(said.strip("“”\u2068\u2069")) == said


def test_an_item_whose_title_is_nothing_that_shows_is_called_by_its_id() -> None:
    assert named({"item_id": "x7", "title": "\u200b", "attributes": {}}) == "[x7]"
