"""Widgets bound to a value stored elsewhere: when the value is sent to the browser, and when it must not be."""

from __future__ import annotations

from app.session import state

KEY = "zscope.name"


class Session(dict):
    """A session that notes what a run sets."""

    def __init__(self):
        super().__init__()
        self.put: list = []

    def __setitem__(self, key, value):
        super().__setitem__(key, value)
        self.put += [value] * (key == KEY)


def run(session: Session, *values: str) -> list:
    """What is sent in a run that draws the widget once with each value."""
    session.put.clear()
    state.new_run()
    for value in values:
        state.tied("name", value, lambda _value: None)
    return list(session.put)


def test_a_value_is_sent_where_it_changes_and_to_a_widget_that_is_new_in_the_browser(monkeypatch):
    session = Session()
    monkeypatch.setattr(state, "_state", lambda: session)
    assert run(session, "a") == ["a"]
    assert run(session, "a", "a") == []  # a second time, as in a fragment: it would undo what is being typed
    session[KEY] = "typed"
    assert run(session, "a") == ["a"]
    assert run(session) == []
    assert run(session, "a") == ["a"]  # the session still holds it; the browser's widget is a new one
    assert run(session, "a") == []
