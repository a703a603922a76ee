"""Bounds on numbers of items, and numbers in words, in every language the parser reads."""

from dataclasses import replace

import numpy as np
import pytest

from assistant.asking.catalogue import Catalogue
from assistant.asking.filters import All, Between, Rated
from assistant.asking.marked import Order
from assistant.asking.parser import QuestionParser
from assistant.asking.spelling import Spelling
from assistant.lexicon import LANGUAGES, load_lexicon, named_fields, plain_text
from ingest.dataset.schema import Dataset, Field, Noun


@pytest.fixture(scope="module")
def shop(films: Dataset) -> Dataset:
    """The films as products that cost 5, 10, … 40, with a German name for the price."""
    items = films.items[["genres"]].assign(
        Listenpreis=0.0, num_pages=np.arange(8) * 100.0, list_preis=np.arange(1, 9) * 5.0
    )
    fields = (
        Field("genres", "multi", "item"),
        Field("num_pages", "dense", "item"),
        Field("list_preis", "dense", "item"),
    )
    noun = Noun("product", "products")
    return replace(films, items=items.drop(columns="Listenpreis"), fields=fields, noun=noun)


@pytest.fixture(scope="module")
def parser(shop: Dataset) -> QuestionParser:
    return QuestionParser(shop, load_lexicon(), Catalogue(shop, load_lexicon()))


@pytest.fixture(scope="module")
def of_films(films: Dataset) -> QuestionParser:
    return QuestionParser(films, load_lexicon(), Catalogue(films, load_lexicon()))


@pytest.mark.parametrize(
    ("text", "low", "high", "is_open"),
    [
        ("products under 20 euros for user 3", None, 20, True),
        ("products for user 3 that cost at most 20", None, 20, False),
        ("products for user 3, price is below 9.99", None, 9.99, True),
        ("2 products over $15 for user 3", 15, None, True),
        ("products between €10 and €25 for user 3", 10, 25, False),
        ("products cheaper than 20 for user 3", None, 20, True),
        ("products for user 3 for 20 euros or less", None, 20, False),
        ("products at 1,000 euros or more for user 3", 1000, None, False),
        ("Empfiehl Nutzer 3 Produkte unter 9,99 Euro", None, 9.99, True),
        ("Produkte für Nutzer 3, höchstens 20 Euro", None, 20, False),
        ("Produkte für Nutzer 3, billiger als 20", None, 20, True),
        ("Produkte zwischen 10 und 25 Euro für Nutzer 3", 10, 25, False),
        ("Recommande des produits à moins de 20 € à l'utilisateur 3", None, 20, True),
        ("produits entre 10 et 25 euros pour l'utilisateur 3", 10, 25, False),
        ("Recomienda productos de menos de 20 euros al usuario 3", None, 20, True),
        ("Consiglia prodotti sotto i 20 euro all'utente 3", None, 20, True),
        ("Recomende produtos até 20 euros ao usuário 3", None, 20, False),
        ("给用户3推荐低于20元的商品", None, 20, True),
        ("ユーザー3に20円以下の商品をおすすめして", None, 20, False),
    ],
)
def test_a_price_is_bounded_whatever_it_is_called(
    parser: QuestionParser, text: str, low: float | None, high: float | None, is_open: bool
) -> None:
    read = parser.parse(text)
    assert read.filters == All((Between("list_preis", low, high, open=is_open),))
    assert (read.user_ids, read.absent) == (("3",), ())


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("films after 1990 for user 3", 1991, None),
        ("Filme nach 1990 für Nutzer 3", 1991, None),
        ("Filme vor 1990 für Nutzer 3", None, 1989),
        ("Filme aus den 80ern für Nutzer 3", 1980, 1989),
        ("Filme bis 1990 für Nutzer 3", None, 1990),
        ("Des films d'après 1990 pour l'utilisateur 3", 1991, None),
        ("films avant 1980 pour l'utilisateur 3", None, 1979),
        ("films des années 80 pour l'utilisateur 3", 1980, 1989),
        ("películas posteriores a 1990 para el usuario 3", 1991, None),
        ("películas antes de 1980 para el usuario 3", None, 1979),
        ("película de los años 80 para el usuario 3", 1980, 1989),
        ("film prima del 1980 per l'utente 3", None, 1979),
        ("film dopo il 1990 per l'utente 3", 1991, None),
        ("film degli anni 80 per l'utente 3", 1980, 1989),
        ("filmes depois de 1990 para o usuário 3", 1991, None),
        ("filmes dos anos 80 para o usuário 3", 1980, 1989),
        ("给用户3推荐1990年以后的电影", 1990, None),
        ("给用户3推荐1980年之前的电影", None, 1979),
        ("给用户3推荐1980年代的电影", 1980, 1989),
        ("ユーザー3に1990年以降の映画をおすすめして", 1990, None),
        ("ユーザー3に1980年より前の映画をおすすめして", None, 1979),
    ],
)
def test_years_are_bounded_in_every_language(
    of_films: QuestionParser, text: str, low: int | None, high: int | None
) -> None:
    read = of_films.parse(text)
    assert read.filters == All((Between("year", low, high),))
    assert read.user_ids == ("3",)


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("the cheapest product for user 3", Order("price", "list_preis", False)),
        ("products for user 3, most expensive first", Order("price", "list_preis", True)),
        ("the product with the most pages", Order("pages", "num_pages", True)),
        ("products by list preis", Order("price", "list_preis", False)),
        ("Das teuerste Produkt für Nutzer 3", Order("price", "list_preis", True)),
        ("le produit le moins cher", Order("price", "list_preis", False)),
        ("the oldest product for user 3", Order("year", None, False)),
        ("the shortest product for user 3", Order("duration", None, False)),
    ],
)
def test_an_end_of_a_number_is_an_order(parser: QuestionParser, text: str, order: Order) -> None:
    assert parser.parse(text).order == order


