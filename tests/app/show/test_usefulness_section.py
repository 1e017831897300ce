"""The Model page shows how well the code tells the classes, or the command that measures it."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from app.show.usefulness import LABELS, table
from vae.metrics.usefulness import BASELINES

ERROR = 0.004


def estimates(code: float) -> dict:
    """As a card holds them: the code has `code`, the raw samples .9, PCA .7."""
    values = dict(zip(("", *(f"_{name}" for name in BASELINES)), (code, 0.9, 0.7), strict=True))
    return {
        score + beside: {
            "value": value,
            "n": 360,
            "seed": 0,
            "standard_error": ERROR if "accuracy" in score else None,
            "protocol": f"protocol of {score}{beside}",
        }
        for score in LABELS
        for beside, value in values.items()
    }


def shown(card: dict) -> AppTest:
    def page(card):
        from app.show import usefulness

        usefulness.show(card)

    return AppTest.from_function(page, args=(card,), default_timeout=60).run()


def test_the_best_of_a_row_is_bold_and_errors_stand_beside():
    row = table(estimates(0.8)).splitlines()[2]
    assert row == "| k-NN accuracy | 0.800 ± 0.004 | **0.900** ± 0.004 | 0.700 ± 0.004 |"
    assert "| **0.950** | 0.900 | 0.700 |" in table(estimates(0.95)).splitlines()[4], "ARI has no standard error"


@pytest.mark.parametrize("measured", [True, False])
def test_the_model_page_shows_the_scores_or_the_command_that_measures_them(measured):
    card = {"name": "mine", "spec": {"n_classes": 10}} | ({"estimates": estimates(0.8)} if measured else {})
    at = shown(card)
    assert not at.exception
    commands = [code.value for code in at.code]
    assert commands == ([] if measured else ["python -m vae eval mine --metrics use --save"])
    text = " ".join(element.value for element in at.markdown).replace("\\", "")
    assert ("raw samples |" in text) == measured
    assert ("protocol of knn_accuracy_pca" in text) == measured


def test_data_without_classes_have_no_such_section():
    assert not shown({"name": "mine", "spec": {"n_classes": 0}}).markdown
