"""What was understood of somebody's own files, before anything is kept: in a sentence, pictures, labels, notes and what
was skipped and why."""

from __future__ import annotations

import streamlit as st

from app.show.records import rows
from vae.data.own.understand import Preview
from vae.text import _

FEW, LIST_PX = 200, 240  # skipped files that are listed, and the height of a list
ACROSS = 8  # pictures in a row


def summary(preview: Preview) -> None:
    """How many of what, and how they look."""
    n = len(preview.skipped)
    skipped = (
        _(
            " **{n:,} file{value} skipped**, each named below.",
            n=n,
            value="s were" if n > 1 else " was",
        )
        if n
        else ""
    )
    shape = "×".join(map(str, preview.shape))
    st.markdown(
        _(
            "**{n_train:,} samples** of {shape} {measured}, "
            "values {low:.4g} to {high:.4g}: {n_train_2:,} to train on, {n_test:,} to test. "
            "{n_bytes:.1f} MB.{skipped}",
            n_train=preview.n_train + preview.n_test,
            shape=shape,
            measured=preview.measured,
            low=preview.low,
            high=preview.high,
            n_train_2=preview.n_train,
            n_test=preview.n_test,
            n_bytes=preview.n_bytes / 1e6,
            skipped=skipped,
        )
    )
    rows(preview.pictures[:ACROSS], preview.pictures[ACROSS:])


def details(preview: Preview) -> None:
    """Labels and notes on the left, skipped files on the right."""
    left, right = st.columns(2) if preview.skipped else (st.container(), None)
    with left:
        if preview.labels:
            st.dataframe(
                {"label": list(preview.labels), "samples": list(preview.labels.values())},
                hide_index=True,
                height=min(LIST_PX, 38 + 35 * len(preview.labels)),
            )
        said = [*preview.notes] if preview.labels else [_("There are no labels."), *preview.notes]
        if preview.columns:
            said.append("Columns: " + ", ".join(preview.columns[:30]) + (" ..." if len(preview.columns) > 30 else ""))
        st.caption("  \n".join(note.replace("[", "\\[") for note in said))
    if right is None:
        return
    with right:
        st.markdown(_(":material/warning: Skipped files ({skipped:,})", skipped=len(preview.skipped)))
        with st.container(height=LIST_PX, border=True, key="own-skipped"):
            st.text("\n\n".join(f"{s.name}:\n{s.reason}" for s in preview.skipped[:FEW]))
        if len(preview.skipped) > FEW:
            st.caption(_("And {skipped:,} more.", skipped=len(preview.skipped) - FEW))
