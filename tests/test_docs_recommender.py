"""The examples of docs/recommender.md run as they stand, and what it quotes is what is said."""

import re
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ingest.dataset.schema import Dataset
from recsys import presets

PAGE = (Path(__file__).parent.parent / "docs" / "recommender.md").read_text(encoding="utf-8")


def test_the_examples_run(ml100k: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With three epochs in place of eighty."""
    recipe = presets.ranking()
    quick = presets.Preset(recipe.config, replace(recipe.training, n_epochs=3, eval_every=3))
    monkeypatch.setattr(presets, "ranking", lambda: quick)
    monkeypatch.setattr("ingest.loaders.load_source", lambda name: ml100k)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    examples = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    assert len(examples) >= 4
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for example in examples:
            exec(compile(example, "docs/recommender.md", "exec"), names)
    assert (tmp_path / "model" / "history.json").is_file()
    assert names["report"].rows[-1].name == "shipped list"
    assert len(names["lists"]["78"]) == 10
