"""What Python code outside may import from the package, and nothing else."""

import assistant
import recsys


def test_the_public_names_are_these_and_can_be_had() -> None:
    assert assistant.__all__ == ["RecommendationQA", "evaluate"]
    for name in assistant.__all__:
        assert getattr(assistant, name).__name__ == name
    assert recsys.__all__ == ["Model"]
    assert recsys.Model.__name__ == "Model"
