"""A model that judges answers, for those who want one: a third column, and where it disagrees."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from langchain_core.language_models.chat_models import BaseChatModel

from assistant.llms.templates import as_data, load_template
from ingest.errors import ProviderError

VARIABLES = frozenset({"question", "evidence", "answer"})
_MOST = 6000
"""Characters of evidence that a judge reads."""


class Judge:
    """Asks a model whether an answer says only what its evidence says."""

    def __init__(self, model: BaseChatModel, prompt: str = "judge") -> None:
        self.chain = load_template(prompt, VARIABLES) | model

    def metrics(self, answer: Mapping[str, Any], failed: bool) -> dict[str, float]:
        """Return the judge's verdict, and whether it disagrees with the checks.

        Empty where the judge cannot be reached; `judge.parses` alone where it says neither.
        """
        evidence = json.dumps(answer["evidence"], ensure_ascii=False)[:_MOST]
        try:
            said = self.chain.invoke(
                {
                    "question": as_data(answer["query"]),
                    "evidence": as_data(evidence),
                    "answer": as_data(answer["result"]),
                }
            ).text
        except ProviderError:
            return {}
        verdict = re.search(r"\b(yes|no)\b", said, re.IGNORECASE)
        if verdict is None:
            return {"judge.parses": 0.0}
        good = verdict[1].lower() == "yes"
        return {
            "judge.parses": 1.0,
            "judge.grounded": float(good),
            "judge.disagrees": float(good == failed),
        }
