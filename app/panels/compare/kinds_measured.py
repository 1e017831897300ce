"""AE, VAE and GAN compared by measurement: the claims of textbooks with what was measured of them."""

from __future__ import annotations

import math

import streamlit as st

from vae.studies.kinds import Compared, markdown, title
from vae.text import _, number


def show() -> None:
    """A closed section: claims with their verdicts, every measure of each data set, and how they came about."""
    with st.expander(_("AE, VAE and GAN compared by measurement"), icon=":material/table_chart:"):
        with st.container(key="zscope-kinds"):
            _tables(Compared.shipped())
        st.caption(
            _(
                "Small nets, trained briefly on small grey pictures, at the default settings of each family: with "
                "another net or a tuned setting, any of them may do better. Sharpness counts noise as detail. The "
                "judge is a small classifier, and what it does not see is not measured. An AE has no prior: its "
                "samples come from a Gaussian fitted to its codes. A GAN has no encoder: the one here is trained along "
                "with it and does not change its samples. Each measure is defined in docs/kinds.md."
            )
        )


def _chance(compared: Compared) -> str:
    """How often a verdict comes about by chance."""
    runs = {title(name): protocol["seeds"] for name, protocol in compared.record["protocols"].items()}
    said = [_("{data}: in 2 of {ways}", data=data, ways=number(math.comb(2 * n, n))) for data, n in runs.items()]
    return _(
        "If two kinds did not differ, yes or no would come out by chance all the same ({cases} cases), and many claims "
        "are judged at once: with three runs of each kind, read a verdict as a hint.",
        cases="; ".join(said),
    )


def _tables(compared: Compared) -> None:
    """Tabs of tables, and how the models were trained."""
    st.markdown(
        _(
            "What textbooks say of these kinds of models, and what came out when all had the same nets, the same "
            "number of latent dimensions and the same training. *Yes*: the claim is true of every run of one kind and "
            "every run of the other. *No, the opposite*: it is true of none. *Not clear*: it is true of some. In "
            "brackets: the means, and that of PCA with a Gaussian fitted to its codes, which needs no neural network."
        )
        + " "
        + _chance(compared)
    )
    claims, *each = st.tabs([_("Claims"), *map(title, compared.datasets)])
    claims.markdown(markdown(compared.claims()))
    for tab, dataset in zip(each, compared.datasets, strict=True):
        tab.markdown(markdown(compared.measures(dataset)))
        tab.caption(_("Mean ± standard deviation between seeds. –: not defined for this kind."))
    st.markdown(markdown(compared.protocols()))
