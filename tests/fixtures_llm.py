"""Language models for tests: a stand-in with a queue and a history, and a server that misbehaves.

`standin_llm("first answer", "second answer")` makes a LangChain chat model. `llm_server` is a
server on loopback that speaks OpenAI's chat route and TGI's text generation, both streaming and
not; it records every request and answers from a script. `smollm2` is the real small model, served
as `--llm local` serves it.
"""

from __future__ import annotations

import asyncio
import json
import select
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field

from assistant.llms.guarded import GuardedChat
from assistant.llms.llm import chat_model
from assistant.settings import Limits, Settings

Scripted = str | Exception | Callable[[list[BaseMessage]], str]


class StandInChat(BaseChatModel):
    """Gives what is queued; an exception is raised, a function is asked with the messages."""

    queue: list[Any] = Field(default_factory=list)
    history: list[list[BaseMessage]] = Field(default_factory=list)
    """The messages of every call so far."""
    options: list[dict[str, Any]] = Field(default_factory=list)
    """The keyword arguments of every call so far."""

    @property
    def _llm_type(self) -> str:
        return "stand-in"

    def _next(self, messages: list[BaseMessage], kwargs: dict[str, Any]) -> str:
        self.history.append(messages)
        self.options.append(kwargs)
        assert self.queue, "the stand-in was asked more often than it has answers"
        answer: Scripted = self.queue.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, str) else answer(messages)

    def _generate(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        message = AIMessage(self._next(messages, kwargs))
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        for piece in _pieces(self._next(messages, kwargs)):
            yield ChatGenerationChunk(message=AIMessageChunk(content=piece))


@dataclass
class Recorded:
    """A request that reached the server."""

    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Reply:
    """What the server does with one request: answer with `text`, or one of the misbehaviours."""

    text: str = "A plain answer."
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    """Sent as the body in place of a proper answer."""
    delay: float = 0.0
    """Seconds before anything is sent."""
    pause: float = 0.0
    """Seconds between the pieces of a stream."""
    drop_after: int | None = None
    """The connection is cut after so many pieces of the stream, or halfway through a whole body."""
    waits: dict[int, threading.Event] = field(default_factory=dict)
    """After this piece of a stream the server waits until the test lets it go on."""
    no_end: bool = False
    """A stream stops as if it were complete, without its end mark."""
    error_event: dict[str, Any] | None = None
    """Sent in a stream after the first piece, instead of the rest."""


class LlmServer:
    """The server: `url` to reach it, `script` what it does next, `requests` what came."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.requests: list[Recorded] = []
        self.gone = threading.Event()
        """Set when a client closed its connection while it was waited with."""
        self.busy = self.busiest = 0
        """Requests that are being answered now, and the most there were at once."""
        self.answer: Callable[[Recorded], str] | None = None
        """Makes the text where nothing is scripted."""
        self._lock = threading.Lock()
        self._http = ThreadingHTTPServer(
            ("127.0.0.1", 0), type("Handler", (_Handler,), {"llm": self})
        )
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}"

    def script(self, *replies: Reply | str | int) -> None:
        """Queue replies: a text, a status to fail with, or a full Reply."""
        for reply in replies:
            if isinstance(reply, int):
                reply = Reply(status=reply)
            self.replies.append(Reply(reply) if isinstance(reply, str) else reply)

    def take(self, request: Recorded) -> Reply:
        with self._lock:
            self.requests.append(request)
            if self.replies:
                return self.replies.pop(0)
        return Reply(self.answer(request)) if self.answer else Reply()

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Count a request that is being answered; that its client leaves is no error."""
        with self._lock:
            self.busy += 1
            self.busiest = max(self.busiest, self.busy)
        try:
            yield
        except OSError:
            pass  # the client has gone, as some tests want
        finally:
            with self._lock:
                self.busy -= 1

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(5)


class _Handler(BaseHTTPRequestHandler):
    llm: LlmServer
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the parent's name
        pass

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length", 0))
        body = json.loads(self.rfile.read(length))
        headers = {key.lower(): value for key, value in self.headers.items()}
        reply = self.llm.take(Recorded(self.path, headers, body))
        self.close_connection = True
        with self.llm.answering():
            self._reply(reply, body)

    def _reply(self, reply: Reply, body: Any) -> None:
        self._wait(reply.delay)
        tgi = self.path in ("/", "/generate", "/generate_stream")
        if reply.status != 200 or reply.raw is not None:
            default = json.dumps({"error": f"scripted {reply.status}"}).encode()
            return self._whole(reply, default if reply.raw is None else reply.raw)
        if not tgi and not self.path.endswith("/v1/chat/completions"):
            return self._whole(Reply(status=404), b'{"error": "no such route"}')
        if body.get("stream") or self.path == "/generate_stream":
            return self._stream(reply, _tgi_events if tgi else _chat_events)
        whole = [{"generated_text": reply.text}] if tgi else _chat_body(reply.text)
        return self._whole(reply, json.dumps(whole).encode())

    def _wait(self, seconds: float) -> None:
        """Wait, unless the client closes its connection: then `gone` is set."""
        if select.select([self.connection], [], [], seconds)[0]:
            if self.connection.recv(1, socket.MSG_PEEK) == b"":
                self.llm.gone.set()
                raise ConnectionError("the client has gone")

    def _whole(self, reply: Reply, content: bytes) -> None:
        self.send_response(reply.status)
        self.send_header("content-length", str(len(content)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        cut = None if reply.drop_after is None else len(content) // 2
        self.wfile.write(content[:cut])

    def _stream(self, reply: Reply, events: Callable[[str], Sequence[Any]]) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        lines = [f"data: {json.dumps(event)}\n\n".encode() for event in events(reply.text)]
        if events is _chat_events:
            lines.append(b"data: [DONE]\n\n")
        if reply.no_end:
            lines = [line for line in lines if b"DONE" not in line and b'"stop"' not in line]
        if reply.error_event is not None:
            lines = [lines[0], f"data: {json.dumps(reply.error_event)}\n\n".encode()]
        for number, line in enumerate(lines):
            if number == reply.drop_after:
                return
            self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
            self.wfile.flush()
            self._wait(reply.pause)
            if number in reply.waits:
                reply.waits[number].wait(10)
        self.wfile.write(b"0\r\n\r\n")


def _chat_body(text: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {
        "id": "1", "object": "chat.completion", "created": 0, "model": "scripted",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }  # fmt: skip


def _chat_events(text: str) -> list[dict[str, Any]]:
    def event(delta: dict[str, str], finish: str | None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return {"id": "1", "created": 0, "model": "scripted", "choices": [choice]}

    said = [event({"role": "assistant", "content": piece}, None) for piece in _pieces(text)]
    return [*said, event({}, "stop")]


def _tgi_events(text: str) -> list[dict[str, Any]]:
    def event(number: int, piece: str, whole: str | None) -> dict[str, Any]:
        token = {"id": number, "text": piece, "logprob": 0.0, "special": False}
        return {"index": number, "token": token, "generated_text": whole, "details": None}

    pieces = _pieces(text)
    last = len(pieces) - 1
    return [event(n, piece, text if n == last else None) for n, piece in enumerate(pieces)]


def _pieces(text: str) -> list[str]:
    """Cut a text into words, each with the space before it."""
    first, *rest = text.split(" ")
    return [first, *(f" {word}" for word in rest)]


QUICK = Limits(timeout=0.5, deadline=3.0, retries=2, backoff=0.01, max_bytes=50_000)


def connect(spec: str, limits: Limits = QUICK, **env: str) -> GuardedChat:
    """Make the guarded model of a SPEC, with `env` as its whole environment."""
    model = chat_model(Settings.read(llm=spec, limits=limits, environment=env))
    assert model is not None
    return model


def openai(server: LlmServer, limits: Limits = QUICK, **env: str) -> GuardedChat:
    return connect(f"openai:mistral-7b@{server.url}/v1", limits, **env)


async def _collect(chunks: Any) -> str:
    return "".join([chunk.text async for chunk in chunks])


ASK: dict[str, Callable[[Any, str], str]] = {
    "invoke": lambda model, q: model.invoke(q).text,
    "stream": lambda model, q: "".join(chunk.text for chunk in model.stream(q)),
    "ainvoke": lambda model, q: asyncio.run(model.ainvoke(q)).text,
    "astream": lambda model, q: asyncio.run(_collect(model.astream(q))),
}
"""The four ways to ask a model a question and get its text."""
ways = pytest.mark.parametrize("way", ASK)


def pytest_configure(config: pytest.Config) -> None:
    # ChatHuggingFace imports langchain-community to look whether its model comes from there.
    sunset = "ignore:`langchain-community` is being sunset:DeprecationWarning"
    config.addinivalue_line("filterwarnings", sunset)


@pytest.fixture
def standin_llm() -> Callable[..., StandInChat]:
    """Make a stand-in chat model from the answers it shall give."""
    return lambda *answers: StandInChat(queue=list(answers))


@pytest.fixture
def llm_server() -> Iterator[LlmServer]:
    server = LlmServer()
    yield server
    server.close()


@pytest.fixture
def llm_reply() -> type[Reply]:
    """The class to script a misbehaviour with: `llm_server.script(llm_reply(delay=9))`."""
    return Reply


@pytest.fixture(scope="session")
def smollm2() -> Any:
    """The real SmolLM2, served on loopback: `.url`, `.token`, `.model`."""
    from assistant.llms.local_model import local_server

    return local_server()
