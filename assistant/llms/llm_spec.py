"""The text that says which language model to use (`--llm`, WHYREC_LLM), as a frozen LlmSpec."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from ingest.errors import AskerError

DEFAULT_MODEL = "mistralai/Mistral-7B-Instruct-v0.2"
HF_ROUTER = "https://router.huggingface.co/v1"
PROMPT_FORMATS = ("mistral", "chatml")
FORMS = (
    "`none`, `hf` or `hf:MODEL` (Hugging Face), `hf:URL` (your dedicated endpoint), "
    "`openai:MODEL@URL` (vLLM, llama.cpp, Ollama …), `tgi:URL` or `tgi:chatml@URL` (a server with "
    "text generation only), `local`"
)
_HUB_MODEL = re.compile(r"[\w.-]+/[\w.-]+(:[\w-]+)?")
_NAME_AT_URL = re.compile(r"(?P<name>\S+?)@(?P<url>https?://\S+)")


@dataclass(frozen=True)
class LlmSpec:
    """Which model answers and where; `str(spec)` gives back text that parses to the same."""

    kind: Literal["none", "hf", "openai", "tgi", "local"]
    model: str | None = None
    """Name sent to the server; None where the server has only one."""
    url: str | None = None
    """Base address; None for `none`, and for `local`, which has one only once it is started."""
    prompt_format: str | None = None
    """For `tgi`, which takes plain text: how messages become a prompt, one of PROMPT_FORMATS."""

    def __str__(self) -> str:
        match self.kind:
            case "hf":
                return f"hf:{self.model or self.url}"
            case "openai":
                return f"openai:{self.model}@{self.url}"
            case "tgi":
                return f"tgi:{self.prompt_format}@{self.url}"
            case _:
                return self.kind

    @property
    def server(self) -> str | None:
        """Host and port that a token for this model is meant for."""
        return urlsplit(self.url).netloc if self.url else None


def parse_spec(text: str) -> LlmSpec:
    """Read a SPEC.

    Raises:
        AskerError: the text has none of the known forms; the message lists them.
    """
    kind, _, rest = text.strip().partition(":")
    match kind:
        case "none" | "local" if not rest:
            return LlmSpec("none" if kind == "none" else "local")
        case "hf" if rest.startswith(("http://", "https://")):
            return LlmSpec("hf", url=_checked_url(rest, text))
        case "hf" if not rest or _HUB_MODEL.fullmatch(rest):
            return LlmSpec("hf", rest or DEFAULT_MODEL, HF_ROUTER)
        case "openai" if found := _NAME_AT_URL.fullmatch(rest):
            return LlmSpec("openai", found["name"], _checked_url(found["url"], text))
        case "tgi" if rest.startswith(("http://", "https://")):
            return _tgi("mistral", rest, text)
        case "tgi" if found := _NAME_AT_URL.fullmatch(rest):
            return _tgi(found["name"], found["url"], text)
        case _:
            raise AskerError(f"{text!r} names no language model; the forms are: {FORMS}")


def _tgi(prompt_format: str, url: str, text: str) -> LlmSpec:
    if prompt_format not in PROMPT_FORMATS:
        raise AskerError(
            f"{prompt_format!r} in {text!r} is no known prompt format; choose one of: "
            f"{', '.join(PROMPT_FORMATS)}"
        )
    base = re.sub(r"/generate(_stream)?$", "", _checked_url(url, text))
    return LlmSpec("tgi", url=base, prompt_format=prompt_format)


def _checked_url(url: str, text: str) -> str:
    """Return the URL without its trailing slash; user names and passwords in it are refused."""
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable:
        raise AskerError(f"the address in {text!r} is not a valid URL; the forms are: {FORMS}")
    if parts.username is not None or parts.password is not None:
        raise AskerError(
            f"the address of {parts.hostname} holds a user name or password; take it out and set "
            "WHYREC_LLM_TOKEN instead"
        )
    return re.sub(r"/chat/completions$", "", url.rstrip("/")).rstrip("/")
