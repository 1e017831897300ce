"""Does the code help? How well it tells the classes, beside raw samples and principal components."""

from __future__ import annotations

import math
from collections.abc import Mapping

import streamlit as st

from app.show.literal import literal
from app.show.terms import more
from vae.metrics.estimate import Measured, apart, difference_error
from vae.metrics.usefulness import BASELINES, HELPS, MAJORITY, SCORES, helps
from vae.registry import term_of, traits
from vae.text import N_, _, number

SAME = 5e-4  # of raw scores: machines that round differently classify a few samples differently
MOST = 0.8  # share of one class beyond which an accuracy says little of the others
UNEVEN = N_("With classes that uneven an accuracy hardly counts the rare ones: look at them on the map.")
LABELS = dict(
    zip(SCORES, (N_("k-NN accuracy"), N_("linear probe accuracy"), N_("k-means ARI"), N_("k-means NMI")), strict=True)
)


def show(card: Mapping) -> None:
    """The scores that a card holds, or how to get them; nothing for data without classes."""
    if not card["spec"]["n_classes"]:
        return
    st.markdown("##### " + _("Does the code help?"), help=more(term_of(SCORES[0])))
    found = card.get("estimates") or {}
    if not found.keys() >= {SCORES[0], *(f"{SCORES[0]}_{name}" for name in BASELINES)}:
        st.caption(
            _("Not measured yet: how well the code tells the classes, beside raw samples and principal components.")
            + " "
            + _("This measures it:")
        )
        st.code(f"python -m vae eval {card['name']} --metrics use --save", language="bash", wrap_lines=True)
        return
    st.markdown(table(found))
    st.caption(
        _(
            "On the test set: 5 nearest neighbours and a linear probe, fitted to training samples, and clusters of the "
            "test samples against the classes. PCA has as many components as the code has dimensions. ±: standard "
            "error. 1 is best. Better than both: yes or no by more than two standard errors of the difference."
        )
    )
    if alone := majority(found):
        st.caption(alone)
    if "discrete" in traits(card):
        st.caption(_("This code is discrete: its numbers are entries of a codebook; those of PCA are any numbers."))
    with st.expander(_("How this was measured")):
        st.markdown(
            "\n".join(
                f"- `{key}`: " + literal(_(found[key]["protocol"])) for key in (*_keys(), MAJORITY) if key in found
            )
        )


def majority(found: Mapping[str, Mapping]) -> str:
    """What the accuracies have to beat; "" where it was not measured."""
    if (alone := found.get(MAJORITY)) is None:
        return ""
    said = _("Always naming the most frequent class has an accuracy of {share}.", share=number(alone["value"], 3))
    return f"{said} {_(UNEVEN)}" if alone["value"] > MOST else said


def compared(a: Mapping, b: Mapping) -> list[str]:
    """Lines of the table of two cards: each score of both codes with their difference, the clearly better one in bold,
    and below it those of the raw samples and of PCA. None of a score that was not measured for both in the same way."""
    one, two = ({key: e for key in _keys() if (e := (card.get("estimates") or {}).get(key))} for card in (a, b))
    lines = []
    for score, label in LABELS.items():
        if not {score, f"{score}_raw"} <= one.keys() & two.keys() or not _alike(one, two, score):
            continue
        x, y = one[score]["value"], two[score]["value"]
        pair = _measured(one[score]), _measured(two[score])
        cells = [_cell(each[score], apart(*pair) and each[score]["value"] > min(x, y)) for each in (one, two)]
        term = f"[{_(label)}](terms#{term_of(score)})"
        lines.append(" | ".join([f"| {term}", *cells, difference(*pair, 3)]) + " |")
        for name, beside in ((BASELINES[0], _("raw samples")), (BASELINES[1], _("PCA of equal d"))):
            cells = [_cell(each.get(f"{score}_{name}")) for each in (one, two)]
            lines.append(" | ".join([f"| … {beside}", *cells, number(None)]) + " |")
    return lines


def _alike(one: Mapping[str, Mapping], two: Mapping[str, Mapping], score: str) -> bool:
    """Whether a score of two codes is of the same samples: by protocols, and by that of the raw samples, which depends
    on the data alone. Where a probe was stopped is no difference in what it is."""
    pairs = [(one[key], two[key]) for key in (score, f"{score}_raw")]
    same = all(x[key] == y[key] for x, y in pairs for key in ("n", "seed"))
    told = all(x["protocol"].split(";")[0] == y["protocol"].split(";")[0] for x, y in pairs)
    raw, other = (each["value"] for each in pairs[1])
    return same and told and math.isclose(raw, other, rel_tol=0, abs_tol=SAME)


def table(found: Mapping[str, Mapping]) -> str:
    """The estimates of the scores as a Markdown table, with whether the code is better than what is beside it."""
    head = " | ".join(["| ", _("code"), _("raw samples"), _("PCA of equal d"), _("better than both")]) + " |"
    lines = [head, "| --- | ---: | ---: | ---: | --- |"]
    for score, label in LABELS.items():
        each = [found.get(key) for key in (score, *(f"{score}_{name}" for name in BASELINES))]
        known = [_measured(one) for one in each if one]
        better = _(HELPS[helps(*known)]) if len(known) == len(each) else number(None)
        lines.append(f"| {_(label)} | " + " | ".join([*(_cell(one) for one in each), better]) + " |")
    return "\n".join(lines)


def difference(one: Measured, other: Measured, digits: int) -> str:
    """The second value minus the first, with its sign and standard error."""
    gap, error = other[0] - one[0], difference_error(one, other)
    text = ("+" if gap > 0 else "") + number(gap, digits)
    return text if not error else f"{text} ± {number(error, digits)}"


def _measured(estimate: Mapping) -> Measured:
    return estimate["value"], estimate["standard_error"]


def _cell(estimate: Mapping | None, best: bool = False) -> str:
    if estimate is None:
        return number(None, 3)
    text, of = number(estimate["value"], 3), estimate["standard_error"]
    text = f"**{text}**" if best else text
    return text if of is None else f"{text} ± {number(of, 3)}"


def _keys() -> list[str]:
    return [key for score in SCORES for key in (score, *(f"{score}_{name}" for name in BASELINES))]
