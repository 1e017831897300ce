"""Manage a model: download it as a ZIP, rename it, delete it, add a note; and import one from a ZIP."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app import session
from app.live.rights import Right
from app.panels import rights_notice
from app.show import records
from app.show.literal import literal
from vae.engine.engine import Engine
from vae.errors import ZscopeError
from vae.library import manage, packing
from vae.saved import names
from vae.text import N_, _, ngettext, number, size

UPLOAD_MB = 1000
NOTE = N_("What the model is for; saved when you leave the field")
SHIPPED = N_("This model comes with zscope and cannot be changed.")


def show(engine: Engine) -> None:
    """engine: the model in use."""
    name, shipped = engine.name, engine.name in names.shipped()
    here = session.may(Right.MANAGE)
    why = session.why_not(Right.MANAGE) or (_(SHIPPED) if shipped else None)
    if said := session.take("keep.said"):
        st.toast(literal(said), icon=":material/check:")
    rights_notice.show(Right.MANAGE)
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("##### " + _("Manage this model"))
        _manage(engine, name, here, why)
    with right:
        st.markdown("##### " + _("Import a model"))
        _import(here)
    records.unreadable(session.unreadable())


def _manage(engine: Engine, name: str, here: bool, why: str | None) -> None:
    size_on_disk = size(manage.n_bytes(name))
    st.caption(_("{size} in {folder}", size=size_on_disk, folder=literal(engine.path)) if here else size_on_disk)
    with st.container(horizontal=True):
        pack = lambda: packing.pack(name)  # noqa: E731
        st.download_button(
            _("Download as ZIP"), pack, f"{name}.zip", "application/zip", on_click="ignore", key="keep.zip"
        )
        with st.popover(_("Rename"), disabled=bool(why), help=why, key=f"keep.renames.{name}"):
            new = st.text_input(_("New name"), name, key=f"keep.new.{name}")
            if st.button(_("Rename"), key="keep.rename", disabled=new == name):
                _done(lambda: manage.rename(name, new), new)
        with st.popover(
            _("Delete"), icon=":material/delete:", disabled=bool(why), help=why, key=f"keep.deletes.{name}"
        ):
            st.markdown(_("Delete **{name}** ({size})? This cannot be undone.", name=literal(name), size=size_on_disk))
            other = session.some_other_model()
            if st.button(_("Delete"), type="primary", key=f"keep.delete.{name}"):
                _done(lambda: manage.delete(name), other)
    _note(engine, why)


def page_of(engine: Engine) -> Callable[[Engine], None] | None:
    """What shows a model that is of no family; None for one that is."""
    return attached if "attached" in engine.traits else None if engine.can_encode else imported


def imported(engine: Engine) -> None:
    """The page of an imported decoder: what it is, and why the rest is missing."""
    card = engine.card
    kind = _("imported decoder")
    st.markdown(f"### {literal(card['name'])} :gray[{kind}]")
    latents = ngettext(
        "{origin} · {n} latent of {d} dimensions",
        "{origin} · {n} latents of {d} dimensions",
        card["spec"]["n_data"],
        origin=literal(card["data_origin"]),
        d=number(engine.d),
    )
    st.caption(latents)
    st.info(
        _(
            "An imported decoder has no encoder, so there are no reconstructions, no ELBO and no posterior. Its trust "
            "is the share of the imported latents near a point; whether a picture would come back cannot be measured."
        ),
        icon=":material/info:",
    )
    records.equal_latents(engine.atlas)
    records.provenance(card)
    show(engine)


def attached(engine: Engine) -> None:
    """The page of a model that stays in another program."""
    card = engine.card
    kind = _("your model, in the program that holds it")
    st.markdown(f"### {literal(card['name'])} :gray[{kind}]")
    on_the_map = ngettext("{n} sample on the map", "{n} samples on the map", engine.atlas.n)
    st.caption(f"{on_the_map} · d {engine.d}")
    st.info(
        _(
            "Opened with vae.explore: what you touch is decoded by that program, and nothing of the model is stored "
            "here. Bounds, reconstructions of a test set and training need a model that zscope has trained or imported."
        ),
        icon=":material/info:",
    )
    records.equal_latents(engine.atlas)


def _note(engine: Engine, why: str | None) -> None:
    saved = str(engine.card.get("note", ""))
    if why:
        if saved:
            st.text(saved)
        return
    key = f"keep.note.{engine.name}"
    text = st.text_area(_("Note"), saved, key=key, max_chars=manage.NOTE_MAX, height=90, placeholder=_(NOTE))
    if text.strip() != saved:

        def note() -> None:
            manage.annotate(engine.name, text)
            session.put("keep.said", _("Note saved.") if text.strip() else _("Note deleted."))

        _done(note, engine.name)


def _import(here: bool) -> None:
    """Import a ZIP. A ZIP of an imported decoder holds code and is refused."""
    turn = session.held("keep.turn") or 0  # a new key after each import empties the field
    file = st.file_uploader(
        _("A model ZIP from zscope"), "zip", max_upload_size=UPLOAD_MB, disabled=not here,
        key=f"keep.upload.{turn}", help=session.why_not(Right.MANAGE) or None,
    )  # fmt: skip
    if file is None or not here:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input(_("Name"), key=f"keep.as.{turn}", placeholder=_("the name in the ZIP"))
        pressed = st.button(_("Verify and import"), type="primary", key="keep.take")
    if pressed:
        imported: list[str] = []

        def take() -> None:
            imported.append(packing.unpack(file, name.strip()).config["name"])
            session.put("keep.said", _("The files are intact; imported as {name}.", name=imported[-1]))
            session.put("keep.turn", turn + 1)

        _done(take, imported)


def _done(act, opens: str | list[str] | None) -> None:
    """Do it, then open the model of that name; or show the error."""
    try:
        session.required(Right.MANAGE)
        act()
        name = opens[-1] if isinstance(opens, list) else opens
        if name:
            session.leave_for(name)
    except ZscopeError as error:
        st.error(literal(error, code=True), icon=":material/error:")
        return
    st.rerun()
