"""Every fault of a language-model endpoint, over HTTP on loopback, becomes one clear sentence."""

from __future__ import annotations

import json
import time
import traceback
from email.utils import formatdate
from typing import Any

import httpx
import pytest
from langchain_core.load import dumps

from assistant.settings import Limits
from ingest.errors import ProviderError
from tests.fixtures_llm import ASK, LlmServer, Reply, connect, openai, ways

# name: what the server does; whether it is tried again; what the one sentence says
FAULTS: dict[str, tuple[Reply, bool, str]] = {
    "401": (Reply(status=401), False, "asks for a token .*set WHYREC_LLM_TOKEN"),
    "402": (Reply(status=402), False, "asks for payment"),
    "403": (Reply(status=403), False, "forbids this .*right to use this model"),
    "404": (Reply(status=404), False, "was not found .*model's name, and the address"),
    "400": (Reply(status=400), False, "cannot take the request"),
    "422": (Reply(status=422), False, r"cannot take the request \(422: scripted 422\)"),
    "429": (Reply(status=429), True, "too many requests .*try again later"),
    "500": (Reply(status=500), True, r"failed \(500: scripted 500\)"),
    "503": (Reply(status=503), True, r"failed \(503"),
    "504": (Reply(status=504, raw=b"<html>gateway</html>"), True, r"failed \(504\)"),
    "307": (
        Reply(status=307, headers={"location": "http://evil/"}),
        False,
        r"points to http://evil/ \(307\)",
    ),
    "silent": (Reply(delay=1.0), True, "went silent for too long"),
    "cut body": (Reply(drop_after=0), True, "connection to .* broke off"),
}
WHOLE_FAULTS: dict[str, tuple[Reply, bool, str]] = {
    "not JSON": (Reply(raw=b"<html>Welcome</html>"), False, "something that is not JSON"),
    "not UTF-8": (Reply(raw=b"\xff\xfe\x00"), False, "not JSON"),
    "truncated JSON": (Reply(raw=b'{"choices": [{"mess'), False, "not JSON"),
    "empty body": (Reply(raw=b""), False, "not JSON"),
    "wrong shape": (Reply(raw=b'{"answer": 42}'), False, "form that is not understood"),
    "a list": (Reply(raw=b"[1, 2]"), False, "form that is not understood"),
    "no choices": (Reply(raw=b'{"choices": []}'), False, "form that is not understood"),
    "no text": (Reply(text=""), False, "gave an empty answer"),
    "too large": (Reply(text="x" * 60_000), False, "more than 50,000 bytes"),
}
STREAM_FAULTS: dict[str, tuple[Reply, bool, str]] = {
    "not JSON": (Reply(raw=b"data: {oops}\n\n"), False, "not JSON"),
    "wrong shape": (Reply(raw=b'data: {"x": 1}\n\ndata: [DONE]\n\n'), False, "not understood"),
    "a web page": (Reply(raw=b"<html>Welcome</html>"), True, "ended its answer in the middle"),
    "no text": (Reply(text=""), False, "gave an empty answer"),
    "one endless line": (Reply(raw=b"x" * 60_000), False, "more than 50,000 bytes"),
    "an error event": (
        Reply(raw=b'data: {"error": "CUDA out of memory", "error_type": "generation"}\n\n'),
        False,
        "gave up while writing .*CUDA out of memory",
    ),
    "overloaded": (
        Reply(raw=b'data: {"error": "busy", "error_type": "overloaded"}\n\n'),
        True,
        "gave up while writing",
    ),
}


def _cases() -> list[Any]:
    cases = []
    for way in ASK:
        own = STREAM_FAULTS if "stream" in way else WHOLE_FAULTS
        for name, fault in {**FAULTS, **own}.items():
            cases.append(pytest.param(way, *fault, id=f"{way}-{name}"))
    return cases


@pytest.mark.parametrize(("way", "reply", "tried_again", "sentence"), _cases())
def test_every_fault_is_one_clear_sentence_and_retried_only_where_that_may_help(
    llm_server: LlmServer, way: str, reply: Reply, tried_again: bool, sentence: str
) -> None:
    llm_server.script(reply, reply, reply, "never reached")
    limits = Limits(timeout=0.2, deadline=3.0, retries=2, backoff=0.01, max_bytes=50_000)
    with pytest.raises(ProviderError, match=sentence) as caught:
        ASK[way](openai(llm_server, limits), "Why?")
    assert len(llm_server.requests) == (3 if tried_again else 1)
    message = str(caught.value)
    assert f"mistral-7b at {llm_server.url}/v1" in message
    assert "\n" not in message and not message.endswith(".")


@ways
def test_a_busy_server_is_asked_again_and_its_answer_taken(llm_server: LlmServer, way: str) -> None:
    llm_server.script(503, 429, "At last.")
    assert ASK[way](openai(llm_server), "Why?") == "At last."
    assert len(llm_server.requests) == 3


