"""Misspelt words of a question set right, where nothing in the data is called so."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property

from assistant.asking.catalogue import Catalogue
from assistant.lexicon import Lexicon

LEAST_LETTERS = 5
"""Shorter words are not set right: too many are like each other."""
LONG = 8
"""In words of more letters a wrong one is a slip, too."""
MAX_CORRECTIONS = 8
"""How many words of one question are set right."""
MOST_KEPT = 10_000
"""How many words it remembers to have looked up."""


class Spelling:
    """Knows the words of one language and of one data set."""

    def __init__(self, lexicon: Lexicon, catalogue: Catalogue) -> None:
        self.lexicon = lexicon
        self.catalogue = catalogue
        self._spellings: dict[str, str | None] = {}

    def corrected(self, plain: str) -> str:
        """Return a plain text with misspelt words of the lexicon, and attribute values, set right.

        Only words that nothing in the data is called are looked up, and only those that begin and
        end as the word they are taken for: "horor" is "horror", but "unlike" is not "like".
        """
        words = plain.split(" ")
        unknown = [at for at, word in enumerate(words) if self._is_strange(word)]
        for at in unknown[:MAX_CORRECTIONS]:
            bare = words[at].strip(".,?")
            if (right := self._right_for(bare)) is not None:
                words[at] = words[at].replace(bare, right)
        return " ".join(words)

    def _is_strange(self, word: str) -> bool:
        bare = word.strip(".,?")
        return (
            len(bare) >= LEAST_LETTERS
            and bare.isalpha()
            and bare.isascii()
            and not self.lexicon.knows(bare)
            and bare not in self._known
            and self.catalogue.value_named(bare) is None
        )

    @cached_property
    def _known(self) -> frozenset[str]:
        """Words that stand in titles, ids or attributes of the data."""
        noun = self.catalogue.dataset.noun
        people = " ".join(self.catalogue.person_values)
        return frozenset(
            (*self.catalogue.title_words, *self.catalogue.lower_user_ids, noun.one, noun.many,
             *self.catalogue.lower_item_ids, *people.split())
        )  # fmt: skip

    @cached_property
    def _right(self) -> dict[tuple[str, str], list[str]]:
        """Words a misspelt one may be taken for, by their first letter and their last."""
        found: dict[tuple[str, str], list[str]] = defaultdict(list)
        values = (word for value in self.catalogue.values for word in value.split())
        for word in sorted({*self.lexicon.vocabulary, *values}):
            if len(word) >= LEAST_LETTERS and word.isalpha():
                found[word[0], word[-1]].append(word)
        return found

    def _right_for(self, word: str) -> str | None:
        from rapidfuzz import process
        from rapidfuzz.distance import DamerauLevenshtein

        if (found := self._spellings.get(word, "")) != "":
            return found
        near = process.extract(
            word,
            self._right[word[0], word[-1]],
            scorer=DamerauLevenshtein.distance,
            score_cutoff=1,
        )
        slips = (right for right, *_ in near if len(word) > LONG or _is_slip(word, right))
        if len(self._spellings) >= MOST_KEPT:
            self._spellings.clear()
        self._spellings[word] = next(slips, None)
        return self._spellings[word]


def _is_slip(word: str, right: str) -> bool:
    """Tell whether a letter is missing, too much, or two are swapped: "lonely" is not "lovely"."""
    return len(word) != len(right) or sorted(word) == sorted(right)
