"""The preview of your data before anything is saved: pictures, labels, notes, and skipped files with the reasons."""

from __future__ import annotations

import streamlit as st

from app.show.literal import literal
from app.show.records import rows
from vae.data.own.understand import Preview
from vae.text import _, ngettext, number, significant, size

FEW, LIST_PX = 200, 240  # skipped files that are listed, and the height of a list
ACROSS = 8  # pictures in a row


def summary(preview: Preview) -> None:
    """How many samples of what kind, and what they look like."""
    said = ngettext(
        "**{n} sample** of {shape} {measured}, values {low} to {high}: {n_train} for training, {n_test} for testing. "
        "{size}.",
        "**{n} samples** of {shape} {measured}, values {low} to {high}: {n_train} for training, {n_test} for testing. "
        "{size}.",
        preview.n_train + preview.n_test,
        shape="×".join(map(str, preview.shape)),
        measured=_(preview.measured),
        low=significant(preview.low, 4),
        high=significant(preview.high, 4),
        n_train=number(preview.n_train),
        n_test=number(preview.n_test),
        size=size(preview.n_bytes),
    )
    if n := len(preview.skipped):
        said += " " + ngettext("**{n} file was skipped**; see below.", "**{n} files were skipped**; see below.", n)
    st.markdown(said)
    rows(preview.pictures[:ACROSS], preview.pictures[ACROSS:], alt=_("Some of the samples"))


def details(preview: Preview) -> None:
    """Labels and notes on the left, skipped files on the right."""
    left, right = st.columns(2) if preview.skipped else (st.container(), None)
    with left:
        if preview.labels:
            st.dataframe(
                {_("label"): list(preview.labels), _("samples"): list(preview.labels.values())},
                hide_index=True,
                height=min(LIST_PX, 38 + 35 * len(preview.labels)),
            )
        said = [*preview.notes] if preview.labels else [_("There are no labels."), *preview.notes]
        if preview.columns:
            more = " ..." if len(preview.columns) > 30 else ""
            said.append(_("Columns: {names}", names=", ".join(preview.columns[:30]) + more))
        st.caption("  \n".join(literal(note) for note in said))
    if right is None:
        return
    with right:
        st.markdown(":material/warning: " + _("Skipped files ({n})", n=number(len(preview.skipped))))
        with st.container(height=LIST_PX, border=True, key="own-skipped"):
            st.text("\n\n".join(f"{s.name}:\n{s.reason}" for s in preview.skipped[:FEW]))
        if len(preview.skipped) > FEW:
            st.caption(_("And {n} more.", n=number(len(preview.skipped) - FEW)))
