"""Downloads one file over HTTP: tries several mirrors, resumes a partial file, verifies it before renaming it."""

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

from ...disk.saving import advice, reason
from ...errors import DataCorrupt, SaveError
from ...text import _, significant, size

STAGGER_S = 2.5  # after this long without an answer the next mirror is tried as well
ANSWER_S = 8.0  # for all mirrors together to answer: the wait of a user without a network
SILENCE_S = 10.0  # without data in the middle of a file
TRIES = 6  # per mirror, if each attempt makes some progress
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
    """The payload of a file downloaded to target, or None and the reason by URL. A partial download is kept.

    Data goes to target + ".partial", is verified there and renamed, so that target is never incomplete. A second
    process that needs the same file waits for the first one and uses its result.

    Args: size_bytes: the published size, for the progress and to stop downloads that are far too long.
    Raises: SaveError: the folder is not writable or the disk is full.
    """
    with _locked(target):
        return _fetch(urls, target, size_bytes, check, progress or _on_terminal)


def _locked(target: Path) -> AcquireReturnProxy:
    """The lock for downloading target; waits for it. The system releases it if a process is killed."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(target.with_name(target.name + ".lock"))
        try:
            return lock.acquire(timeout=0)
        except Timeout:
            log.warning(_("waiting: another process is downloading %s"), target)
            return lock.acquire()
    except (OSError, NotImplementedError) as error:  # NotImplementedError: a file system without locks
        raise SaveError(
            _(
                "cannot write to {folder} ({error}): set ZSCOPE_CACHE to another folder.",
                folder=target.parent,
                error=_why(error, target),
            )
        ) from None


def _fetch(
    urls: list[str], target: Path, size_bytes: int, check: Check, progress: Progress
) -> tuple[bytes | None, dict[str, str]]:
    partial = target.with_name(target.name + ".partial")
    for path in (target, partial):  # downloaded by another process meanwhile, or by one killed before renaming
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
            reason = _("not the published bytes (SHA-256 differs)")
        log.info("%s: %s", url, reason)
        grown = partial.exists() and partial.stat().st_size > start
        if not (grown or start) or not left[url]:  # a failed resume is retried from the start
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
        raise SaveError(
            _("cannot read {path} ({error}): delete it, or set ZSCOPE_CACHE to another folder.", path=path, error=error)
        ) from None
    try:
        path.replace(target)
    except OSError as error:
        raise SaveError(
            _("cannot rename {path} to {name} ({error}).", path=path, name=target.name, error=_why(error, target))
        ) from None
    return payload


def _first_answer(urls: list[str], start: int, failures: dict[str, str]) -> tuple[str, requests.Response | None]:
    """The first mirror that answers. They are asked one after another, without waiting long for a slow one.

    The wait is at most ANSWER_S even if name resolution hangs, which has no timeout: each mirror is asked on a thread
    of its own, which may be abandoned.
    """
    answers: queue.SimpleQueue = queue.SimpleQueue()
    decided = threading.Event()

    def ask(url: str) -> None:
        # identity: the server must not compress the published file again
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
        try:
            response = requests.get(url, headers=headers, stream=True, timeout=(ANSWER_S, SILENCE_S))
            if response.status_code != 416:  # not a part of this file: its verification will fail
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
    failures.update(
        dict.fromkeys(
            (*asked, *waiting),
            _("no answer within {seconds} s", seconds=significant(ANSWER_S, 2)),
        )
    )
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
                    return _(
                        "connection lost after {done} of {total} ({reason})",
                        done=size(done),
                        total=size(max(total, size_bytes)),
                        reason=_reason(error),
                    ), False
                if not chunk:
                    break
                file.write(chunk)
                done += len(chunk)
                progress(name, done, max(done, total or size_bytes))
                if done > 2 * size_bytes:  # a login page or an endless stream
                    break
    except OSError as error:
        saved = partial.stat().st_size if partial.exists() else 0
        raise SaveError(
            _(
                "cannot save {name} in {folder}: {error} {done} of {total} are stored in {partial}, where the "
                "download will resume. {advice}",
                name=name,
                folder=partial.parent,
                error=reason(error, partial),
                advice=advice(error, "ZSCOPE_CACHE"),
                done=size(saved),
                total=size(max(total, size_bytes)),
                partial=partial.name,
            )
        ) from None
    return "", True


def _why(error: Exception, target: Path) -> str:
    return reason(error, target).rstrip(".") if isinstance(error, OSError) else str(error)


def _reason(error: BaseException) -> str:
    """The innermost cause in a few words; requests and urllib3 wrap it several times."""
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
    """A line of progress on a terminal; silent if the output is redirected."""
    if sys.stderr.isatty():
        end = "\n" if done >= total else ""
        print(
            "\r" + _("{name}: {done} of {total}", name=name, done=size(done), total=size(total)),
            end=end,
            file=sys.stderr,
            flush=True,
        )
