"""Who is let in: the hosts, origins and tokens, by attacks on each."""

from __future__ import annotations

import warnings

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.websockets import WebSocketDisconnect
from streamlit import config
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string

from app.live import access, channel, doors, page
from app.live.requests import Refused
from vae.errors import SettingError

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "Using `httpx` with")
    from starlette.testclient import TestClient

MINE, OTHERS = (generate_xsrf_token_string(bytes([n] * 16), 1) for n in (1, 2))
PAGES = [
    "/asset/tiny-vae/map.bin", "/asset/tiny-vae/thumbnails.webp", "/asset/tiny-vae/trust.png",
    "/asset/tiny-vae/view/pca", "/asset/tiny-vae/column/trust", "/asset/nope/map.bin", "/frames/run/x/index.json",
]  # fmt: skip


@pytest.fixture
def options():
    """Sets Streamlit's settings, until the test ends."""
    before = {}

    def put(**given):
        for name, value in given.items():
            key = f"server.{name}"
            before.setdefault(key, config.get_option(key))
            config.set_option(key, value)

    yield put
    for key, value in before.items():
        config.set_option(key, value)


def app(cookie: str = "", host: str = "localhost", token: str | None = None) -> TestClient:
    served = Starlette(routes=channel.routes(), middleware=[Middleware(doors.Doors)])
    headers = {"host": host} | ({access.HEADER: token} if token else {})
    return TestClient(served, base_url=f"http://{host}", headers=headers, cookies={"_streamlit_xsrf": cookie})


# ---------------------------------------------------------------- tokens


@pytest.mark.parametrize("page", PAGES)
def test_nothing_of_a_checkpoint_is_given_without_a_token(tiny_checkpoint, page):
    answer = app(MINE).get(page)
    assert answer.status_code == 401
    assert "tiny" not in answer.text  # nor which checkpoints there are
    assert answer.headers["cache-control"] == "no-store"


def test_a_token_opens_the_assets_and_the_channel_for_its_own_browser(tiny_checkpoint):
    token = app(MINE).post("/token").json()["token"]
    assert app(MINE, token=token).get(PAGES[0]).status_code == 200
    assert app(OTHERS, token=token).get(PAGES[0]).status_code == 401
    assert app("", token=token).get(PAGES[0]).status_code == 401
    for cookie, code in ((OTHERS, 4401), ("", 4401)):
        with app(cookie).websocket_connect(f"/live/tiny-vae?token={token}") as socket:
            with pytest.raises(WebSocketDisconnect) as closed:
                socket.receive_bytes()
            assert closed.value.code == code


def test_the_cookie_is_masked_anew_each_time_and_stays_the_same_browser():
    again = generate_xsrf_token_string(bytes([1] * 16), 1)
    assert again != MINE
    assert access.browser_of({"_streamlit_xsrf": again}) == access.browser_of({"_streamlit_xsrf": MINE}) != ""
    assert access.browser_of({"_streamlit_xsrf": "2|zz|zz|1"}) == access.browser_of({}) == ""


def test_a_token_belongs_to_its_checkpoints(monkeypatch, tmp_path):
    made = access.token("b")
    access.check_token(made, "b")
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path))
    with pytest.raises(Refused, match="other checkpoints"):
        access.check_token(made, "b")


@pytest.mark.parametrize("given", [None, "", "x", "a.b.c"])
def test_what_is_no_token(given):
    with pytest.raises(Refused, match="token") as refused:
        access.check_token(given, "b")
    assert refused.value.code == 4401


def test_a_forged_token():
    payload, stamp, signature = access.token("b").rsplit(".", 2)
    for forged in (f"{payload}x.{stamp}.{signature}", f"{payload}.{stamp}.{signature[::-1]}"):
        with pytest.raises(Refused, match="not valid"):
            access.check_token(forged, "b")


def test_an_expired_token(monkeypatch):
    now = access.time.time()
    monkeypatch.setattr(access.time, "time", lambda: now - access.TOKEN_AGE_S - 2 * access.TOKEN_STEP_S)
    old = access.token("b")
    monkeypatch.undo()
    with pytest.raises(Refused, match="expired"):
        access.check_token(old, "b")


def test_a_browser_keeps_its_token_for_a_while(monkeypatch):
    monkeypatch.setattr(access.time, "time", lambda: 600_000.0)
    first = access.token("a")
    monkeypatch.setattr(access.time, "time", lambda: 600_000.0 + access.TOKEN_STEP_S - 1)
    assert access.token("a") == first
    assert access.token("b") != first


def test_processes_with_the_same_secret_take_each_others_tokens(monkeypatch):
    monkeypatch.setenv(access.SECRET, "a" * 32)
    made = access.token("b")
    monkeypatch.setattr(access, "_random", lambda: b"another process")
    access.check_token(made, "b")
    monkeypatch.setenv(access.SECRET, "b" * 32)
    with pytest.raises(Refused, match="not valid"):
        access.check_token(made, "b")


