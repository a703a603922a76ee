"""Documents asked again: answers are replaced, everything else stays."""

from collections.abc import Callable

from benchmarks.transcript import asked_again

DOCUMENT = """# Title

    code stays

    > first
    an old answer
    of two lines

### A conversation

    > second
    old

    > third

The end.""".splitlines()


def test_answers_are_replaced_and_a_conversation_goes_on() -> None:
    talks: list[list[str]] = []

    def talk() -> Callable[[str], str]:
        said: list[str] = []
        talks.append(said)
        return lambda question: said.append(question) or f"{len(said)} {question}"  # type: ignore[func-returns-value]

    new = list(asked_again(DOCUMENT, lambda question: f"new {question}\nline two", talk))
    assert (
        new
        == """# Title

    code stays

    > first
    new first
    line two

### A conversation

    > second
    1 second

    > third
    2 third

The end.""".splitlines()
    )
    assert talks == [["second", "third"]]


def test_asking_again_changes_nothing_where_answers_have_several_parts() -> None:
    def answer(question: str) -> str:
        return f"to {question}\n\nand more"

    once = list(asked_again(DOCUMENT, answer, lambda: answer))
    assert once.count("    and more") == 3
    assert list(asked_again(once, answer, lambda: answer)) == once
