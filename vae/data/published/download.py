"""Fetches one file over HTTP: several mirrors, resume of a partial file, verified before it gets its name."""

from __future__ import annotations

import logging
import queue
import re
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import requests
import urllib3
from filelock import AcquireReturnProxy, FileLock, Timeout

from ...errors import DataCorrupt, SaveError

STAGGER_S = 2.5  # a mirror that has not answered by then gets a rival
ANSWER_S = 8.0  # in all, for any mirror to answer: what a user without a network waits
SILENCE_S = 10.0  # without a byte in the middle of a file
TRIES = 6  # of one mirror that breaks off but brings bytes each time
CHUNK = 1 << 16
Check = Callable[[Path], bytes]  # the payload of a file; raises DataCorrupt
Progress = Callable[[str, int, int], None]  # file name, bytes so far, bytes in all
log = logging.getLogger("zscope.data")


def download(
    urls: list[str],
    target: Path,
    size_bytes: int,
    check: Check,
    progress: Progress | None = None,
) -> tuple[bytes | None, dict[str, str]]:
    """Payload of a file fetched to target, or None and the reason by URL. What arrived before a failure is kept.

    Bytes go to target + ".partial", are checked there and renamed, so target is never half a file. A second process
    that wants the same file waits for the first and takes its result.

    Args: size_bytes: as published, for the progress and to stop what is far longer.
    Raises: SaveError: the folder cannot be written or the disk is full.
    """
    with _hold(target):
        return _fetch(urls, target, size_bytes, check, progress or _on_terminal)


def _hold(target: Path) -> AcquireReturnProxy:
    """The right to download target, waited for; the system takes it back from a killed process."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(target.with_name(target.name + ".lock"))
        try:
            return lock.acquire(timeout=0)
        except Timeout:
            log.warning("waiting: another process is downloading %s", target)
            return lock.acquire()
    except (OSError, NotImplementedError) as error:  # NotImplementedError: a file system without locks
        raise SaveError(f"cannot write to {target.parent} ({error}): set ZSCOPE_CACHE to another folder.") from None


def _fetch(
    urls: list[str], target: Path, size_bytes: int, check: Check, progress: Progress
) -> tuple[bytes | None, dict[str, str]]:
    partial = target.with_name(target.name + ".partial")
    for path in (target, partial):  # brought by another process meanwhile, or by one killed before it could rename
        payload = _accept(path, target, check)
        if payload is not None:
            return payload, {}
    failures: dict[str, str] = {}
    left = dict.fromkeys(urls, TRIES)
    while left:
        start = partial.stat().st_size if partial.exists() else 0
        url, response = _first_answer(list(left), start, failures)
        left = {other: tries for other, tries in left.items() if other not in failures}
        if response is None:
            break
        left[url] -= 1
        with response:
            reason, whole = _receive(response, partial, start, size_bytes, progress)
        if whole:
            payload = _accept(partial, target, check)
            if payload is not None:
                return payload, {}
            partial.unlink()
            reason = "not the published bytes (SHA-256 differs)"
        log.info("%s: %s", url, reason)
        grown = partial.exists() and partial.stat().st_size > start
        if not (grown or start) or not left[url]:  # one that resumed in vain gets a clean start
            failures[url] = reason
            del left[url]
    return None, failures


def _accept(path: Path, target: Path, check: Check) -> bytes | None:
    """The payload of path if it passes the check, after giving it target's name."""
    try:
        payload = check(path)
    except (DataCorrupt, FileNotFoundError):
        return None
    except OSError as error:
        raise SaveError(f"cannot read {path} ({error}): remove it, or set ZSCOPE_CACHE to another folder.") from None
    try:
        path.replace(target)
    except OSError as error:
        raise SaveError(f"cannot rename {path} to {target.name} ({error}).") from None
    return payload