def test_a_short_secret_is_none(monkeypatch):
    monkeypatch.setenv(access.SECRET, "hunter2")
    with pytest.raises(SettingError, match="7 characters; expected at least 16"):
        access.key()


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:81"])
def test_pages_of_other_sites_get_no_token(origin):
    answer = app(MINE).post("/token", headers={"origin": origin})
    assert answer.status_code == 403
    assert "foreign origin" in answer.text
    assert app(MINE).post("/token", headers={"origin": "http://localhost"}).status_code == 200
    assert app(MINE).get("/token").status_code == 405  # as a link or a picture would


# ---------------------------------------------------------------- hosts


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8501", "[::1]:8501", "10.0.0.7", "a.localhost"])
def test_addresses_and_names_of_this_machine_are_served(host):
    assert access.host_served(host)


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "", None, "[::"])
def test_no_other_name_is_so_that_none_can_be_pointed_here(host):
    assert not access.host_served(host)


def test_allowed_hosts_are_those_and_no_others(options):
    options(allowedHosts=["zscope.example", "*.uni.example"])
    assert access.host_served("zscope.example")
    assert access.host_served("lab.uni.example:443")
    assert not access.host_served("localhost")


def test_a_host_that_is_not_served_is_told_what_to_set(tiny_checkpoint):
    answer = app(host="evil.example").get("/browser/shared/zscope.js")
    assert answer.status_code == 421
    assert "server.allowedHosts" in answer.text
    with pytest.raises(WebSocketDisconnect) as closed, app(host="evil.example").websocket_connect("/live/tiny-vae"):
        pass
    assert closed.value.code == 4403


# ---------------------------------------------------------------- a path prefix


def test_under_a_prefix_our_routes_have_it_and_leave_the_rest_alone(options):
    options(baseUrlPath="/a/zscope/")
    rest = Starlette(routes=channel.routes())
    client = TestClient(rest, headers={access.HEADER: access.token("")})
    assert client.get("/a/zscope/browser/shared/zscope.js").status_code == 200
    assert client.get("/browser/shared/zscope.js").status_code == 404
    ours = {"live", "token", "browser", "frames", "asset", *page.PAGES}
    assert {tuple(route.path.split("/")[1:4]) for route in channel.routes()} == {("a", "zscope", name) for name in ours}


def test_explore_by_its_name_leads_to_the_root(tiny_checkpoint):
    answer = app().get("/explore?model=tiny-vae&p=r3", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, "./?model=tiny-vae&p=r3")


@pytest.mark.parametrize("prefix", ["", "/lab"])
def test_a_page_opened_by_its_address_knows_where_the_server_is(options, prefix):
    options(baseUrlPath=prefix)
    answer = app().get(f"{prefix}/train?model=tiny-vae")
    assert answer.status_code == 200
    assert answer.text.index("BACKEND_BASE_URL") < answer.text.index("index.")  # before Streamlit's own script


# ---------------------------------------------------------------- frames and uploads


def test_pages_of_other_origins_cannot_show_ours_in_a_frame(options):
    assert app().get("/browser/shared/zscope.js").headers["content-security-policy"] == "frame-ancestors 'self'"
    options(corsAllowedOrigins=["https://lms.example"])
    said = app().get("/browser/shared/zscope.js").headers["content-security-policy"]
    assert said == "frame-ancestors 'self' https://lms.example"


def uploads(monkeypatch, right: str):
    """Sends an upload of so many bytes, of which none are sent, and gives the status and the text."""
    monkeypatch.setenv("ZSCOPE_PUBLIC", right)

    async def taken(request):
        return PlainTextResponse("taken", 204)

    kept = Starlette(
        routes=[Route("/_stcore/upload_file/{session}/{file}", taken, methods=["PUT"])],
        middleware=[Middleware(doors.Doors)],
    )
    client = TestClient(kept, base_url="http://localhost", headers={"host": "localhost"})

    def send(n_bytes, session="s"):
        answer = client.put(f"/_stcore/upload_file/{session}/f", headers={"content-length": str(n_bytes)})
        return answer.status_code, answer.text

    return send


def test_those_who_may_only_explore_upload_little(monkeypatch):
    send = uploads(monkeypatch, "explore")
    assert send(30_000_000) == (413, "Visitors of this server can upload files of up to 25.0 MB.")
    assert [send(20_000_000)[0] for _ in range(4)] == [204, 204, 204, 413]
    assert "Try again later" in send(20_000_000)[1]
    assert send(20_000_000, "another")[0] == 204
    codes = [send(20_000_000, f"s{k}")[0] for k in range(40)]
    assert codes.count(204) == 26  # 600 MB in all, of any number of sessions
    monkeypatch.setattr(doors, "WINDOW_S", -1.0)
    assert send(20_000_000)[0] == 204


def test_those_who_may_train_upload_their_data(monkeypatch):
    assert uploads(monkeypatch, "train")(400_000_000)[0] == 204
