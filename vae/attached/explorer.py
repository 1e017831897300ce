"""The handle that `vae.explore` returns: its page, its map and what is set and read of both."""

from __future__ import annotations

import atexit
import base64
import contextlib
import os
import sys
import tempfile
import threading
import time
import warnings
import webbrowser
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save as save_tensors

from ..atlas.building import laid_out, with_trust
from ..data.edits import Edits
from ..disk import one_step
from ..errors import SettingError
from ..latent.fit_process import FitProcess
from ..saved import checkpoint
from ..saved.checkpoint import HISTORY, MODEL
from ..studies import curation
from ..text import _
from . import settable
from .app_process import ended, started, wait
from .card import config_of
from .given import Given
from .settable import Colours
from .worker import Worker, told

STOP_S = 5.0  # for a call of the model that is under way when it is closed
AT_ONCE = 16  # calls while trust is measured, so that the page need not wait long for its turn
SETTABLE = ("colour", "layer", "path", "point", "selection")
EVERY_S = 0.05  # at which is looked whether a page has answered
SIDE_MAX = 4_000  # px of a picture of the map
KNOWN_BY = 64  # latents that tell one model from another, in links and for what is saved with it


class Explorer:
    """A running explorer, as `vae.explore` returns it. It ends with `close()`, with the program, or at the end of a
    `with` block. What is set here an open page takes over a moment later, about half a second: `settled` waits for it,
    and so does `screenshot`. What is read here is what the page told last."""

    def __init__(self, given: Given, name: str, *, shape: Any, span: Any, port: int, browser: bool):
        self._name = name
        self._title = _("Your model") if given.adapted is None else given.adapted.title
        self._state: dict[str, Any] = {}
        self._layer, self._asked = "", 0
        self._measuring: threading.Thread | None = None
        self._closed, self._layout = threading.Event(), FitProcess()
        self._first = True  # the layout by principal axes
        self._around = tempfile.TemporaryDirectory(prefix="zscope-attached-", ignore_cleanup_errors=True)
        self._folder = Path(self._around.name)
        self._worker = Worker(self._changed)
        self._worker.address.write(self._folder)
        self._app, address = started(self._folder, port)  # while it starts, the map is made
        try:
            self._n = given.n
            self._worker.model, self._atlas = given.mapped(shape, span)
            self._colours = Colours(self._worker.model, self._atlas)
            self._save()
            self._url = f"{address}/?model={name}"
            wait(self._app, self._url, self._folder)
        except BaseException:
            self.close()
            raise
        atexit.register(self._last)
        if not self._atlas.projector.equal:
            self._measuring = threading.Thread(target=self._complete, name="zscope-map", daemon=True)
            self._measuring.start()
        if browser:
            webbrowser.open(self.url)
        print(_("{name} is at {url}", name=name, url=self.url), file=sys.stderr)

    def __enter__(self) -> Explorer:
        return self

    def __exit__(self, *_error: Any) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Explorer {self.name} at {self.url}>"

    def _repr_html_(self) -> str:
        """The page in a cell of a notebook."""
        return f'<iframe src="{self.url}" width="100%" height="760" style="border: 0" title="zscope"></iframe>'

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_") and name not in SETTABLE:
            raise AttributeError(
                _("{name} of an explorer cannot be set: expected one of {known}.", name=name, known=", ".join(SETTABLE))
            )
        super().__setattr__(name, value)

    @property
    def name(self) -> str:
        """The name of the model on the page."""
        return self._name

    @property
    def url(self) -> str:
        """The address of the page."""
        return self._url

    @property
    def point(self) -> np.ndarray | None:
        """The latent (d,) on the page, float32; None before there is one. Set: a latent (d,), or in the model's shape.

        Raises: ShapeError: another size, NaN or infinity."""
        z = self._state.get("point")
        return None if z is None else np.asarray(z, np.float32)

    @point.setter
    def point(self, z: Any) -> None:
        self._worker.want({"point": settable.point(z, self._atlas.z.shape[1]).tolist()})

    @property
    def selection(self) -> np.ndarray:
        """The rows of x in the selection on the page, (k,) int64, ascending. Set: rows of x, or a mask (n,) of them;
        those that are not on the map, which has 10 000 at most, are left out.

        Raises: ShapeError: no rows of x, or none of them is on the map."""
        return self._atlas.index[np.asarray(self._state.get("selected", []), int)]

    @selection.setter
    def selection(self, rows: Any) -> None:
        self._worker.want({"selected": settable.selection(rows, self._n, self._atlas.index).tolist()})

    @property
    def path(self) -> np.ndarray:
        """The latents (w, d) that the path on Interpolate leads through, float32. Set: 2 to 12 latents.

        Raises: ShapeError: another shape or number, NaN or infinity."""
        return np.asarray(self._state.get("waypoints", []), np.float32).reshape(-1, self._atlas.z.shape[1])

    @path.setter
    def path(self, z: Any) -> None:
        self._worker.want({"waypoints": settable.path(z, self._atlas.z.shape[1]).tolist()})

    @property
    def colour(self) -> str:
        """What colours the map: "label", a column of metadata by its name, or a quantity of the map: "trust" (0 to 1),
        "density" (nats above the median sample), or "disagreement" of labels (0 to 1). "" before a page is open.

        Raises: SettingError: a colour that this map does not have; the message lists those that it has."""
        return self._colours.name(str(self._state.get("colour", "")))

    @colour.setter
    def colour(self, name: Any) -> None:
        self._worker.want({"colour": self._colours.key(name)})

    @property
    def layer(self) -> str:
        """What lies below the points of the map, as it was set here: "trust", "density", "manifold", or "": nothing.

        Raises: SettingError: another name."""
        return self._layer

    @layer.setter
    def layer(self, name: Any) -> None:
        self._layer = settable.layer(name)
        self._worker.want({"layer": self._layer})

    @property
    def edits(self) -> Edits:
        """What was dropped, relabelled and tagged under Curate on the page: `.train.dropped`, `.train.labels` and
        `.train.tags`, by row of x. They are stored beside the checkpoints and there again for the same samples.

        Raises: DataCorrupt: their file is damaged."""
        return curation.edits(self._card)

    def settled(self, seconds: float = 20.0) -> bool:
        """Wait until an open page has taken over what was set here, at most so many seconds; whether one has. Reading a
        property then gives what was set. A page in a hidden tab takes nothing over until it is in sight again."""
        return _waited(lambda: self._worker.settled, seconds)

    def screenshot(
        self,
        path: str | os.PathLike,
        *,
        size: tuple[int, int] = (800, 600),
        scale: float = 2.0,
        legend: bool = True,
        seconds: float = 20.0,
    ) -> Path:
        """Write the map, as an open page shows it once it has taken over what was set here, as a PNG of `size` in CSS
        pixels times `scale`: its points, names of classes, layers, and a legend of its colours (the classes, or a bar
        with its range), without the buttons around it.

        >>> explorer.colour, explorer.layer = "density", "trust"
        >>> explorer.screenshot("map.png", size=(600, 450), scale=3)

        Raises: SettingError: a size that no page draws, or no page shows the map within so many seconds: one must be
        open, and in sight. SaveError."""
        target = Path(path)
        if target.suffix.lower() != ".png" or not target.parent.is_dir():
            raise SettingError(_("{path}: expected NAME.png in a folder that exists.", path=str(path)))
        try:
            width, height, scale = int(size[0]), int(size[1]), float(scale)
        except (TypeError, ValueError, IndexError) as e:
            raise SettingError(
                _("size {size!r} at scale {scale!r}: expected two numbers and one.", size=size, scale=scale)
            ) from e
        if not (120 <= width <= SIDE_MAX and 120 <= height <= SIDE_MAX and 0.5 <= scale <= 8):
            raise SettingError(
                _(
                    "size {size} at scale {scale:g}: expected 120 to {max} px on each side and a scale of 0.5 to 8.",
                    size=(width, height),
                    scale=scale,
                    max=SIDE_MAX,
                )
            )
        self._asked += 1
        wanted = {"n": self._asked, "width": width, "height": height, "scale": scale, "legend": bool(legend)}
        self._worker.want({"picture": wanted})
        if not _waited(lambda: (self._state.get("drawn") or {}).get("n") == self._asked, seconds):
            raise SettingError(
                _(
                    "no page has drawn the map within {seconds:g} s: open Explore at {url} in a browser, and keep "
                    "it in sight.",
                    seconds=seconds,
                    url=self.url,
                )
            )
        one_step.write(target, base64.b64decode(self._state["drawn"]["png"]))
        return target

    @property
    def folder(self) -> Path:
        """The checkpoint with its map, until it is closed; `vae.load` opens it in this program, too."""
        return self._folder / self.name

    def measured(self, seconds: float | None = None) -> bool:
        """Wait until UMAP has laid out the map and trust is measured, at most so many seconds; whether that is done."""
        if self._measuring is not None:
            self._measuring.join(seconds)
        return self._measuring is None or not self._measuring.is_alive()

    def wait(self) -> None:
        """Return once the explorer has ended, by `close` or Ctrl-C."""
        with contextlib.suppress(KeyboardInterrupt):
            self._app.wait()
        self.close()

    def close(self) -> None:
        """End the app and free its files; the model is untouched, and called no more."""
        self._closed.set()
        atexit.unregister(self._last)
        self._worker.close()
        ended(self._app)
        self._layout.end()
        if self._measuring is not None:
            self._measuring.join(STOP_S)
        self._around.cleanup()

    # -------------------------------------------------------- parts

    def _changed(self, state: dict[str, Any]) -> None:
        self._state = self._state | state

    def _last(self) -> None:
        """At the end of the program: a script waits, as the page would be empty without it; a session ends."""
        if hasattr(sys, "ps1") or "ipykernel" in sys.modules:
            return self.close()
        print(_("zscope is open at {url}; Ctrl-C ends it", url=self.url), file=sys.stderr)
        self.wait()

    def _save(self) -> None:
        model = self._worker.model
        assert model is not None
        config = config_of(self.name, model, self._atlas, self._title)
        config["atlas"]["first"] = int(self._first and not self._atlas.projector.equal)
        known_by = save_tensors({"z": torch.from_numpy(self._atlas.z[:KNOWN_BY])})
        files = {MODEL: known_by, HISTORY: b"", **self._atlas.files()}
        self._card = checkpoint.save(self.folder, config, files).config

    def _complete(self) -> None:
        """The map by UMAP in place of the first one, then its trust, beside what the page asks for."""
        assert self._worker.model is not None
        try:
            atlas = laid_out(self._atlas, self._layout.fitted(self._atlas.z))
            if self._closed.is_set():
                return
            self._atlas, self._first = atlas, False
            self._save()
        except Exception as error:
            if not self._closed.is_set():
                warnings.warn(_("the map stays as it is: {error}", error=told(error)), stacklevel=1)
            return
        if self._worker.model.encode is not None:
            self._measure()

    def _measure(self) -> None:
        """Trust by round trips."""
        model, atlas = self._worker.model, self._atlas
        assert model is not None

        def by_turns(run: Callable[[np.ndarray], Any], rows: np.ndarray) -> list[Any]:
            found = []
            for i in range(0, len(rows), AT_ONCE):
                if self._closed.is_set():
                    raise _Closed
                found.append(self._worker.called(run, rows[i : i + AT_ONCE]))
            return found

        def means(x: np.ndarray) -> np.ndarray:
            return np.concatenate([mu for mu, _std in by_turns(model.posteriors, x)])

        try:
            projector = with_trust(
                atlas.projector,
                atlas.search,
                None,
                lambda x, _y: (means(x), np.empty(0)),
                lambda z, _y: np.concatenate(by_turns(model.samples, z)),
                seed=0,
            )
            self._atlas = replace(atlas, projector=projector)
            if self._folder.is_dir() and not self._closed.is_set():
                self._save()
        except _Closed:
            return
        except Exception as error:
            warnings.warn(_("trust was not measured: {error}", error=told(error)), stacklevel=1)


def _waited(done: Callable[[], bool], seconds: float) -> bool:
    """Whether done() became true within so many seconds."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            return False
        time.sleep(EVERY_S)
    return True


class _Closed(Exception):
    """The explorer was closed while trust was measured."""
