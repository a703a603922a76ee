"""Numbers in words: "seventy eight", "achtundsiebzig", "quatre vingt dix", "六百七十二"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from assistant.lexicon.phrases import is_unspaced

_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{3})+(?![0-9])")


class SpelledNumbers:
    """Reads numbers of several words, or of several glued to one, by the values of single words.

    A digit before 100 or 1,000 multiplies it; all else is added, the digit before the tens in
    German (eight and seventy); in scripts without spaces 10 is multiplied as well.
    """

    def __init__(self, values: Mapping[str, int], joints: Iterable[str]) -> None:
        """Take words of known value, and what may stand between two of them, such as "und"."""
        self.values = values
        words = sorted(values, key=lambda word: (-len(word), word))
        self.unspaced = any(map(is_unspaced, words))
        self._word = re.compile("|".join(map(re.escape, words)) or "(?!)")
        joint = "|".join(re.escape(one) for one in joints if one)
        space = "" if self.unspaced else " ?"
        between = rf"{space}(?:(?:{joint}){space})?" if joint else space
        edges = ("", "") if self.unspaced else (r"(?<!\w)", r"(?!\w)")
        self._run = re.compile(
            rf"{edges[0]}(?:{self._word.pattern})(?:{between}(?:{self._word.pattern}))+{edges[1]}"
        )

    def in_digits(self, plain: str) -> str:
        """Return a plain text with its numbers of several words in digits."""
        return self._run.sub(self._digits, plain)

    def _digits(self, run: re.Match[str]) -> str:
        out, number = "", _Number(self.unspaced)
        start = end = 0
        for word in self._word.finditer(run[0]):
            joined = run[0][end : word.start()].strip() != ""
            if not number.take(self.values[word[0]], joined):
                out += self._written(number, run[0][start:end]) + run[0][end : word.start()]
                number, start = _Number(self.unspaced), word.start()
                number.take(self.values[word[0]], joined=False)
            end = word.end()
        return out + self._written(number, run[0][start:end])

    def _written(self, number: _Number, words: str) -> str:
        if number.n_parts < 2 or number.largest < (10 if self.unspaced else 20):
            return words  # "someone" is not some and one
        return f" {number.value} " if self.unspaced else str(number.value)


class _Number:
    """A number that grows word by word."""

    def __init__(self, ten_multiplies: bool) -> None:
        self.multipliers = (10, 100, 1000) if ten_multiplies else (100, 1000)
        self.total = self.digit = self.n_parts = self.largest = 0

    @property
    def value(self) -> int:
        return self.total + self.digit

    def take(self, part: int, joined: bool) -> bool:
        """Add a part; False where it begins another number: "thirty" after "twenty"."""
        if not self._fits(part, joined):
            return False
        if part == 1000:
            self.total, self.digit = max(self.value, 1) * part, 0
        elif part in self.multipliers:
            self.total, self.digit = self.total + max(self.digit, 1) * part, 0
        elif part < 10:
            self.digit = part
        else:
            self.total, self.digit = self.value + part, 0
        self.n_parts, self.largest = self.n_parts + 1, max(self.largest, part)
        return True

    def _fits(self, part: int, joined: bool) -> bool:
        low = self.total % 100
        if part in self.multipliers:
            return self.total % (1000 if part == 100 else 100) == 0 or part == 1000
        if part < 10:
            return low % 10 == 0 and not self.digit
        if part < 20:
            return low in (0, 60, 80) and not self.digit  # soixante dix, quatre vingt dix
        return low == 0 and (not self.digit or (joined and part < 100))  # acht und siebzig


def as_number(digits: str, language: str) -> float:
    """Return the value of a number in digits: "1,000" is a thousand, "9,99" nearly ten.

    A full stop separates thousands in languages other than those that write "1,000".
    """
    if _THOUSANDS.fullmatch(digits):
        return float(digits.replace(",", ""))
    if language not in ("en", "ja", "zh") and _THOUSANDS.fullmatch(digits.replace(".", ",")):
        return float(digits.replace(".", ""))
    return float(digits.replace(",", "."))