def _first_answer(urls: list[str], start: int, failures: dict[str, str]) -> tuple[str, requests.Response | None]:
    """The first mirror that answers, asked one after another, the next without waiting for a slow one.

    Bounds the wait to ANSWER_S whatever the resolver does: a name server that keeps silent cannot be timed out
    from within, so each mirror is asked on a thread that may be left behind.
    """
    answers: queue.SimpleQueue = queue.SimpleQueue()
    decided = threading.Event()

    def ask(url: str) -> None:
        # identity: the bytes as published, a server must not pack them once more
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
        try:
            response = requests.get(url, headers=headers, stream=True, timeout=(ANSWER_S, SILENCE_S))
            if response.status_code != 416:  # the partial file is no part of this one: its check will fail
                response.raise_for_status()
        except requests.RequestException as error:
            answers.put((url, error))
            return
        if decided.is_set():
            response.close()
        answers.put((url, response))

    end, waiting = time.monotonic() + ANSWER_S, list(urls)
    asked: set[str] = set()
    while (waiting or asked) and time.monotonic() < end:
        if waiting:
            asked.add(waiting[0])
            threading.Thread(target=ask, args=(waiting.pop(0),), daemon=True).start()
        rest = max(0.0, end - time.monotonic())
        try:
            url, answer = answers.get(timeout=min(STAGGER_S, rest) if waiting else rest)
        except queue.Empty:
            continue
        asked.discard(url)
        if isinstance(answer, requests.Response):
            decided.set()
            return url, answer
        failures[url] = _reason(answer)
    decided.set()
    failures.update(dict.fromkeys((*asked, *waiting), f"no answer within {ANSWER_S:g} s"))
    return "", None


def _receive(
    response: requests.Response, partial: Path, start: int, size_bytes: int, progress: Progress
) -> tuple[str, bool]:
    """Write the body to partial, from byte start if the server agrees. Returns why it ended and whether it is whole."""
    name = partial.name.removesuffix(".partial")
    resumed = response.status_code == 206
    done = start if resumed else 0
    total = done + int(response.headers.get("Content-Length") or 0)
    try:
        with open(partial, "ab" if resumed else "wb") as file:
            chunks = response.raw.stream(CHUNK, decode_content=False)
            while True:
                try:
                    chunk = next(chunks, b"")
                except (urllib3.exceptions.HTTPError, OSError) as error:
                    return f"broke off after {done} of {max(total, size_bytes)} bytes ({_reason(error)})", False
                if not chunk:
                    break
                file.write(chunk)
                done += len(chunk)
                progress(name, done, max(done, total or size_bytes))
                if done > 2 * size_bytes:  # a login page or an endless stream, not this file
                    break
    except OSError as error:
        kept = partial.stat().st_size if partial.exists() else 0
        raise SaveError(
            f"cannot save {name} in {partial.parent}: {error.strerror or error}. {kept / 1e6:.1f} of "
            f"{max(total, size_bytes) / 1e6:.1f} MB are kept in {partial.name} and will be resumed: free some space, "
            "or set ZSCOPE_CACHE to a folder on another disk, and run this again."
        ) from None
    return "", True


def _reason(error: BaseException) -> str:
    """The innermost cause, in a few words: requests and urllib3 wrap it several times."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"HTTP {error.response.status_code} {error.response.reason}".rstrip()
    inner: object = error
    while isinstance(inner, BaseException):
        error = inner
        inner = next((cause for cause in map(_cause, error.args) if isinstance(cause, BaseException)), None)
    text = str(error) or type(error).__name__
    return re.sub(r"^\S*(Pool|Connection)\(.*?\): ", "", text)


def _cause(argument: object) -> object:
    return getattr(argument, "reason", argument)  # urllib3 keeps the cause of a failed retry there


def _on_terminal(name: str, done: int, total: int) -> None:
    """One line on a terminal that counts up; silent where output is kept."""
    if sys.stderr.isatty():
        end = "\n" if done >= total else ""
        print(f"\r{name}: {done / 1e6:.1f} of {total / 1e6:.1f} MB", end=end, file=sys.stderr, flush=True)
