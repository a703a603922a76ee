"""The HTTP under the Hugging Face clients: bounded in time and size, and strict about the token.

`InferenceClient` adds HF_TOKEN from the environment to any request, reads without limit, keeps
every response open until it is itself closed, and its async twin lives and dies with one event
loop. Here each request has its own connection, carries exactly the headers decided in one place,
follows no redirect, and is given up when it grows too long or too large.
"""

from __future__ import annotations

import functools
import ipaddress
import re
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx
from huggingface_hub import AsyncInferenceClient, InferenceClient

from assistant.llms.faults import BadAnswer, DeadlinePassed
from assistant.settings import Limits

_CONNECT_SECONDS = 10.0
_ERROR_BYTES = 65_536
_END_MARK = re.compile(rb'data:\s*\[DONE\]|"(?:finish_reason|generated_text)"\s*:\s*"')
_ERROR_EVENT = re.compile(rb'^(?:data|error):\s*\{\s*"error"')


SchemaForm = Literal["openai", "tgi"]


@dataclass(frozen=True)
class Wire:
    """One call's connection: where to, what it may carry, how long and how much it may bring."""

    url: str
    token: str | None = field(repr=False)
    limits: Limits
    give_up_at: float
    """On the clock of `time.monotonic`."""
    schema_form: SchemaForm = "openai"
    """How the server takes a JSON schema for its answer; see `body`."""

    def body(self, payload: Any) -> Any:
        """Return the JSON to send, with the answer's schema in the form this server knows.

        The hub client rewrites OpenAI's `json_schema` into TGI's `value` for every URL, so that is
        how the schema comes here. llama.cpp would read it from `schema`, so TGI's form has both.
        """
        asked = payload.get("response_format") if isinstance(payload, dict) else None
        if not isinstance(asked, dict) or "value" not in asked:
            return payload
        schema = asked["value"]
        if self.schema_form == "tgi":
            form = {"type": "json_object", "value": schema, "schema": schema}
        else:
            named = {"name": "answer", "strict": True, "schema": _without_lengths(schema)}
            form = {"type": "json_schema", "json_schema": named}
        return {**payload, "response_format": form}

    def request(self, url: str, payload: Any) -> dict[str, Any]:
        headers = {"user-agent": "whyrec", "accept-encoding": "identity"}
        if self.token is not None:
            headers["authorization"] = f"Bearer {self.token}"
        return {"method": "POST", "url": url, "json": self.body(payload), "headers": headers}

    def connection(self) -> dict[str, Any]:
        left = self.give_up_at - time.monotonic()
        if left <= 0:
            raise DeadlinePassed
        timeout = httpx.Timeout(min(self.limits.timeout, left), connect=min(_CONNECT_SECONDS, left))
        secure = urlsplit(self.url).scheme == "https"
        # Proxies are for the way out; a server on this machine is not behind one.
        return {
            "timeout": timeout,
            "trust_env": not is_loopback(self.url),
            "verify": _certificates() if secure else False,
        }

    def reading(self) -> _Reading:
        return _Reading(self.limits.max_bytes, self.give_up_at)


class _Reading:
    """Counts what one response brings, and watches the clock."""

    def __init__(self, max_bytes: int, give_up_at: float) -> None:
        self.max_bytes = max_bytes
        self.left = max_bytes
        self.give_up_at = give_up_at

    def take(self, piece: bytes) -> bytes:
        self.left -= len(piece)
        if self.left < 0:
            raise BadAnswer(f"sent more than {self.max_bytes:,} bytes, which is no answer")
        if time.monotonic() > self.give_up_at:
            raise DeadlinePassed
        return piece


class _Lines:
    """Cuts a stream of server-sent events into lines, and knows whether its end mark came."""

    def __init__(self) -> None:
        self.rest = b""
        self.complete = False

    def feed(self, piece: bytes) -> list[str]:
        *lines, self.rest = (self.rest + piece).split(b"\n")
        return [self._line(line) for line in lines]

    def end(self) -> list[str]:
        last = [self._line(self.rest)] if self.rest else []
        if not self.complete:
            raise BadAnswer("ended its answer in the middle", retry=True)
        return last

    def _line(self, line: bytes) -> str:
        self.complete = self.complete or bool(_END_MARK.search(line) or _ERROR_EVENT.match(line))
        return line.decode("utf-8").rstrip("\r")


