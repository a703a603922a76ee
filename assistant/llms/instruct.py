"""Chat messages as the plain text that a model was tuned on, for servers without a chat route.

Sources: the chat templates in the tokenizer configurations of Mistral-7B-Instruct-v0.2 and
SmolLM2-135M-Instruct.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from langchain_core.messages import AIMessage, BaseMessage, SystemMessage

STOP = {"mistral": "</s>", "chatml": "<|im_end|>"}
_CONTROL = re.compile(r"\[(/?INST)\]|<(/?s)>|<\|(im_start|im_end)\|>")


def render(messages: Sequence[BaseMessage], prompt_format: str) -> str:
    """Return the prompt for `messages`; markers that stand inside a message lose their power.

    Args:
        messages: System, human and AI messages, in order.
        prompt_format: "mistral" (the server adds the begin-of-sequence token) or "chatml".
    """
    turns = [(_role(message), _disarmed(str(message.text))) for message in messages]
    return _mistral(turns) if prompt_format == "mistral" else _chatml(turns)


def _role(message: BaseMessage) -> str:
    if isinstance(message, SystemMessage):
        return "system"
    return "assistant" if isinstance(message, AIMessage) else "user"


def _disarmed(text: str) -> str:
    return _CONTROL.sub(lambda mark: next(word for word in mark.groups() if word), text)


def _mistral(turns: Sequence[tuple[str, str]]) -> str:
    prompt = ""
    asked: list[str] = []
    for role, text in turns:
        if role == "assistant":
            prompt += f"[INST] {_joined(asked)} [/INST]{text}</s>"
            asked = []
        else:  # Mistral knows no system turn: it goes before what the user says
            asked.append(text)
    return prompt + f"[INST] {_joined(asked)} [/INST]"


def _joined(texts: Sequence[str]) -> str:
    return "\n\n".join(texts)


def _chatml(turns: Sequence[tuple[str, str]]) -> str:
    told = "".join(f"<|im_start|>{role}\n{text}<|im_end|>\n" for role, text in turns)
    return told + "<|im_start|>assistant\n"
