"""Answers in the asker's language: same numbers, whole sentences, English where it must be."""

import re
from dataclasses import replace
from string import Formatter

import pytest

from assistant.chain import RecommendationQA
from assistant.home import OpenHome
from assistant.lexicon import LANGUAGES
from assistant.llms.llm import guard
from assistant.settings import Limits
from assistant.wording import Voice
from assistant.wording.phrasebook import WORDED, Phrasebook, phrasebook
from ingest.dataset.schema import Noun
from tests.fixtures_llm import StandInChat
from tests.test_assistant_kinds import PHRASINGS

FILM = Noun("film", "films")
OTHERS = [language for language in WORDED if language != "en"]
SUGGEST = {
    "en": "Suggest 2 films to user 3",
    "de": "Empfiehl Nutzer 3 zwei Filme",
    "es": "Recomienda dos películas al usuario 3",
    "fr": "Recommande deux films à l'utilisateur 3",
    "it": "Consiglia due film all'utente 3",
    "ja": "ユーザー3に映画を2本おすすめして",
    "pt": "Recomende dois filmes ao usuário 3",
    "zh": "给用户3推荐两部电影",
}
SIMILAR = {
    "en": "Who is most like user 3?",
    "de": "Wer ist Nutzer 3 am ähnlichsten?",
    "es": "¿Quién se parece más al usuario 3?",
    "fr": "Qui ressemble le plus à l'utilisateur 3 ?",
    "it": "Chi è più simile all'utente 3?",
    "ja": "ユーザー3に似ているユーザーは誰ですか",
    "pt": "Quem é mais parecido com o usuário 3?",
    "zh": "谁和用户3最相似？",
}
PAIR = {
    "en": "How similar are users 1 and 3?",
    "de": "Wie ähnlich sind Nutzer 1 und Nutzer 3?",
    "es": "¿Qué tan similares son los usuarios 1 y 3?",
    "fr": "Quelle est la similarité entre les utilisateurs 1 et 3 ?",
    "it": "Quanto sono simili gli utenti 1 e 3?",
    "ja": "ユーザー1とユーザー3はどれくらい似ていますか",
    "pt": "Qual é a similaridade entre os usuários 1 e 3?",
    "zh": "用户1和用户3有多相似？",
}
WILL_LIKE = {
    "en": "Will user 3 like Heat?",
    "de": "Wird Nutzer 3 Heat mögen?",
    "es": "¿Le gustará Heat al usuario 3?",
    "fr": "Est-ce que l'utilisateur 3 aimera Heat ?",
    "it": "All'utente 3 piacerà Heat?",
    "ja": "ユーザー3はHeatが好きでしょうか",
    "pt": "O usuário 3 vai gostar de Heat?",
    "zh": "用户3会喜欢Heat吗？",
}
KINDS = [kind for kind in PHRASINGS if kind not in ("private", "unclear", "compound")]
UNKNOWN = {language: text.replace("3", "999") for language, text in SUGGEST.items()}
QUESTIONS = {
    "suggest": SUGGEST, "similar": SIMILAR, "pair": PAIR, "will like": WILL_LIKE,
    "unknown": UNKNOWN,
}  # fmt: skip
ENGLISH_WORDS = re.compile(r"\b(the|of|and|user|users|film|films|seen|has|have|with)\b")


@pytest.fixture(scope="module")
def qa(films_home: OpenHome) -> RecommendationQA:
    return RecommendationQA(films_home)


def names(pattern: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(pattern) if name}


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_has_every_sentence_with_every_value_of_the_english_one(language: str) -> None:
    english, other = phrasebook(), phrasebook(language)
    assert set(other.sentences) == set(english.sentences)
    assert set(other.persons["you"]) == set(other.persons["other"])
    own = {"item", "items", "rating", "ratings", *other.persons["you"], *other.verbs["other"]}
    theirs = {"item", "items", "rating", "ratings", "done", *english.persons["you"]}
    for name, pattern in english.sentences.items():
        wanted, said = names(pattern) - theirs, names(other.sentences[name]) - own
        assert said <= wanted, name
        assert wanted <= said | {"n"}, name


@pytest.mark.parametrize("language", OTHERS)
def test_a_language_has_every_verb_in_the_same_forms(language: str) -> None:
    verbs = phrasebook(language).verbs
    assert set(verbs) == {*"seen bought read heard played used visited other".split()}
    assert {frozenset(forms) for forms in verbs.values()} == {frozenset(verbs["other"])}


def test_every_language_that_is_read_is_also_written() -> None:
    assert set(WORDED) == set(LANGUAGES)


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("kind", QUESTIONS)
def test_the_answer_has_the_same_numbers_in_every_language(
    qa: RecommendationQA, kind: str, language: str
) -> None:
    asked, english = (qa.invoke(QUESTIONS[kind][one]) for one in (language, "en"))
    assert asked["question"]["language"] == language
    assert asked["evidence"] == english["evidence"]
    assert asked["status"] == english["status"]
    assert numbers(asked["result"], language) == numbers(english["result"], "en")


@pytest.mark.parametrize("language", ["de", "ja", "zh"])
@pytest.mark.parametrize("kind", QUESTIONS)
def test_no_english_word_is_left(qa: RecommendationQA, kind: str, language: str) -> None:
    text = qa.invoke(QUESTIONS[kind][language])["result"]
    found = ENGLISH_WORDS.findall(text.replace("data set films", "").replace("films", ""))
    assert not found, text


