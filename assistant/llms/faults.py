"""What went wrong at a language-model endpoint, in one sentence: where, what, and what mends it.

Errors are told apart by the status they carry, by httpx's and the standard library's classes, and
by class name for libraries that need not be installed.
"""

from __future__ import annotations

import email.utils
import json
import re
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

_TOKEN_LIKE = re.compile(r"\b(?:hf_|sk-|gsk_)[\w-]{6,}|(?i:bearer)\s+\S+")
_EXCERPT = 200
_LATER = "try again later, or answer without a model (`--llm none`)"


@dataclass(frozen=True)
class Place:
    """The endpoint as messages name it."""

    name: str
    token_setting: str | None = None
    """Environment variable that holds the token for this endpoint; None where none is used."""
    token: str | None = field(default=None, repr=False)
    """The token itself, only to blot it out of what the endpoint sends back."""


@dataclass(frozen=True)
class Fault:
    """One failed attempt."""

    sentence: str
    retry: bool = False
    wait: float | None = None
    """Seconds the endpoint asks to wait before another attempt."""
    refuses_request: bool = False
    """The endpoint understood the request, but not all that it asks for."""


class BadAnswer(Exception):
    """The endpoint answered, but not with what can be used; raised by this project's own client."""

    def __init__(self, what: str, retry: bool = False) -> None:
        self.what = what
        self.retry = retry
        super().__init__(what)


class DeadlinePassed(Exception):
    """The time for one answer is over."""


def explain(error: Exception, place: Place, deadline: float) -> Fault:
    """Tell what `error`, raised while talking to `place`, means.

    Args:
        error: Whatever the client raised.
        place: The endpoint.
        deadline: Seconds that one answer may take in all, for the message.
    """
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None) or getattr(error, "status_code", None)
    if isinstance(status, int):
        return _refused(status, response, error, place)
    for test, tell in _KINDS:
        if test(error):
            fault: Fault = tell(error, place, deadline)
            return fault
    return Fault(f"{place.name} failed ({_said(error, place)}); {_LATER}")


def redact(text: str, token: str | None = None) -> str:
    """Blot out `token` and whatever looks like one."""
    if token:
        text = text.replace(token, "[token]")
    return _TOKEN_LIKE.sub("[token]", text)


# ---- answers with a status that is not 200


def _refused(status: int, response: Any, error: Exception, place: Place) -> Fault:
    said = _said(error, place, response)
    token_setting = place.token_setting or "the token"
    token = f"set {token_setting} to a valid token" if place.token_setting else "check its token"
    match status:
        case 401 if place.token is None:
            return Fault(f"{place.name} asks for a token (401{said}); {token}")
        case 401:
            return Fault(f"{place.name} does not accept the token (401{said}); {token}")
        case 402:
            return Fault(
                f"{place.name} asks for payment (402{said}); add credit or choose another --llm"
            )
        case 403:
            return Fault(
                f"{place.name} forbids this (403{said}); the token in {token_setting} needs the "
                "right to use this model"
            )
        case 404:
            return Fault(
                f"{place.name} was not found (404{said}); check the model's name, and the "
                "address of the server (most end in /v1)"
            )
        case 429:
            wait = _retry_after(response)
            asked = f"; it asks to wait {wait:.0f} seconds" if wait is not None else ""
            return Fault(
                f"{place.name} has too many requests (429{said}){asked}; {_LATER}", True, wait
            )
        case _ if 300 <= status < 400:
            target = getattr(response, "headers", {}).get("location", "elsewhere")
            target = redact(str(target), place.token)
            return Fault(
                f"{place.name} points to {target} ({status}); give that address in --llm if you "
                "trust it"
            )
        case _ if status >= 500 or status == 408:
            return Fault(
                f"{place.name} failed ({status}{said}); {_LATER}", True, _retry_after(response)
            )
        case _:
            return Fault(
                f"{place.name} cannot take the request ({status}{said}); check what the model can "
                "do (length of the prompt, structured answers)",
                refuses_request=status in (400, 422),
            )


def _retry_after(response: Any) -> float | None:
    """Read the Retry-After header: seconds, or a date (RFC 9110 §10.2.3)."""
    text = str(getattr(response, "headers", {}).get("retry-after", "")).strip()
    if text.isdigit():
        return float(text)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, IndexError):
        return None


def _said(error: Exception, place: Place, response: Any = None) -> str:
    """Quote what the endpoint said: one line, cut, without tokens."""
    if response is None:
        text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    else:
        text = _message_in(response)
    text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    text = redact(text, place.token)
    text = text if len(text) <= _EXCERPT else text[: _EXCERPT - 1] + "…"
    return text if response is None else f": {text}" if text else ""


