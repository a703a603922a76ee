"""Settings and SPECs: what is read, what wins, what is refused, and who is sent which token."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from assistant.llms.llm_spec import DEFAULT_MODEL, HF_ROUTER, LlmSpec, parse_spec
from assistant.settings import Limits, Settings, is_hugging_face
from ingest.errors import AskerError

HF = "hf_abcdefghij"


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("none", LlmSpec("none")),
        (" local ", LlmSpec("local")),
        ("hf", LlmSpec("hf", DEFAULT_MODEL, HF_ROUTER)),
        ("hf:org/model-7b", LlmSpec("hf", "org/model-7b", HF_ROUTER)),
        ("hf:org/model-7b:together", LlmSpec("hf", "org/model-7b:together", HF_ROUTER)),
        (
            "hf:https://x.endpoints.huggingface.cloud/",
            LlmSpec("hf", None, "https://x.endpoints.huggingface.cloud"),
        ),
        ("openai:m@http://h:8000/v1", LlmSpec("openai", "m", "http://h:8000/v1")),
        ("openai:m@http://h/v1/chat/completions", LlmSpec("openai", "m", "http://h/v1")),
        ("openai:org/m:7b@http://[::1]:8000", LlmSpec("openai", "org/m:7b", "http://[::1]:8000")),
        ("tgi:http://h:8080", LlmSpec("tgi", None, "http://h:8080", "mistral")),
        ("tgi:chatml@http://h/generate", LlmSpec("tgi", None, "http://h", "chatml")),
    ],
)
def test_every_form_of_a_spec_is_read_and_written_back(text: str, spec: LlmSpec) -> None:
    assert parse_spec(text) == spec
    assert parse_spec(str(spec)) == spec


@pytest.mark.parametrize(
    "text",
    [
        "", "gpt", "hf:model-without-org", "openai:m", "openai:@http://h", "openai:http://h/v1",
        "none:x", "local:x", "tgi:", "tgi:h:80", "HF", "openai:m@ftp://h", "openai:m@http://",
        "hf:http://h:99999",
    ],
)  # fmt: skip
def test_a_wrong_spec_is_refused_with_the_forms_there_are(text: str) -> None:
    with pytest.raises(AskerError, match="the forms are: .*hf:MODEL.*openai:MODEL@URL.*local"):
        parse_spec(text)


def test_an_unknown_prompt_format_is_refused_with_those_there_are() -> None:
    with pytest.raises(AskerError, match="'alpaca'.*mistral, chatml"):
        parse_spec("tgi:alpaca@http://h")


def test_a_password_in_an_address_is_refused_without_being_shown() -> None:
    with pytest.raises(AskerError, match="WHYREC_LLM_TOKEN") as caught:
        parse_spec("openai:m@http://me:hunter2@h/v1")
    assert "hunter2" not in str(caught.value)


def test_without_a_spec_the_variable_decides_then_a_token_then_nothing() -> None:
    def read(**env: str) -> str:
        return Settings.read(environment=env).llm.kind

    assert read() == "none"
    assert read(HF_TOKEN=HF) == "hf"
    assert read(HUGGINGFACEHUB_API_TOKEN=HF) == "hf"
    assert read(HF_TOKEN=HF, WHYREC_LLM="local") == "local"
    assert read(HF_TOKEN="", WHYREC_LLM="") == "none"


def test_an_argument_wins_over_its_variable(tmp_path: Path) -> None:
    env = {
        "WHYREC_LLM": "local", "WHYREC_HOME": "/elsewhere", "WHYREC_CHROMA": "http://a:1",
        "WHYREC_LLM_TIMEOUT": "7.5", "WHYREC_LLM_RETRIES": "0",
    }  # fmt: skip
    read = Settings.read(environment=env)
    assert (read.llm.kind, read.home, read.chroma) == ("local", Path("/elsewhere"), "http://a:1")
    assert (read.limits.timeout, read.limits.retries) == (7.5, 0)
    told = Settings.read(
        home=tmp_path, llm="none", chroma="http://b:2/", limits=Limits(timeout=1), environment=env
    )
    assert (told.llm.kind, told.home, told.chroma) == ("none", tmp_path, "http://b:2")
    assert told.limits.timeout == 1


@pytest.mark.parametrize(
    ("env", "message"),
    [
        ({"WHYREC_LLM_TIMEOUT": "soon"}, "WHYREC_LLM_TIMEOUT must be a number, not 'soon'"),
        ({"WHYREC_LLM_MAX_TOKENS": "1.5"}, "WHYREC_LLM_MAX_TOKENS must be a number"),
        ({"WHYREC_LLM_DEADLINE": "0"}, "deadline must be more than 0"),
        ({"WHYREC_LLM_TIMEOUT": "nan"}, "timeout must be more than 0"),
        ({"WHYREC_LLM_RETRIES": "-1"}, "cannot be less than 0"),
        ({"WHYREC_CHROMA": "localhost:8000"}, "WHYREC_CHROMA must look like http://localhost:8000"),
        ({"WHYREC_CHROMA": "http://h:port"}, "WHYREC_CHROMA must look like"),
        ({"HF_TOKEN": "hf_secret\nX-Evil: 1"}, "HF_TOKEN holds characters that no token has"),
        ({"WHYREC_LLM_TOKEN": "geheim-für-uns"}, "WHYREC_LLM_TOKEN holds characters"),
        ({"WHYREC_LLM": "mistral"}, "'mistral' names no language model"),
    ],
)
def test_a_variable_that_cannot_be_right_is_named(env: dict[str, str], message: str) -> None:
    with pytest.raises(AskerError, match=message) as caught:
        Settings.read(environment=env)
    assert "secret" not in str(caught.value) and "geheim" not in str(caught.value)


def test_the_hugging_face_token_is_for_hugging_face_over_tls_only() -> None:
    settings = Settings.read(environment={"HF_TOKEN": HF})
    for url in (
        HF_ROUTER,
        "https://x.eu.endpoints.huggingface.cloud/v1",
        "https://me-app.hf.space",
    ):
        assert settings.token_for(url) == HF
    for url in (
        "http://router.huggingface.co/v1", "http://127.0.0.1:8000", "http://localhost", "https://api.openai.com/v1",
        "https://huggingface.co.evil.com", "https://nothuggingface.co", "https://evil.com/huggingface.co",
    ):  # fmt: skip
        assert settings.token_for(url) is None
        assert not is_hugging_face(url)


def test_a_servers_own_token_goes_to_that_server_only() -> None:
    at_a, at_b = "http://a:1/v1", "http://b:2/v1"
    told = Settings.read(llm=f"openai:m@{at_a}", environment={"WHYREC_LLM_TOKEN": "key"})
    assert (told.token_for(at_a), told.token_for(at_b)) == ("key", None)
    # The token in the environment belongs to the server in the environment, not to another.
    env = {"WHYREC_LLM_TOKEN": "key", "WHYREC_LLM": f"openai:m@{at_a}"}
    moved = Settings.read(llm=f"openai:m@{at_b}", environment=env)
    assert (moved.token_for(at_a), moved.token_for(at_b)) == ("key", None)


def test_settings_show_no_token() -> None:
    env = {"HF_TOKEN": HF, "WHYREC_LLM_TOKEN": "other-key"}
    shown = repr(Settings.read(environment=env))
    assert HF not in shown and "other-key" not in shown


def test_reading_settings_imports_nothing_heavy() -> None:
    code = "import sys, assistant.settings; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"torch", "langchain_core", "huggingface_hub", "httpx", "chromadb", "numpy"}
