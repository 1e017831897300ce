"""What this visitor may not do here, and the way to sign in."""

from __future__ import annotations

import streamlit as st

from app import session
from app.live import rights
from app.live.rights import Right
from app.show.literal import literal
from vae.text import _


def show(right: Right) -> bool:
    """Whether the visitor may do that. If not, a sentence says so, with a button where signing in may help."""
    if session.may(right):
        _signed_in()
        return True
    with st.container(horizontal=True, vertical_alignment="center", key=f"rights-{right.name.lower()}"):
        st.info(session.why_not(right), icon=":material/lock:")
        if "is_logged_in" in st.user and rights.sign_in_offered():  # only where an identity provider is set up
            _sign_in(right)
    return False


def _sign_in(right: Right) -> None:
    if not st.user.is_logged_in:
        st.button(_("Sign in"), on_click=st.login, icon=":material/login:", key=f"sign-in-{right.name.lower()}")
        return
    st.caption(_("Signed in as {name}, who has no further rights here.", name=literal(_name())))
    st.button(_("Sign out"), on_click=st.logout, type="tertiary", key=f"sign-out-{right.name.lower()}")


def _signed_in() -> None:
    if st.user.get("is_logged_in"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(_("Signed in as {name}.", name=literal(_name())))
            st.button(_("Sign out"), on_click=st.logout, type="tertiary", key="sign-out")


def _name() -> str:
    return str(st.user.get("email") or st.user.get("name") or _("a user without a name"))
