"""What visitors may do, by how the server was started, what they send, and who they are."""

from __future__ import annotations

import pytest
from streamlit import config

from app import session
from app.live import rights
from app.live.rights import Right
from vae.errors import SettingError

HERE = {"Host": "localhost:8501", "Origin": "http://localhost:8501"}
ALICE = {"is_logged_in": True, "email": "Alice@Uni.example", "email_verified": True}


@pytest.fixture
def started(monkeypatch):
    """As `streamlit run app/main.py` starts it, with these settings."""
    monkeypatch.delenv(rights.PUBLIC, raising=False)
    monkeypatch.delenv(rights.USERS, raising=False)
    before = {}

    def put(mode="starlette-app", **options):
        monkeypatch.setattr(config, "_server_mode", mode)
        for name, value in {"server_address": "127.0.0.1", **options}.items():
            key = name.replace("_", ".", 1)
            before.setdefault(key, config.get_option(key))
            config.set_option(key, value)

    put()
    yield put
    for key, value in before.items():
        config.set_option(key, value)


@pytest.mark.parametrize(
    "headers",
    [
        HERE,
        {"Host": "127.0.0.1:8501", "Origin": "http://127.0.0.1:8501"},
        {"Host": "[::1]:8501", "Origin": "http://[::1]:8501"},
        {"host": "localhost", "origin": "http://localhost"},
        {"Host": "localhost:8501"},
    ],
)
def test_on_this_machine_alone_everything_is_allowed(started, headers):
    assert rights.of(headers, {}) is Right.MANAGE


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "zscope.example", "Origin": "https://zscope.example"},
        {"Host": "localhost:8501", "Origin": "https://zscope.example"},  # a proxy that renames the host
        {"Host": "localhost:8501", "Origin": "http://localhost:9000"},  # a page of another server on this machine
        {"Host": "localhost.evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {**HERE, "X-Forwarded-For": "127.0.0.1"},
        {**HERE, "x-forwarded-proto": "https"},
        {**HERE, "X-Real-IP": "127.0.0.1"},
        {**HERE, "Forwarded": "for=127.0.0.1"},
        {**HERE, "Via": "1.1 proxy"},
        {},
    ],
)
def test_what_came_through_a_proxy_only_explores(started, headers):
    assert rights.of(headers, {}) is Right.EXPLORE


@pytest.mark.parametrize(
    "settings",
    [
        {"server_address": "0.0.0.0"},
        {"server_address": ""},
        {"server_address": "10.0.0.7"},
        {"server_baseUrlPath": "zscope"},
        {"server_allowedHosts": ["zscope.example"]},
        {"server_corsAllowedOrigins": ["https://zscope.example"]},
        {"server_enableCORS": False},
        {"browser_serverAddress": "zscope.example"},
        {"mode": "asgi-server"},  # uvicorn app.main:app, which binds as it likes
        {"mode": None},
    ],
)
def test_bound_wider_or_behind_a_proxy_headers_prove_nothing(started, settings):
    started(**settings)
    assert rights.of(HERE, {}) is Right.EXPLORE


@pytest.mark.parametrize(
    ("given", "right"), [("explore", Right.EXPLORE), ("Train ", Right.TRAIN), ("manage", Right.MANAGE)]
)
def test_zscope_public_holds_for_everybody_also_on_this_machine(started, monkeypatch, given, right):
    monkeypatch.setenv(rights.PUBLIC, given)
    assert rights.of(HERE, {}) is right
    assert rights.of({"Host": "zscope.example"}, {}) is right


def test_a_wrong_value_is_said(started, monkeypatch):
    monkeypatch.setenv(rights.PUBLIC, "admin")
    with pytest.raises(SettingError, match="ZSCOPE_PUBLIC='admin': expected one of explore, train, manage"):
        rights.of(HERE, {})


@pytest.mark.parametrize(
    ("users", "user", "right"),
    [
        ("alice@uni.example", ALICE, Right.MANAGE),
        ("bob@x.example, *@uni.example", ALICE, Right.MANAGE),
        ("bob@x.example", ALICE, Right.EXPLORE),
        ("", ALICE, Right.EXPLORE),
        ("alice@uni.example", ALICE | {"email_verified": False}, Right.EXPLORE),
        ("alice@uni.example", {"is_logged_in": True, "email": "alice@uni.example"}, Right.EXPLORE),
        ("alice@uni.example", ALICE | {"is_logged_in": False}, Right.EXPLORE),
        ("*@uni.example", ALICE | {"email": "alice@uni.example.evil.example"}, Right.EXPLORE),
        ("*@uni.example", ALICE | {"email": None}, Right.EXPLORE),
    ],
)
def test_who_signed_in_and_is_listed_may_do_everything(started, monkeypatch, users, user, right):
    monkeypatch.setenv(rights.PUBLIC, "explore")
    monkeypatch.setenv(rights.USERS, users)
    assert rights.of({"Host": "zscope.example"}, user) is right


def test_a_proxy_that_signs_people_in_is_believed_only_where_it_is_set(started, monkeypatch):
    monkeypatch.setenv(rights.USERS, "alice@uni.example")
    started(server_address="0.0.0.0")
    user = {"email": "alice@uni.example"}
    assert rights.of(HERE, user) is Right.EXPLORE
    started(server_address="0.0.0.0", server_trustedUserHeaders={"X-Email": "email"})
    assert rights.of(HERE, user) is Right.MANAGE


def test_an_action_asks_for_its_right_however_its_button_was_reached(monkeypatch):
    monkeypatch.setenv(rights.PUBLIC, "explore")
    with pytest.raises(SettingError, match="can explore its models, but not train"):
        session.required(Right.TRAIN)
    monkeypatch.setenv(rights.PUBLIC, "train")
    session.required(Right.TRAIN)
    with pytest.raises(SettingError, match="cannot change its models"):
        session.required(Right.MANAGE)


def test_a_user_without_an_address_is_said(monkeypatch):
    monkeypatch.setenv(rights.USERS, "ada@uni.example, not an email,")
    with pytest.raises(SettingError, match="ZSCOPE_USERS: 'not an email' is no e-mail address"):
        rights.users()
