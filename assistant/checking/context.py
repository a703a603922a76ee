"""What a word means where it stands: "DeepFM rates it 0.9" is a score, "you rated it 4" a mark."""

from __future__ import annotations

from assistant.checking.claims import Token
from assistant.checking.reading import Reading


def mean_in_context(reading: Reading, graded: bool) -> None:
    """Settle the meaning of words that have another one beside others.

    Args:
        reading: a sentence; the meanings of its tokens are changed in place.
        graded: whether the data say what was liked. Where they do not, "the 21 items you saw" are
            what "the 21 items you liked" are elsewhere.
    """
    changed = [
        _by_the_model(reading, place)
        or _of_likeness(reading, place)
        or (not graded and _own_history(reading, place))
        for place in range(len(reading.tokens))
    ]
    if any(changed):
        reading.sentence.sum_up()


def _by_the_model(reading: Reading, place: int) -> bool:
    """Read "DeepFM rates" and "the model gave" as words for a score."""
    token = reading.tokens[place]
    if "label" not in token.means:
        return False
    before = reading.preceding(place, 3)
    if before and "score" in before[0].means:  # "a predicted rating"
        token.means = token.means - {"label"} | {"score"}
        return True
    doer = next(
        (one for one in before if one.means & {"you", "people"} or one.kind == "user"), None
    )
    if doer is not None or not any("deepfm" in one.text or "model" in one.text for one in before):
        return False
    token.means = token.means - {"label"} | {"score"}
    return True


def _of_likeness(reading: Reading, place: int) -> bool:
    """Read the "score" of "Jaccard score" and "similarity score" as no score of DeepFM."""
    token = reading.tokens[place]
    before = reading.tokens[place - 1] if place else token
    if "score" not in token.means or "jaccard" not in before.means:
        return False
    token.means = token.means - {"score"} | {"jaccard"}
    return True


def _own_history(reading: Reading, place: int) -> bool:
    """Read "the 21 items you saw" and "you have seen item 7" as words for what counts as liked."""
    token = reading.tokens[place]
    if (
        "seen" not in token.means
        or token.text.startswith("in ")
        or not _asked_before(reading, place)
    ):
        return False
    after = reading.following(place, 4)
    itself = bool(after) and ("it" in after[0].means or after[0].text in reading.facts.titles)
    if itself or not _several(reading, place):
        return False
    token.means = token.means - {"seen"} | {"liked"}
    return True


def _asked_before(reading: Reading, place: int) -> bool:
    for one in reversed(reading.tokens[max(0, place - 3) : place]):
        if "you" in one.means or one.text in (reading.facts.user_id, "they"):
            return True
        if one.kind != "word" or one.means & {"people", "items"}:
            return False
    return False


def _several(reading: Reading, place: int) -> bool:
    """Tell whether what was seen is a number of items, items with an attribute, or named ones."""
    around = [*reading.tokens[max(0, place - 6) : place], *reading.tokens[place + 1 : place + 6]]
    return any(_is_other_item(one, reading) for one in around)


def _is_other_item(token: Token, reading: Reading) -> bool:
    if token.kind in ("number", "value"):
        return True
    return token.text in reading.facts.liked or ("items" in token.means and token.text[-1:] == "s")
