"""The Model page shows how well the code tells the classes, or the command that measures it."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from app.show.usefulness import LABELS, compared, table
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


@pytest.mark.parametrize(("code", "helps"), [(0.8, "no"), (0.95, "yes"), (0.905, "not clear")])
def test_a_row_says_whether_the_code_is_better_than_what_is_beside_it(code, helps):
    row = table(estimates(code)).splitlines()[2]
    assert row == f"| k-NN accuracy | {code:.3f} ± 0.004 | 0.900 ± 0.004 | 0.700 ± 0.004 | {helps} |"
    assert table(estimates(code)).splitlines()[4].endswith("| not clear |"), "an older ARI has no standard error"


@pytest.mark.parametrize("measured", [True, False])
def test_the_model_page_shows_the_scores_or_the_command_that_measures_them(measured):
    found = estimates(0.8) | {"majority_accuracy": estimates(0.8)["knn_accuracy"] | {"value": 0.983}}
    card = {"name": "mine", "spec": {"n_classes": 10}} | ({"estimates": found} if measured else {})
    at = shown(card)
    assert not at.exception
    commands = [code.value for code in at.code]
    assert commands == ([] if measured else ["python -m vae eval mine --metrics use --save"])
    text = " ".join(element.value for element in at.markdown).replace("\\", "")
    assert ("raw samples |" in text) == measured
    assert ("protocol of knn_accuracy_pca" in text) == measured
    assert ("most frequent class has an accuracy of 0.983" in " ".join(c.value for c in at.caption)) == measured


def test_data_without_classes_have_no_such_section():
    assert not shown({"name": "mine", "spec": {"n_classes": 0}}).markdown


def test_compare_has_the_scores_of_both_codes_with_raw_samples_and_pca_below():
    a, b = ({"estimates": estimates(code)} for code in (0.8, 0.85))
    lines = compared(a, b)
    assert lines[:3] == [
        "| [k-NN accuracy](terms#knn-accuracy) | 0.800 ± 0.004 | **0.850** ± 0.004 | +0.050 ± 0.006 |",
        "| … raw samples | 0.900 ± 0.004 | 0.900 ± 0.004 | – |",
        "| … PCA of equal d | 0.700 ± 0.004 | 0.700 ± 0.004 | – |",
    ]
    assert len(lines) == 3 * len(LABELS)
    assert compared(b, a)[0].endswith("**0.850** ± 0.004 | 0.800 ± 0.004 | −0.050 ± 0.006 |")
    assert compared(a, a)[0].endswith("| 0.800 ± 0.004 | 0.800 ± 0.004 | 0.000 ± 0.006 |"), "neither is better"
    near = compared(a, {"estimates": estimates(0.81)})
    assert "**" not in near[0], "within two standard errors of the difference"


@pytest.mark.parametrize(
    ("key", "change"),
    [
        ("knn_accuracy", {"n": 100}),
        ("knn_accuracy", {"seed": 1}),
        ("knn_accuracy", {"protocol": "majority of another k"}),
        ("knn_accuracy_raw", {"value": 0.88}),
        ("knn_accuracy_raw", None),
        ("knn_accuracy", None),
    ],
)
def test_compare_leaves_out_a_score_that_is_not_of_the_same_samples(key, change):
    """Other test samples, other neighbours, or other data by the same name, which the raw samples tell."""
    a, b = {"estimates": estimates(0.8)}, {"estimates": estimates(0.85)}
    if change is None:
        del b["estimates"][key]
    else:
        b["estimates"][key] |= change
    lines = compared(a, b)
    assert len(lines) == 3 * (len(LABELS) - 1)
    assert not any("k-NN" in line for line in lines)
    assert compared(a, {}) == compared({}, b) == compared(a, {"estimates": None}) == []


def test_a_probe_that_was_stopped_compares_with_one_that_converged():
    a, b = {"estimates": estimates(0.8)}, {"estimates": estimates(0.85)}
    b["estimates"]["linear_probe_accuracy_raw"]["protocol"] += "; stopped after 100 steps, before it converged"
    assert len(compared(a, b)) == 3 * len(LABELS)
