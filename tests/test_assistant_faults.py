"""Whatever fails at the provider: one labelled computed answer, and the token stands nowhere."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from assistant.chain import RecommendationQA
from assistant.home import OpenHome
from assistant.ledger import Ledger
from assistant.llms.llm import guard
from assistant.settings import Limits
from ingest.errors import ProviderError
from tests.fixtures_llm import LlmServer, Reply, connect, openai

ASKED = "Suggest 2 films to user 3"
TOKEN = "hf_aVerySecretToken0123456789"
LIMITS = Limits(timeout=0.2, deadline=2.0, retries=1, backoff=0.01, max_bytes=50_000)
BUSY = [429, 500, 503, 504]
FAULTS: dict[str, Reply] = {
    **{str(status): Reply(status=status) for status in (401, 403, 404, 422, *BUSY)},
    "timeout": Reply(delay=1.0),
    "non-JSON": Reply(raw=b"<html>Welcome</html>"),
    "wrong shape": Reply(raw=b'{"answer": 42}'),
    "truncated JSON": Reply(raw=b'{"choices": [{"mess'),
    "dropped": Reply(text='{"108": "It is a Comedy."}', drop_after=0),
    "error event": Reply(
        raw=b'data: {"error": "CUDA out of memory", "error_type": "generation"}\n\n'
    ),
    "echoed token": Reply(status=401, raw=json.dumps({"error": f"bad token {TOKEN}"}).encode()),
}


def asked(qa: RecommendationQA, way: str) -> dict[str, Any]:
    if way == "invoke":
        return qa.invoke(ASKED)
    parts = list(qa.stream(ASKED))
    text = "".join(part.get("result", "") for part in parts)
    return {key: value for part in parts for key, value in part.items()} | {"result": text}


@pytest.mark.parametrize("way", ["invoke", "stream"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_leaves_the_computed_answer_labelled_and_the_token_nowhere(
    films_home: OpenHome,
    llm_server: LlmServer,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    fault: str,
    way: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    ledger = Ledger(tmp_path / "ledger.sqlite")
    model = openai(llm_server, LIMITS, WHYREC_LLM_TOKEN=TOKEN)
    computed = RecommendationQA(films_home).invoke(ASKED)
    llm_server.script(FAULTS[fault], FAULTS[fault])
    answer = asked(RecommendationQA(films_home, model, ledger=ledger), way)
    assert llm_server.requests[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert answer["result"] == computed["result"]
    assert answer["written_by"].startswith("code, because ")
    assert answer["recommendations"] == computed["recommendations"]
    said = [json.dumps(answer), caplog.text, *capfd.readouterr()]
    said += [path.read_bytes().decode("latin-1") for path in tmp_path.iterdir()]
    assert not [text for text in said if TOKEN in text]

    llm_server.script(FAULTS[fault], FAULTS[fault])
    with pytest.raises(ProviderError) as error:
        asked(RecommendationQA(films_home, model, llm_required=True), way)
    assert TOKEN not in f"{error.value!r} {error.value.__cause__!r}"


def test_nobody_listening_is_a_labelled_computed_answer(films_home: OpenHome) -> None:
    qa = RecommendationQA(films_home, connect("openai:m@http://127.0.0.1:9/v1", LIMITS))
    assert qa.invoke(ASKED)["written_by"].startswith("code, because the model did not answer")


@pytest.mark.parametrize(
    "raised",
    [
        StopIteration(),
        ValueError("Model m is not supported for task text-generation and provider p"),
    ],
)
def test_a_provider_that_the_hub_client_cannot_serve_is_a_labelled_computed_answer(
    films_home: OpenHome, standin_llm: Any, raised: Exception
) -> None:
    qa = RecommendationQA(films_home, guard(standin_llm(raised, raised, raised), LIMITS))
    answer = qa.invoke(ASKED)
    assert answer["written_by"].startswith("code, because the model did not answer")
    assert len(answer["recommendations"]) == 2
