"""The one place that talks to a provider: a SPEC, or any chat model, becomes a guarded chat model.

Hugging Face, dedicated endpoints, OpenAI-compatible servers and the small local model all go
through ChatHuggingFace over HuggingFaceEndpoint; servers with only text generation through
HuggingFaceEndpoint itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from langchain_core.runnables import Runnable, RunnableLambda

from assistant.llms.faults import Place, redact
from assistant.llms.guarded import Call, GuardedChat
from assistant.llms.llm_spec import LlmSpec
from assistant.settings import Limits, Settings, is_hugging_face
from ingest.errors import AskerError

if TYPE_CHECKING:
    from assistant.llms.wire import SchemaForm

__all__ = ["GuardedChat", "chat_model", "guard", "reasons_schema"]


def chat_model(settings: Settings) -> GuardedChat | None:
    """Return the chat model that the settings name, or None for `none`. Nothing is sent yet.

    Raises:
        AskerError: a token, or the extra that `local` needs, is missing.
    """
    spec = settings.llm
    if spec.kind == "none":
        return None
    if spec.kind == "local":
        from assistant.llms.local_model import require_extra

        require_extra()
    elif spec.kind == "hf" and spec.model and settings.token_for(str(spec.url)) is None:
        raise AskerError(
            f"{spec} needs a token: set HF_TOKEN (from https://huggingface.co/settings/tokens), or "
            "use --llm local or --llm none"
        )
    identity = {
        "llm": str(spec),
        "temperature": settings.temperature,
        "seed": settings.seed,
        "max_tokens": settings.limits.max_tokens,
    }
    return GuardedChat(
        connect=lambda call: _connect(settings, call),
        place=_place(settings),
        limits=settings.limits,
        identity=identity,
    )


def guard(model: Any, limits: Limits | None = None) -> GuardedChat:
    """Guard a LangChain chat model, or any Runnable from messages to a message or text.

    A schema for the answer is not passed on: a model that is not ours takes it in no known form.
    Its own timeout bounds a single call; the deadline bounds streams, retries and async calls.

    Raises:
        AskerError: `model` is neither.
    """
    if isinstance(model, GuardedChat):
        return model
    if not isinstance(model, Runnable):
        raise AskerError(
            f"llm must be a SPEC, a LangChain chat model or None, not {type(model).__name__}"
        )
    name = getattr(model, "model_name", None) or getattr(model, "model", None)
    label = f"{type(model).__name__} {name}" if isinstance(name, str) else type(model).__name__
    # The library's own identity leaves out the model's settings, and its text may hold a key.
    digest = hashlib.sha256(repr(model).encode()).hexdigest()
    return GuardedChat(
        connect=lambda call: model.bind(stop=list(call.stop)) if call.stop else model,
        place=Place(redact(label)),
        limits=limits or Limits(),
        identity={"llm": label, "settings": digest},
    )


def reasons_schema(
    item_ids: Sequence[str], opening: bool = False, max_chars: int = 280
) -> dict[str, Any]:
    """Return the JSON schema of an answer: one reason per picked item, keyed by its id.

    Args:
        item_ids: The picks, in the order the answer shall have.
        opening: Also ask for an "opening" line, first.
        max_chars: Length of each text where the server keeps to it: a model that rambles would
            otherwise run into the limit of tokens, and leave JSON that ends in the middle.
    """
    keys = (["opening"] if opening else []) + list(item_ids)
    return {
        "type": "object",
        "properties": {key: {"type": "string", "maxLength": max_chars} for key in keys},
        "required": keys,
        "additionalProperties": False,
    }


def _place(settings: Settings) -> Place:
    spec = settings.llm
    if spec.kind == "local":
        return Place("SmolLM2-135M-Instruct on this machine")
    url = str(spec.url).partition("?")[0]  # what follows may be a key
    name = f"{spec.model} at {url}" if spec.model else f"the model at {url}"
    setting = "HF_TOKEN" if is_hugging_face(url) else "WHYREC_LLM_TOKEN"
    return Place(name, setting, settings.token_for(url))


def _connect(settings: Settings, call: Call) -> Runnable[Any, Any]:
    spec = settings.llm
    if spec.kind == "tgi":
        return _text_model(settings, call)
    if spec.kind == "local":
        from assistant.llms.local_model import local_server

        server = local_server()
        spec, token = LlmSpec("openai", server.model, server.url), server.token
        return _chat_model(replace(settings, llm=spec), call, token, "tgi")
    # A dedicated endpoint runs one model, in TGI unless its owner chose otherwise.
    form: SchemaForm = "openai" if spec.model else "tgi"
    return _chat_model(settings, call, settings.token_for(str(spec.url)), form)


def _chat_model(
    settings: Settings, call: Call, token: str | None, form: SchemaForm
) -> Runnable[Any, Any]:
    """Build ChatHuggingFace over HuggingFaceEndpoint for any server with OpenAI's chat route."""
    from langchain_huggingface import ChatHuggingFace, HuggingFaceEndpoint

    from assistant.llms.wire import AsyncBoundedClient, BoundedClient, Wire

    spec, limits, url = settings.llm, settings.limits, str(settings.llm.url)
    endpoint = HuggingFaceEndpoint(  # type: ignore[call-arg]  # it fills `model` in itself
        endpoint_url=url, task="conversational", max_new_tokens=limits.max_tokens, cache=False
    )
    wire = Wire(url, token, limits, call.give_up_at, form)
    endpoint.client, endpoint.async_client = BoundedClient(wire), AsyncBoundedClient(wire)
    chat = ChatHuggingFace(
        llm=endpoint,
        cache=False,
        # Only what stands in model_kwargs is really sent: ChatHuggingFace drops the seed, puts 0.8
        # for a temperature of 0, and names the model by its URL.
        model_kwargs={
            "model": spec.model or "tgi",
            "temperature": settings.temperature,
            "seed": settings.seed,
        },
    )
    chat.model_id = spec.model or "tgi"
    bound: dict[str, Any] = {"stop": list(call.stop)} if call.stop else {}
    if call.schema is not None:
        bound["response_format"] = {"type": "json_object", "value": dict(call.schema)}
    return chat.bind(**bound) if bound else chat


def _text_model(settings: Settings, call: Call) -> Runnable[Any, Any]:
    """Build HuggingFaceEndpoint as a text model for servers that speak only TGI's own protocol."""
    from langchain_huggingface import HuggingFaceEndpoint

    from assistant.llms.instruct import STOP, render
    from assistant.llms.wire import AsyncBoundedClient, BoundedClient, Wire

    url, prompt_format = str(settings.llm.url), str(settings.llm.prompt_format)
    sampling = settings.temperature > 0
    endpoint = HuggingFaceEndpoint(  # type: ignore[call-arg]  # it fills `model` in itself
        endpoint_url=url,
        task="text-generation",
        max_new_tokens=settings.limits.max_tokens,
        # TGI refuses a temperature of 0, and samples as soon as any of these is set.
        temperature=settings.temperature if sampling else None,
        do_sample=sampling,
        top_p=None,
        typical_p=None,
        seed=settings.seed,
        stop_sequences=[STOP[prompt_format], *call.stop],
        cache=False,
    )
    wire = Wire(url, settings.token_for(url), settings.limits, call.give_up_at, "tgi")
    endpoint.client, endpoint.async_client = BoundedClient(wire), AsyncBoundedClient(wire)
    model: Runnable[Any, Any] = endpoint
    if call.schema is not None:
        model = endpoint.bind(grammar={"type": "json", "value": dict(call.schema)})
    return RunnableLambda(lambda messages: render(messages, prompt_format)) | model