def numbers(text: str, language: str) -> set[float]:
    """Return the numbers of a text: sentences differ in their order, and in "they" and "user 3"."""
    book = phrasebook(language)
    for n, word in enumerate(book.words[1:], start=1):
        text = re.sub(rf"\b{word}(?= films?\b)", str(n), text, flags=re.IGNORECASE)
    text = re.sub(rf"(?<=\d){re.escape(book.thousands)}(?=\d{{3}}(?!\d))", "", text)
    return {
        float(one.replace(book.decimal, "."))
        for one in re.findall(rf"\d+(?:{re.escape(book.decimal)}\d+)?", text)
    }


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", OTHERS)
def test_every_kind_says_the_same_numbers_in_every_language(
    films_home: OpenHome, qa: RecommendationQA, kind: str, language: str
) -> None:
    question = films_home.parser.parse(PHRASINGS[kind][0])
    answer, english = (
        qa.invoke({"query": "as read", "question": replace(question, language=one)})
        for one in (language, "en")
    )
    assert english["question"]["kind"] == kind
    assert answer["evidence"] == english["evidence"]
    assert numbers(answer["result"], language) == numbers(english["result"], "en")
    if language in ("de", "ja", "zh"):
        assert not ENGLISH_WORDS.findall(answer["result"].replace("films", ""))


def test_a_kind_with_words_does_not_speak_of_english(qa: RecommendationQA) -> None:
    assert "English" not in qa.invoke(SUGGEST["de"])["result"]


def test_a_model_is_not_asked_for_words_that_could_not_be_checked(films_home: OpenHome) -> None:
    model = StandInChat()
    answer = RecommendationQA(films_home, guard(model, Limits(retries=0))).invoke(SUGGEST["de"])
    assert answer["written_by"] == "code"
    assert model.history == []


@pytest.mark.parametrize(
    ("language", "n", "expected"),
    [
        ("en", 1, "1 film"), ("en", 1204, "1,204 films"),
        ("de", 1, "1 Film"), ("de", 1204, "1.204 Filme"),
        ("fr", 0, "0 film"), ("fr", 1, "1 film"), ("fr", 2, "2 films"), ("fr", 1204, "1 204 films"),
        ("es", 0, "0 películas"), ("es", 1, "1 película"), ("it", 3, "3 film"),
        ("pt", 1204, "1.204 filmes"), ("zh", 3, "3部电影"), ("ja", 3, "3本の映画"),
    ],
)  # fmt: skip
def test_counted_items_take_the_form_and_the_number_of_the_language(
    language: str, n: int, expected: str
) -> None:
    assert counted(language, n, FILM) == expected.replace("1 204", "1 204")


def test_a_noun_the_language_does_not_know_stays_as_the_data_have_it() -> None:
    assert counted("de", 2, Noun("widget", "widgets")) == "2 widgets"


def counted(language: str, n: int, noun: Noun) -> str:
    book = Phrasebook(language, tables(language, "{n:items}"))
    return book.say("it", noun, n=n)


def tables(language: str, pattern: str) -> dict[str, object]:
    book = phrasebook(language)
    return {
        "language": {"decimal": book.decimal, "thousands": book.thousands, "space": book.space,
                     "comma": book.comma, "one_below": book.one_below},
        "nouns": book.nouns, "you": {}, "other": {}, "sentences": {"it": pattern, "percent": "%"},
    }  # fmt: skip


def test_the_asker_is_addressed_in_every_language(films_home: OpenHome) -> None:
    for language in WORDED:
        you, other = (Voice(FILM, "3", addressed, language=language) for addressed in (True, False))
        sentence = {"unseen": 6, "share": 50.0}
        assert "3" not in you.say("standing_higher", **sentence).replace("1,", "")
        assert "3" in other.say("standing_higher", **sentence)


VERBS = {"bought": Noun("product", "products"), "heard": Noun("song", "songs"),
         "played": Noun("game", "games"), "watched": Noun("film", "films", "watched"),
         "other": Noun("widget", "widgets")}  # fmt: skip


def done(language: str, noun: Noun) -> str:
    return Voice(noun, "3", language=language).say("unwatched_reason")


def test_what_was_done_goes_with_the_noun() -> None:
    english = {name: done("en", noun) for name, noun in VERBS.items()}
    assert english == {
        "bought": "nobody has bought it.",
        "heard": "nobody has played it.",
        "played": "nobody has played it.",
        "watched": "nobody has watched it.",
        "other": "nobody has interacted with it.",
    }
    german = {name: done("de", noun) for name, noun in VERBS.items()}
    assert german == {
        "bought": "von niemandem gekauft.",
        "heard": "von niemandem gehört.",
        "played": "von niemandem gespielt.",
        "watched": "von niemandem gesehen.",
        "other": "von niemandem gewählt.",
    }


@pytest.mark.parametrize("language", WORDED)
def test_a_verb_that_no_language_knows_is_said_in_english_only(language: str) -> None:
    text = done(language, Noun("recipe", "recipes", "cooked"))
    assert ("cooked" in text) == (language == "en")


@pytest.mark.parametrize("language", WORDED)
def test_only_ratings_tell_what_was_liked(language: str) -> None:
    graded, plain = (
        Voice(FILM, "3", language=language, graded=graded).say(
            sentence, value="Drama", count=2, of=3
        )
        for graded, sentence in ((True, "taste"), (False, "taste_had"))
    )
    assert graded != plain
    assert numbers(graded, language) - {3.0} == numbers(plain, language) - {3.0} == {2.0}


@pytest.mark.parametrize(
    ("noun", "n", "said"),
    [(FILM, 21, "21 Filmen"), (FILM, 1, "1 Film"), (Noun("app", "apps"), 3, "3 Apps"),
     (Noun("product", "products"), 2, "2 Produkten"), (Noun("widget", "widgets"), 2, "2 widgets")],
)  # fmt: skip
def test_german_counts_have_their_dative(noun: Noun, n: int, said: str) -> None:
    assert Voice(noun, language="de").say("common_none", n=n) == f"nichts von {said} gemeinsam"
