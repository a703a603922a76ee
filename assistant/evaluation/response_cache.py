"""A model for evaluation: its answers are noted, remembered by the whole request, and paced."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from pydantic import Field

from assistant.llms.guarded import Call, GuardedChat
from ingest.errors import HomeError

NOTE = "whyrec_evaluation"
"""Key of the response metadata that holds what was noted: cached, attempts, seconds, tokens."""
_SCHEMA = "create table if not exists answers (request text primary key, answer text not null)"


class ResponseCache:
    """Answers by request, in one SQLite file; safe for several threads and processes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)

    def get(self, request: str) -> dict[str, Any] | None:
        """Return the answer that was kept for a request."""
        rows = self._run("select answer from answers where request = ?", [request])
        answer: dict[str, Any] | None = json.loads(rows[0][0]) if rows else None
        return answer

    def put(self, request: str, answer: Mapping[str, Any]) -> None:
        """Keep an answer."""
        text = json.dumps(answer, ensure_ascii=False)
        self._run("insert or replace into answers values (?, ?)", [request, text])

    def _run(self, query: str, values: list[str]) -> list[tuple[Any, ...]]:
        try:
            with (
                self._lock,
                closing(sqlite3.connect(self.path, timeout=10)) as connection,
                connection,
            ):
                connection.execute(_SCHEMA)
                return connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise HomeError(
                f"the response cache {self.path} cannot be used ({error}); remove it, or give "
                "--no-cache"
            ) from error


def request_key(
    identity: Mapping[str, Any],
    messages: list[BaseMessage],
    bound: Mapping[str, Any],
    stop: list[str] | None,
    repeat: int,
) -> str:
    """Return the digest of all that an answer depends on, and of the repeat it belongs to."""
    whole = {
        "model": dict(identity),
        "messages": [[message.type, message.content] for message in messages],
        "bound": dict(bound),
        "stop": stop,
        "repeat": repeat,
    }
    text = json.dumps(whole, sort_keys=True, ensure_ascii=False, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()


class Pace:
    """Lets so many calls a minute pass, evenly spaced, whatever the number of threads."""

    def __init__(self, calls_per_minute: float | None) -> None:
        self._gap = 60 / calls_per_minute if calls_per_minute else 0.0
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Wait for one's turn."""
        if not self._gap:
            return
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + self._gap
        time.sleep(turn - now)


class NotedChat(GuardedChat):
    """A guarded model whose answers carry a note; asked again, it answers from the cache."""

    cache_file: ResponseCache | None = Field(default=None, exclude=True, repr=False)
    pace: Pace = Field(default_factory=lambda: Pace(None), exclude=True, repr=False)
    repeat: int = 0

    @classmethod
    def over(
        cls, model: GuardedChat, cache: ResponseCache | None, pace: Pace, repeat: int
    ) -> NotedChat:
        """Wrap a model for one repeat of a run."""
        return cls(
            connect=model.connect,
            place=model.place,
            limits=model.limits,
            identity=model.identity,
            cache_file=cache,
            pace=pace,
            repeat=repeat,
        )

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        request = request_key(self.identity, messages, kwargs, stop, self.repeat)
        kept = None if self.cache_file is None else self.cache_file.get(request)
        cached = kept is not None
        started = time.perf_counter()
        if kept is None:
            kept = self._asked(messages, stop, kwargs)
            if self.cache_file is not None:
                self.cache_file.put(request, kept)
        note = {
            "cached": cached,
            "attempts": kept["attempts"],
            "tokens": kept["tokens"],
            "seconds": time.perf_counter() - started,
        }
        message = AIMessage(kept["text"], response_metadata={NOTE: note})
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _asked(
        self, messages: list[BaseMessage], stop: list[str] | None, bound: dict[str, Any]
    ) -> dict[str, Any]:
        """Ask the model itself, and count how often it had to be asked."""
        attempts = 0

        def connect(call: Call) -> Runnable[Any, Any]:
            nonlocal attempts
            attempts += 1
            return self.connect(call)

        self.pace.wait()
        plain = GuardedChat(
            connect=connect, place=self.place, limits=self.limits, identity=self.identity
        )
        message = plain._generate(messages, stop, **bound).generations[0].message
        return {"text": message.text, "attempts": attempts, "tokens": _tokens(message)}


def _tokens(message: BaseMessage) -> dict[str, int]:
    """Return what the server says it read and wrote; empty where it says nothing."""
    usage = message.response_metadata.get("token_usage") or getattr(message, "usage_metadata", None)
    names = {"prompt_tokens": "in", "input_tokens": "in", "completion_tokens": "out",
             "output_tokens": "out"}  # fmt: skip
    said = dict(usage or {})
    return {short: int(said[name]) for name, short in names.items() if said.get(name) is not None}