class BoundedClient(InferenceClient):
    """An `InferenceClient` whose requests go over a `Wire`."""

    def __init__(self, wire: Wire) -> None:
        # A token of its own keeps the parent from looking for one; the Wire sends another, or none.
        super().__init__(model=wire.url, token="unused")
        self.wire = wire

    def _inner_post(self, request_parameters: Any, *, stream: bool = False) -> Any:
        pieces = self._pieces(request_parameters.url, request_parameters.json)
        return self._lines(pieces) if stream else b"".join(pieces)

    def _pieces(self, url: str, payload: Any) -> Iterator[bytes]:
        with (
            httpx.Client(**self.wire.connection()) as client,
            client.stream(**self.wire.request(url, payload)) as response,
        ):
            if not response.is_success:
                raise _refusal(response, _first(response.iter_bytes()))
            reading = self.wire.reading()
            for piece in response.iter_bytes():
                yield reading.take(piece)

    def _lines(self, pieces: Iterator[bytes]) -> Iterator[str]:
        lines = _Lines()
        for piece in pieces:
            yield from lines.feed(piece)
        yield from lines.end()


class AsyncBoundedClient(AsyncInferenceClient):
    """The async twin of `BoundedClient`; nothing in it belongs to an event loop between calls."""

    def __init__(self, wire: Wire) -> None:
        super().__init__(model=wire.url, token="unused")
        self.wire = wire

    async def _inner_post(self, request_parameters: Any, *, stream: bool = False) -> Any:
        pieces = self._pieces(request_parameters.url, request_parameters.json)
        return self._lines(pieces) if stream else b"".join([piece async for piece in pieces])

    async def _pieces(self, url: str, payload: Any) -> AsyncIterator[bytes]:
        async with (
            httpx.AsyncClient(**self.wire.connection()) as client,
            client.stream(**self.wire.request(url, payload)) as response,
        ):
            if not response.is_success:
                raise _refusal(response, await _afirst(response.aiter_bytes()))
            reading = self.wire.reading()
            async for piece in response.aiter_bytes():
                yield reading.take(piece)

    async def _lines(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[str]:
        lines = _Lines()
        async for piece in pieces:
            for line in lines.feed(piece):
                yield line
        for line in lines.end():
            yield line


def _without_lengths(schema: Any) -> Any:
    """Drop `maxLength`, which OpenAI refuses in a strict schema."""
    if isinstance(schema, dict):
        return {
            key: _without_lengths(value)
            for key, value in schema.items()
            if not (key == "maxLength" and isinstance(value, int))  # and not an item of that id
        }
    return schema


def is_loopback(url: str) -> bool:
    """Return whether `url` leads to this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@functools.cache
def _certificates() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def _refusal(response: httpx.Response, body: bytes) -> httpx.HTTPStatusError:
    """Make the error for a status that is not 2xx, with the start of the body and no more."""
    headers = {
        k: v
        for k, v in response.headers.items()
        if k in ("retry-after", "location", "content-type")
    }
    kept = httpx.Response(
        response.status_code, headers=headers, content=body, request=response.request
    )
    return httpx.HTTPStatusError(str(response.status_code), request=kept.request, response=kept)


def _first(pieces: Iterator[bytes]) -> bytes:
    body = b""
    for piece in pieces:
        body += piece
        if len(body) >= _ERROR_BYTES:
            break
    return body[:_ERROR_BYTES]


async def _afirst(pieces: AsyncIterator[bytes]) -> bytes:
    body = b""
    async for piece in pieces:
        body += piece
        if len(body) >= _ERROR_BYTES:
            break
    return body[:_ERROR_BYTES]
