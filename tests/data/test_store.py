"""The store: places in order, verification, download with resume and mirrors, and what it says when all fails."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import multiprocessing
import re
import resource
import threading
import time
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vae.data.published import idx, store
from vae.data.published.store import File, Source
from vae.errors import DataCorrupt, DataNotFound, SaveError
from vae.text import number

PAYLOAD = np.random.RandomState(0).bytes(300_000)  # does not compress, so that a cut .gz is cut in its middle
PACKED = gzip.compress(PAYLOAD, mtime=848331386)
FILE = File("thing-ubyte.gz", len(PACKED), len(PAYLOAD), hashlib.sha256(PAYLOAD).hexdigest())
CLOSED = "http://127.0.0.1:9/"  # the discard port: nothing listens


def source(*mirrors: str) -> Source:
    return Source("toy_set", "Toy set", (FILE,), mirrors or (CLOSED,), ("toy_set", "Toy"), debian="dataset-toy")


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch) -> Path:
    """An empty cache, no data folders, no system data, and no proxy between the test and its server."""
    monkeypatch.setenv("ZSCOPE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ZSCOPE_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(store, "SYSTEM", tmp_path / "system")
    return tmp_path


def put(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


class Server:
    """A small HTTP server on the loopback.

    cut: end the first answer after so many body bytes; once: then only HTTP 503; ranges: support resume.
    """

    def __init__(
        self,
        body: bytes = PACKED,
        *,
        status: int = 200,
        ranges: bool = True,
        cut: int = 0,
        slow_s: float = 0,
        once: bool = False,
    ):
        self.seen: list[str | None] = []  # the Range header of each request
        self.sent = 0
        self.closing = threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked = self.headers.get("Range")
                outer.seen.append(asked)
                if outer.closing.wait(slow_s):
                    return  # the test is over
                start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1]) if asked and ranges else 0
                error = 503 if once and len(outer.seen) > 1 else 416 if start >= len(body) else None
                if error:
                    self.send_response(error)
                    self.end_headers()
                    return
                self.send_response(206 if start and status == 200 else status)
                if start:
                    self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
                self.send_header("Content-Length", str(len(body) - start))
                self.end_headers()
                part = body[start : start + cut] if cut and len(outer.seen) == 1 else body[start:]
                outer.sent += len(part)  # counted first: the client may be done before write returns
                self.wfile.write(part)

            def log_message(self, *args):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/"

    def __enter__(self):
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,))
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.closing.set()
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


# ---------------------------------------------------------------- places


def test_places_are_searched_in_order(home, monkeypatch):
    monkeypatch.setenv("ZSCOPE_DATA", f"{home / 'a'}:{home / 'Toy'}")
    folders = [place.folder for place in store.places(source())]
    expected = ["a/toy_set", "a/Toy", "Toy/toy_set", "Toy/Toy", "Toy", "cache/toy_set", "system/toy-set"]
    assert folders == [home / folder for folder in expected]
    for folder in reversed(folders):  # each beats all that come later
        put(folder / FILE.name, PACKED)
        assert store.find(source()) == {FILE.name: PAYLOAD}
        assert next(f for f in folders if store._plausible(f, FILE)) == folder


def test_the_first_of_two_data_folders_is_read(home, monkeypatch):
    other = b"other" * 10
    file = File("a.bin", 50, 50, hashlib.sha256(other).hexdigest())
    put(home / "one/toy_set/a.bin", other)
    put(home / "two/toy_set/a.bin", b"x" * 50)
    monkeypatch.setenv("ZSCOPE_DATA", f"{home / 'one'}:{home / 'two'}")
    assert store.find(replace(source(), files=(file,))) == {"a.bin": other}


@pytest.mark.parametrize(
    ("name", "data"),
    [(FILE.name, gzip.compress(PAYLOAD, 1, mtime=0)), ("thing-ubyte", PAYLOAD)],
    ids=["repacked", "unpacked"],
)
def test_the_same_payload_in_another_wrapping_is_accepted(home, name, data):
    assert data != PACKED
    put(home / "system/toy-set" / name, data)
    assert store.find(source()) == {FILE.name: PAYLOAD}


EDITED = {
    "edited": gzip.compress(b"!" + PAYLOAD[1:]),
    "longer": gzip.compress(PAYLOAD + b"!"),
    "truncated": PACKED[:-5000],
    "not gzip": b"<html>please log in</html>",
    "empty": b"",
}


@pytest.mark.parametrize("data", EDITED.values(), ids=EDITED)
def test_a_wrong_file_is_refused_noted_and_passed_over(home, monkeypatch, caplog, data):
    monkeypatch.setenv("ZSCOPE_DATA", str(home / "mine"))
    wrong = put(home / "mine/toy_set" / FILE.name, data)
    with pytest.raises(DataCorrupt, match=re.escape(str(wrong))):
        store.payload(wrong, FILE)
    with pytest.raises(DataNotFound, match=re.escape(str(wrong))):  # nowhere else: named in the final message
        store.find(source())
    put(home / "system/toy-set" / FILE.name, PACKED)
    caplog.clear()
    assert store.find(source()) == {FILE.name: PAYLOAD}
    assert str(wrong) in caplog.text
    assert wrong.read_bytes() == data  # a user's file is never touched


def test_a_packed_bomb_is_not_unpacked(home):
    bomb = put(home / "bomb.gz", gzip.compress(bytes(50_000_000)))
    tracemalloc.start()
    with pytest.raises(DataCorrupt, match=f"more than {number(len(PAYLOAD))} bytes"):
        store.payload(bomb, FILE)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


def test_a_folder_in_place_of_the_file_is_passed_over(home):
    (home / "cache/toy_set" / FILE.name).mkdir(parents=True)
    put(home / "system/toy-set" / FILE.name, PACKED)
    assert store.find(source()) == {FILE.name: PAYLOAD}


# ---------------------------------------------------------------- download


def test_download_reports_progress_and_is_kept(home):
    seen = []
    with Server() as server:
        assert store.find(source(server.url), lambda *step: seen.append(step)) == {FILE.name: PAYLOAD}
        assert store.find(source(server.url)) == {FILE.name: PAYLOAD}
        assert server.seen == [None]  # the second time from the cache
    assert seen[-1] == (FILE.name, len(PACKED), len(PACKED))
    assert [done for _, done, _ in seen] == sorted({done for _, done, _ in seen})
    assert (home / "cache/toy_set" / FILE.name).read_bytes() == PACKED
    assert not list(home.rglob("*.partial"))


def test_download_resumes_where_it_was_cut(home):
    put(home / "cache/toy_set" / f"{FILE.name}.partial", PACKED[:100_000])
    with Server() as server:
        assert store.find(source(server.url)) == {FILE.name: PAYLOAD}
        assert server.seen == ["bytes=100000-"]
        assert server.sent == len(PACKED) - 100_000


def test_download_that_breaks_off_goes_on_by_itself(home):
    with Server(cut=150_000) as server:
        assert store.find(source(server.url)) == {FILE.name: PAYLOAD}
        assert server.seen[0] is None
        assert re.fullmatch(r"bytes=1[0-5]\d{4}-", server.seen[1])
        assert server.sent < len(PACKED) + 60_000  # at most a chunk is fetched twice


def test_what_arrived_is_kept_for_the_next_run(home):
    with (
        Server(cut=150_000, once=True) as server,
        pytest.raises(DataNotFound, match=r"HTTP 503(.|\n)*1\d\d kB of .* are downloaded already"),
    ):
        store.find(source(server.url))
    kept = (home / "cache/toy_set" / f"{FILE.name}.partial").read_bytes()
    assert 100_000 < len(kept) <= 150_000
    assert PACKED.startswith(kept)
    with Server() as server:
        assert store.find(source(server.url)) == {FILE.name: PAYLOAD}
        assert server.seen == [f"bytes={len(kept)}-"]


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("rest", [b"z" * 1000, b"z" * (len(PACKED) + 10), PACKED], ids=["wrong", "too long", "whole"])
def test_a_strange_partial_file_does_no_harm(home, ranges, rest):
    put(home / "cache/toy_set" / f"{FILE.name}.partial", rest)
    with Server(ranges=ranges) as server:
        assert store.find(source(server.url)) == {FILE.name: PAYLOAD}
        assert len(server.seen) <= (2 if ranges else 1)


def test_a_corrupt_cache_file_is_fetched_again(home, caplog):
    cached = put(home / "cache/toy_set" / FILE.name, PACKED[:1000])
    with pytest.raises(DataNotFound, match=re.escape(str(cached))):
        store.find(source())
    with Server() as server:
        assert store.find(source(server.url)) == {FILE.name: PAYLOAD}
    assert cached.read_bytes() == PACKED


def test_mirrors_stand_in_for_each_other(home):
    with (
        Server(status=404) as gone,
        Server(EDITED["edited"]) as edited,
        Server(b"<html>log in</html>") as portal,
        Server(PACKED[:-100]) as short,
        Server(bytes(10 * len(PACKED))) as endless,
        Server() as good,
    ):
        urls = [server.url for server in (gone, edited, portal, short, endless, good)]
        steps = []
        assert store.find(source(CLOSED, *urls), lambda *step: steps.append(step[1])) == {FILE.name: PAYLOAD}
        assert max(steps) < 2.5 * len(PACKED)  # the endless one was stopped
        assert good.seen == [None]  # nothing of the wrong ones was built upon
        with pytest.raises(DataNotFound) as caught:
            store.find(replace(source(CLOSED, *urls[:-1]), dataset="toy_two"))
    text = str(caught.value)
    assert "Connection refused" in text
    assert "HTTP 404" in text
    assert text.count("SHA-256 differs") == 4


def test_a_slow_mirror_gets_a_rival(home, monkeypatch):
    monkeypatch.setattr("vae.data.published.download.STAGGER_S", 0.1)
    with Server(slow_s=20) as slow, Server() as quick:
        start = time.monotonic()
        assert store.find(source(slow.url, quick.url)) == {FILE.name: PAYLOAD}
        assert time.monotonic() - start < 5
        assert slow.seen == quick.seen == [None]


def test_silent_mirrors_are_given_up(home, monkeypatch):
    monkeypatch.setattr("vae.data.published.download.STAGGER_S", 0.1)
    monkeypatch.setattr("vae.data.published.download.ANSWER_S", 0.4)
    with Server(slow_s=20) as silent:
        start = time.monotonic()
        with pytest.raises(DataNotFound, match=r"no answer within 0\.4 s"):
            store.find(source(silent.url, silent.url))
        assert time.monotonic() - start < 5


def _find_in_a_process(url: str, start, results) -> None:
    start.wait()
    results.put(store.find(source(url)) == {FILE.name: PAYLOAD})


def test_two_processes_download_at_once(home):
    context = multiprocessing.get_context("fork")
    start, results, server = context.Event(), context.SimpleQueue(), Server(slow_s=0.2)
    workers = [context.Process(target=_find_in_a_process, args=(server.url, start, results)) for _ in range(3)]
    for worker in workers:
        worker.start()
    with server:  # its thread starts after the forks
        start.set()
        assert [results.get() for _ in workers] == [True] * 3
        for worker in workers:
            worker.join()
        assert server.seen == [None]  # one fetched, the others took its result
    assert (home / "cache/toy_set" / FILE.name).read_bytes() == PACKED


# ---------------------------------------------------------------- when it fails


def test_full_disk_keeps_what_arrived(home):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with Server() as server:
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))  # writing on fails as on a full disk
            with pytest.raises(SaveError, match=r"200 kB of 300 kB are stored .*ZSCOPE_CACHE"):
                store.find(source(server.url))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert store.find(source(server.url)) == {FILE.name: PAYLOAD}
        assert server.seen[1] == "bytes=200000-"


def test_cache_that_cannot_be_written(home, monkeypatch):
    put(home / "file", b"")
    monkeypatch.setenv("ZSCOPE_CACHE", str(home / "file/cache"))
    with pytest.raises(SaveError, match="ZSCOPE_CACHE"):
        store.find(source())


def test_offline_message_tells_everything(home, monkeypatch):
    monkeypatch.setenv("ZSCOPE_DATA", str(home / "mine"))
    wrong = put(home / "mine/toy_set" / FILE.name, EDITED["edited"])
    (home / "cache/toy_set").mkdir(parents=True)
    start = time.monotonic()
    with pytest.raises(DataNotFound) as caught:
        store.find(source(CLOSED, "http://127.0.0.1:1/deep/"))
    assert time.monotonic() - start < 5
    text = str(caught.value)
    for part in (
        "Toy set (toy_set)",
        f"ZSCOPE_DATA: {wrong}: not the published bytes",
        f"ZSCOPE_DATA: {home / 'mine/Toy'}: no such folder",
        f"cache: {home / 'cache/toy_set'}: files not found",
        f"system: {home / 'system/toy-set'}: no such folder",
        f"{CLOSED}{FILE.name}: ",
        f"http://127.0.0.1:1/deep/{FILE.name}: ",
        "Connection refused",
        "sudo apt install dataset-toy",
        "set ZSCOPE_DATA=",
        f"put them in {home / 'cache/toy_set'}",
    ):
        assert part in text
    assert "HTTPConnection" not in text
    assert len(text.splitlines()) < 20


@pytest.mark.parametrize(
    "data",
    [b"", b"\0\0\x0d\x01" + bytes(8), b"\0\0\x08\x01\0\0", b"\0\0\x08\x01\0\0\0\x03ab", b"\0\0\x08\x01\0\0\0\x01ab"],
    ids=["empty", "floats", "no sizes", "short", "long"],
)
def test_idx_refuses_what_is_not_idx(data):
    with pytest.raises(DataCorrupt):
        idx.read_idx(data)


def test_idx_reads_by_its_sizes():
    array = idx.read_idx(b"\0\0\x08\x02\0\0\0\x02\0\0\0\x03" + bytes(range(6)))
    assert array.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert array.dtype == np.uint8
    assert array.flags.writeable