def _message_in(response: Any) -> str:
    """Find the message in an error body: OpenAI's, TGI's, FastAPI's, or plain text."""
    try:
        body = str(response.text)
    except Exception:  # a body that was never read, or cannot be decoded, has no message
        return ""
    try:
        found: Any = json.loads(body)
    except ValueError:
        return "" if "<html" in body.lower() else body
    while isinstance(found, dict):
        found = next((found[k] for k in ("error", "message", "detail") if found.get(k)), "")
    return found if isinstance(found, str) else json.dumps(found)


# ---- answers that never came, broke off, or make no sense


def _named(*names: str) -> Any:
    """Match an error by the name of its class or of a base class."""
    return lambda error: any(base.__name__ in names for base in type(error).__mro__)


def _is_connect(error: Exception) -> bool:
    known = isinstance(error, (httpx.ConnectError, ConnectionRefusedError))
    return known or _named("APIConnectionError")(error)


def _is_stop(error: Exception) -> bool:
    return isinstance(error, StopIteration) or isinstance(error.__cause__, StopIteration)


def _bad_answer(error: Any, place: Place, _: float) -> Fault:
    return Fault(f"{place.name} {error.what}; {_LATER}", retry=error.retry)


def _past_deadline(_error: Exception, place: Place, deadline: float) -> Fault:
    return Fault(
        f"{place.name} gave no complete answer within {deadline:g} seconds; try again, or allow "
        "more time with WHYREC_LLM_DEADLINE"
    )


def _timed_out(error: Exception, place: Place, _: float) -> Fault:
    if isinstance(error, httpx.ConnectTimeout):
        return Fault(f"{place.name} does not take the connection; check the address", True)
    return Fault(
        f"{place.name} went silent for too long; try again, or allow more time with "
        "WHYREC_LLM_TIMEOUT",
        True,
    )


def _unreachable(error: Exception, place: Place, _: float) -> Fault:
    text = str(error).lower()
    if any(sign in text for sign in ("name or service", "nodename", "name resolution", "getaddr")):
        return Fault(f"the host of {place.name} is unknown; check the address and the network")
    if any(sign in text for sign in ("ssl", "certificate", "tls")):
        return Fault(
            f"no secure connection to {place.name} ({_said(error, place)}); check http or https, "
            "and the certificate"
        )
    return Fault(f"{place.name} cannot be reached; check the address and that the server runs")


def _broke_off(error: Exception, place: Place, _: float) -> Fault:
    return Fault(f"the connection to {place.name} broke off; {_LATER}", retry=True)


def _generation(error: Exception, place: Place, _: float) -> Fault:
    busy = _named("OverloadedError")(error)
    return Fault(f"{place.name} gave up while writing ({_said(error, place)}); {_LATER}", busy)


def _not_json(_error: Exception, place: Place, _: float) -> Fault:
    return Fault(
        f"{place.name} answered with something that is not JSON; check that the address leads to a "
        "language-model server"
    )


def _no_provider(_error: Exception, place: Place, _: float) -> Fault:
    return Fault(f"no provider serves {place.name} now; choose another model with --llm")


def _wrong_shape(error: Exception, place: Place, _: float) -> Fault:
    return Fault(
        f"{place.name} answered in a form that is not understood ({_said(error, place)}); check "
        "that the server speaks the protocol that --llm names"
    )


def _unsuited(error: Exception, place: Place, _: float) -> Fault:
    return Fault(
        f"{place.name} does not suit the task ({_said(error, place)}); choose another --llm"
    )


_KINDS: tuple[tuple[Any, Any], ...] = (
    (lambda e: isinstance(e, BadAnswer), _bad_answer),
    (lambda e: isinstance(e, DeadlinePassed), _past_deadline),
    (
        lambda e: (
            isinstance(e, (httpx.TimeoutException, TimeoutError)) or _named("APITimeoutError")(e)
        ),
        _timed_out,
    ),
    (_is_connect, _unreachable),
    (_named("TextGenerationError"), _generation),
    (lambda e: isinstance(e, (httpx.TransportError, ConnectionError)), _broke_off),
    (lambda e: isinstance(e, (json.JSONDecodeError, UnicodeDecodeError)), _not_json),
    (_is_stop, _no_provider),
    (
        lambda e: (
            isinstance(e, (KeyError, TypeError, IndexError, AttributeError))
            or str(e).startswith("Invalid data type")
        ),  # the hub client's ValueError
        _wrong_shape,
    ),
    (lambda e: isinstance(e, ValueError), _unsuited),
)
