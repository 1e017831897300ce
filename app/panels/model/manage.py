"""Keep and share: the model as a ZIP, a note on it, another name, its end; and one taken in from a ZIP."""

from __future__ import annotations

import streamlit as st

from app import session
from app.show.records import provenance as show_provenance
from vae.engine.engine import Engine
from vae.errors import ZscopeError
from vae.library import manage, packing
from vae.saved import names
from vae.text import N_, _

UPLOAD_MB = 1000
NOTE = N_("What it is for; kept as soon as the field is left")
FAR = N_("Only a browser on the machine that serves the app may change what is kept.")


def show(engine: Engine) -> None:
    """engine: the model in use."""
    name, shipped = engine.name, engine.name in names.shipped()
    here = session.local()
    why = None if here and not shipped else FAR if not here else _("It comes with zscope, and stays as it is.")
    if said := session.take("keep.said"):
        st.toast(said, icon=":material/check:")
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("##### Keep and share")
        _keep(engine, name, here, why)
    with right:
        st.markdown("##### Take a model in")
        _take_in(here)


def _keep(engine: Engine, name: str, here: bool, why: str | None) -> None:
    st.caption(_("{size}{value}.", size=_size(name), value=f", in {engine.path}" if here else ""))
    with st.container(horizontal=True):
        pack = lambda: packing.pack(name)  # noqa: E731
        st.download_button(
            _("Download as ZIP"), pack, f"{name}.zip", "application/zip", on_click="ignore", key="keep.zip"
        )
        with st.popover(_("Rename"), disabled=bool(why), help=why):
            new = st.text_input(_("New name"), name, key=f"keep.new.{name}")
            if st.button(_("Rename it"), key="keep.rename", disabled=new == name):
                _done(lambda: manage.rename(name, new), new)
        with st.popover(_("Delete"), icon=":material/delete:", disabled=bool(why), help=why):
            st.markdown(_("Delete **{name}**, {size}? It cannot be undone.", name=name, size=_size(name)))
            other = session.some_other_model()
            if st.button(_("Delete it"), type="primary", key="keep.delete"):
                _done(lambda: manage.delete(name), other)
    _note(engine, why)


def imported(engine: Engine) -> None:
    """The whole page of a decoder that was imported: what it is, and why the rest is missing."""
    card = engine.card
    st.markdown(f"### {card['name']} :gray[imported decoder]")
    st.caption(
        _(
            "{data_origin} · {n_data:,} latents of {d} dimensions",
            data_origin=card["data_origin"],
            n_data=card["spec"]["n_data"],
            d=engine.d,
        )
    )
    st.info(
        _(
            "There is no encoder, so there are no reconstructions, no bound and no posterior. Trust tells how many of the "
            "latents lie where you point: whether a picture would come back cannot be measured."
        ),
        icon=":material/info:",
    )
    show_provenance(card)
    show(engine)


def _size(name: str) -> str:
    return _("{n_bytes:.1f} MB on the disk", n_bytes=manage.n_bytes(name) / 1e6)


def _note(engine: Engine, why: str | None) -> None:
    kept = str(engine.card.get("note", ""))
    if why:
        if kept:
            st.text(kept)
        return
    key = f"keep.note.{engine.name}"
    text = st.text_area(_("Note"), kept, key=key, max_chars=manage.NOTE_MAX, height=90, placeholder=NOTE)
    if text.strip() != kept:

        def note() -> None:
            manage.annotate(engine.name, text)
            session.put("keep.said", _("The note is kept.") if text.strip() else _("The note is gone."))

        _done(note, engine.name)


def _take_in(here: bool) -> None:
    """A ZIP of a model, from a browser on this machine; one with a decoder of its own is code, and is refused."""
    turn = session.held("keep.turn") or 0  # once a model was taken in, the field is a new one, and empty
    file = st.file_uploader(
        _("A ZIP that was downloaded here or elsewhere"), "zip", max_upload_size=UPLOAD_MB, disabled=not here,
        key=f"keep.upload.{turn}", help=None if here else FAR,
    )  # fmt: skip
    if file is None or not here:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input(_("Under another name"), key=f"keep.as.{turn}", placeholder=_("as it is called"))
        pressed = st.button(_("Verify and keep"), type="primary", key="keep.take")
    if pressed:
        taken: list[str] = []

        def take() -> None:
            taken.append(packing.unpack(file, name.strip()).config["name"])
            session.put("keep.said", _("Verified, and kept as {taken}.", taken=taken[-1]))
            session.put("keep.turn", turn + 1)

        _done(take, taken)


def _done(act, opens: str | list[str] | None) -> None:
    """Do it, then show the model of that name; or say why not."""
    try:
        act()
        name = opens[-1] if isinstance(opens, list) else opens
        if name:
            session.leave_for(name)
    except ZscopeError as error:
        st.error(str(error), icon=":material/error:")
        return
    st.rerun()