def test_a_vague_price_is_said_to_bound_nothing(parser: QuestionParser) -> None:
    assert parser.parse("something cheap for user 3").absent == ("what “cheap” means",)


def test_a_unit_nobody_knows_is_said_to_be_left_out(parser: QuestionParser) -> None:
    read = parser.parse("products under 500 calories for user 3")
    assert (read.absent, read.n) == (("“under 500 calories”",), 5)


def test_the_words_for_fields_are_plain_and_of_known_lists() -> None:
    for name, field in named_fields().items():
        assert all(word == plain_text(word) for word in field.names), name
        assert field.called


@pytest.mark.parametrize(
    ("language", "words", "value"),
    [
        ("en", "seventy-eight", 78),
        ("en", "six hundred and seventy-two", 672),
        ("en", "one thousand two hundred and five", 1205),
        ("de", "achtundsiebzig", 78),
        ("de", "sechshundertzweiundsiebzig", 672),
        ("de", "einhundertelf", 111),
        ("fr", "soixante-dix-huit", 78),
        ("fr", "quatre-vingt-dix-sept", 97),
        ("fr", "six cent soixante-douze", 672),
        ("fr", "vingt et un", 21),
        ("es", "setenta y ocho", 78),
        ("es", "seiscientos setenta y dos", 672),
        ("it", "settantotto", 78),
        ("it", "seicentosettantadue", 672),
        ("pt", "setenta e oito", 78),
        ("pt", "seiscentos e setenta e dois", 672),
        ("zh", "七十八", 78),
        ("zh", "六百七十二", 672),
        ("ja", "七十八", 78),
        ("ja", "百二十", 120),
    ],
)
def test_numbers_in_words_are_read_in_every_language(language: str, words: str, value: int) -> None:
    assert load_lexicon(language).in_digits(plain_text(words)).strip() == str(value)


def test_words_that_only_hold_numbers_stay_words() -> None:
    for text in ("someone", "twenty thirty", "user 3 and someone twenty", "often one"):
        assert load_lexicon("en").in_digits(text) == text
    assert (
        load_lexicon("de").in_digits("nutzer achtundsiebzig zwei filme") == "nutzer 78 zwei filme"
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_thousands_and_decimals_are_read_as_written(language: str) -> None:
    value = load_lexicon(language).value_of
    assert (value("1,000"), value("9,99"), value("2.5")) == (1000, 9.99, 2.5)
    assert value("1.000") == (1.0 if language in ("en", "ja", "zh") else 1000.0)


@pytest.mark.parametrize(
    ("text", "low", "is_open"),
    [
        ("films rated above 4 for user 3", 4, True),
        ("films for user 3 with at least 3.5 stars", 3.5, False),
        ("films with a mean rating over 3 for user 3", 3, True),
        ("4 stars or more for user 3, any films", 4, False),
    ],
)
def test_a_bound_on_ratings_is_on_their_mean(
    of_films: QuestionParser, films: Dataset, text: str, low: float, is_open: bool
) -> None:
    read = of_films.parse(text)
    assert read.filters == All((Rated(low, is_open),))
    labels: dict[int, list[float]] = {item: [] for item in range(films.n_items)}
    for item, label in zip(films.interactions.item, films.interactions.label, strict=True):
        labels[int(item)].append(float(label))
    means = [sum(one) / len(one) if one else None for one in labels.values()]
    passes = [m is not None and (m > low if is_open else m >= low) for m in means]
    assert read.filters.mask(films).tolist() == passes
    assert All.from_json(read.filters.to_json(), films) == read.filters


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("smilar users", "similar users"),
        ("no horor", "no horror"),
        ("recommed a thriler", "recommend a thriller"),
        ("unlike this", "unlike this"),
        ("lonely robots", "lonely robots"),
        ("casablanca", "casablanca"),
    ],
)
def test_slips_are_set_right_and_other_words_left(films: Dataset, wrong: str, right: str) -> None:
    lexicon = load_lexicon()
    assert Spelling(lexicon, Catalogue(films, lexicon)).corrected(wrong) == right
