"""One frozen object with everything that can be set from outside; arguments win over variables.

| variable | sets |
|---|---|
| WHYREC_HOME | folder with data, model and index |
| WHYREC_CHROMA | http://host:port of a Chroma server |
| WHYREC_PSEUDONYMS | 1: other users appear as "neighbour A", without their ids |
| WHYREC_LLM | the SPEC of `--llm` |
| WHYREC_LLM_TOKEN | token of the server that WHYREC_LLM, or else `--llm`, names |
| WHYREC_LLM_TIMEOUT, _DEADLINE, _MAX_TOKENS, _RETRIES | see `Limits` |
| HF_TOKEN | token for Hugging Face, and only there |
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from assistant.llms.llm_spec import LlmSpec, parse_spec
from ingest.errors import AskerError
from ingest.home.workspace import home_path

_HF_TOKENS = ("HF_TOKEN", "HUGGINGFACEHUB_API_TOKEN", "HUGGING_FACE_HUB_TOKEN")
_HF_HOSTS = ("huggingface.co", "huggingface.cloud", "hf.space")


@dataclass(frozen=True)
class Limits:
    """How long, how often and how much of a language model's answer is waited for and read."""

    timeout: float = 60.0
    """Seconds without a single byte from the server."""
    deadline: float = 180.0
    """Seconds for one answer in all, with its retries and the pauses between them."""
    max_tokens: int = 768
    """Most tokens the model may answer with."""
    retries: int = 2
    """Further attempts after a busy or failing server, a timeout or a broken connection."""
    backoff: float = 1.0
    """Seconds before the first retry, doubled for each further one, less up to a half by chance."""
    at_once: int = 8
    """Most questions of a batch that are answered at the same time."""
    max_bytes: int = 1_000_000
    """Bytes of an answer that are read before it is refused."""

    def __post_init__(self) -> None:
        for name in ("timeout", "deadline", "max_tokens", "max_bytes", "at_once"):
            if not getattr(self, name) > 0:
                raise AskerError(f"the limit {name} must be more than 0, not {getattr(self, name)}")
        if self.retries < 0 or self.backoff < 0:
            raise AskerError("the limits retries and backoff cannot be less than 0")


_LIMIT_VARIABLES = {
    "WHYREC_LLM_TIMEOUT": "timeout",
    "WHYREC_LLM_DEADLINE": "deadline",
    "WHYREC_LLM_MAX_TOKENS": "max_tokens",
    "WHYREC_LLM_RETRIES": "retries",
    "WHYREC_LLM_AT_ONCE": "at_once",
}


@dataclass(frozen=True)
class Settings:
    """What a run works with. Build it with `Settings.read`."""

    home: Path
    llm: LlmSpec = LlmSpec("none")
    llm_required: bool = False
    """Fail where the model fails, rather than word the answer by code."""
    chroma: str | None = None
    """Address of a Chroma server; None for the embedded one in the home folder."""
    limits: Limits = Limits()
    pseudonyms: bool = False
    """Whether other users appear as "neighbour A", in place of their ids."""
    temperature: float = 0.0
    seed: int = 0
    hf_token: str | None = field(default=None, repr=False)
    llm_token: str | None = field(default=None, repr=False)
    llm_token_server: str | None = None
    """Host and port that `llm_token` is for; no other server is sent it."""

    @classmethod
    def read(
        cls,
        *,
        home: str | Path | None = None,
        llm: str | None = None,
        llm_required: bool = False,
        chroma: str | None = None,
        limits: Limits | None = None,
        pseudonyms: bool | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Settings:
        """Settle every setting: the argument where given, else the environment, else the default.

        Raises:
            AskerError: a SPEC, an address, a number or a token that cannot be right.
        """
        env = os.environ if environment is None else environment
        hf_token = next((t for name in _HF_TOKENS if (t := _token(env, name))), None)
        llm_token = _token(env, "WHYREC_LLM_TOKEN")
        default = env.get("WHYREC_LLM") or ("hf" if hf_token else "none")
        spec = parse_spec(llm if llm is not None else default)
        chosen_home = str(home) if home is not None else env.get("WHYREC_HOME")
        return cls(
            home=home_path(chosen_home),
            llm=spec,
            llm_required=llm_required,
            chroma=_chroma(chroma or env.get("WHYREC_CHROMA") or None),
            limits=limits or _limits(env),
            pseudonyms=_switch(env, "WHYREC_PSEUDONYMS") if pseudonyms is None else pseudonyms,
            hf_token=hf_token,
            llm_token=llm_token,
            llm_token_server=_token_server(llm_token, env.get("WHYREC_LLM"), spec),
        )

    def token_for(self, url: str) -> str | None:
        """Return the token that `url` may be sent: its own; HF_TOKEN for Hugging Face over TLS."""
        if self.llm_token is not None and urlsplit(url).netloc == self.llm_token_server:
            return self.llm_token
        return self.hf_token if is_hugging_face(url) else None


def is_hugging_face(url: str) -> bool:
    """Return whether `url` leads to Hugging Face (router, dedicated endpoint, space) over TLS."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    return parts.scheme == "https" and any(
        host == known or host.endswith(f".{known}") for known in _HF_HOSTS
    )


def _token_server(token: str | None, env_spec: str | None, spec: LlmSpec) -> str | None:
    """Find the server a token is for: the one set beside it, else the one asked for now."""
    if token is None:
        return None
    return (parse_spec(env_spec).server if env_spec else None) or spec.server


def _token(env: Mapping[str, str], name: str) -> str | None:
    token = env.get(name, "").strip()
    if token and not (token.isascii() and token.isprintable() and " " not in token):
        raise AskerError(f"{name} holds characters that no token has; copy the token again")
    return token or None


def _switch(env: Mapping[str, str], name: str) -> bool:
    text = env.get(name, "").strip().lower()
    if text not in ("", "0", "1", "no", "yes", "false", "true"):
        raise AskerError(f"{name} must be 1 or 0, not {text!r}")
    return text in ("1", "yes", "true")


def _limits(env: Mapping[str, str]) -> Limits:
    given: dict[str, float] = {}
    for variable, name in _LIMIT_VARIABLES.items():
        if text := env.get(variable):
            kind = int if name in ("max_tokens", "retries") else float
            try:
                given[name] = kind(text)
            except ValueError as error:
                raise AskerError(f"{variable} must be a number, not {text!r}") from error
    return Limits(**given)  # type: ignore[arg-type]  # the keys are fields of Limits, of their types


def _chroma(address: str | None) -> str | None:
    if address is None:
        return None
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise AskerError(f"WHYREC_CHROMA must look like http://localhost:8000, not {address!r}")
    return address.rstrip("/")
