"""A promptfoo provider that asks the assistant; its output is the whole answer document."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from assistant import RecommendationQA
from ingest.errors import WhyrecError


@lru_cache
def _assistant(llm: str, prompt: str) -> RecommendationQA:
    return RecommendationQA.from_home(llm=llm, prompt=prompt, log=False)


def call_api(prompt: str, options: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
    """Answer one question; `vars.user`, where there is one, is who asks."""
    config = options.get("config") or {}
    user = (context.get("vars") or {}).get("user")
    try:
        assistant = _assistant(config.get("llm", "none"), config.get("prompt", "answer"))
        answer = assistant.invoke({"query": prompt, "user_id": user})
    except WhyrecError as error:
        return {"error": str(error)}
    return {"output": answer, "latencyMs": round(1000 * answer["seconds"]["total"])}