@ways
def test_retry_after_is_honoured(llm_server: LlmServer, way: str) -> None:
    llm_server.script(Reply(status=429, headers={"retry-after": "1"}), "Now.")
    started = time.monotonic()
    assert ASK[way](openai(llm_server), "Why?") == "Now."
    assert time.monotonic() - started >= 1.0


@pytest.mark.parametrize("as_date", [False, True])
def test_a_wait_beyond_the_deadline_fails_at_once(llm_server: LlmServer, as_date: bool) -> None:
    after = formatdate(time.time() + 3600, usegmt=True) if as_date else "3600"
    llm_server.script(Reply(status=429, headers={"retry-after": after}))
    started = time.monotonic()
    with pytest.raises(ProviderError, match=r"asks to wait (3600|359.) seconds"):
        openai(llm_server).invoke("Why?")
    assert time.monotonic() - started < 1.0
    assert len(llm_server.requests) == 1


def test_a_nonsense_retry_after_is_passed_over(llm_server: LlmServer) -> None:
    llm_server.script(Reply(status=503, headers={"retry-after": "soon"}), "Fine.")
    assert openai(llm_server).invoke("Why?").text == "Fine."


@ways
def test_a_server_that_trickles_is_given_up_at_the_deadline(
    llm_server: LlmServer, way: str
) -> None:
    slow = Reply(text="a word " * 100, pause=0.1, delay=0 if "stream" in way else 5)
    llm_server.script(slow, slow, slow)
    limits = Limits(timeout=4.0, deadline=0.6, backoff=0.01)
    started = time.monotonic()
    with pytest.raises(ProviderError, match=r"within 0\.6 seconds|went silent"):
        ASK[way](openai(llm_server, limits), "Why?")
    assert time.monotonic() - started < 2.0


@pytest.mark.parametrize("way", ["stream", "astream"])
@pytest.mark.parametrize(
    ("reply", "sentence"),
    [
        (Reply(text="one two three four", drop_after=2), "broke off"),
        (Reply(text="one two three four", no_end=True), "ended its answer in the middle"),
        (
            Reply(text="one two", error_event={"error": {"message": "oops", "code": 500}}),
            "gave up while writing",
        ),
    ],
)
def test_a_stream_that_breaks_is_an_error_and_not_begun_again(
    llm_server: LlmServer, way: str, reply: Reply, sentence: str
) -> None:
    llm_server.script(reply, "something else")
    with pytest.raises(ProviderError, match=sentence):
        ASK[way](openai(llm_server), "Why?")
    assert len(llm_server.requests) == 1


@ways
@pytest.mark.parametrize("spec", ["openai:m@http://127.0.0.1:9/v1", "tgi:http://127.0.0.1:9"])
def test_a_refused_connection_is_told_at_once(spec: str, way: str) -> None:
    with pytest.raises(ProviderError, match="cannot be reached; check the address"):
        ASK[way](connect(spec), "Why?")


def test_an_unknown_host_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(self: Any, request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[Errno -2] Name or service not known")

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", unknown)
    with pytest.raises(ProviderError, match=r"host of m at http://nowhere\.invalid .*is unknown"):
        connect("openai:m@http://nowhere.invalid").invoke("Why?")


@ways
def test_tgi_errors_are_told_too(llm_server: LlmServer, way: str) -> None:
    busy = Reply(status=429, raw=b'{"error": "Model is overloaded", "error_type": "overloaded"}')
    long = Reply(status=422, raw=b'{"error": "`inputs` too long", "error_type": "validation"}')
    llm_server.script(busy, long)
    with pytest.raises(ProviderError, match="cannot take the request .*`inputs` too long"):
        ASK[way](connect(f"tgi:{llm_server.url}"), "Why?")
    assert len(llm_server.requests) == 2


@ways
def test_a_redirect_is_not_followed(llm_server: LlmServer, way: str) -> None:
    elsewhere = LlmServer()
    llm_server.script(Reply(status=307, headers={"location": f"{elsewhere.url}/v1"}))
    with pytest.raises(ProviderError, match="points to"):
        ASK[way](openai(llm_server, WHYREC_LLM_TOKEN="key-1"), "Why?")
    assert elsewhere.requests == []
    elsewhere.close()


@ways
def test_the_token_stands_in_no_error_and_no_traceback(llm_server: LlmServer, way: str) -> None:
    token = "very-own-key"
    echo = json.dumps({"error": f"bad key {token}, or Bearer hf_otherother"}).encode()
    llm_server.script(Reply(status=401, raw=echo))
    model = openai(llm_server, WHYREC_LLM_TOKEN=token)
    with pytest.raises(ProviderError, match=r"does not accept the token .*bad key \[token\]") as e:
        ASK[way](model, "Why?")
    shown = "".join(traceback.format_exception(e.value)) + repr(model)
    shown += dumps(model) + model.model_dump_json() + repr(model.asdict())
    assert token not in shown and "hf_otherother" not in shown
