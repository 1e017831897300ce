"""What is still being computed has words in its place."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def page():
    import streamlit as st

    from app.show.waiting import later

    place = later("Drawing")
    if st.session_state.get("there"):
        with place.container():
            st.markdown("drawn")


def test_words_stand_where_something_is_still_to_come():
    at = AppTest.from_function(page).run()
    assert [one.value for one in at.caption] == [":material/hourglass_empty: Drawing"]
    at.session_state["there"] = True
    at.run()
    assert not at.caption
    assert [one.value for one in at.markdown] == ["drawn"]
