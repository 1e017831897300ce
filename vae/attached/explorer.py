"""`vae.explore`: the map of a model that is in memory, in the browser, decoded by that model."""

from __future__ import annotations

import atexit
import base64
import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
import warnings
import webbrowser
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save as save_tensors

from ..atlas.building import laid_out, with_trust
from ..data.edits import Edits
from ..disk import one_step
from ..errors import SettingError, ShapeError
from ..latent.fit_process import FitProcess
from ..saved import checkpoint
from ..saved.checkpoint import HISTORY, MODEL
from ..saved.names import check_name
from ..studies import curation
from ..text import _
from .adapters import diffusers_folder, opening
from .adapters.adapted import Adapted
from .app_process import started, wait
from .card import config_of
from .given import Given, say
from .samples import as_numpy, rows_there
from .worker import Worker, told

STOP_S = 5.0  # for a call of the model that is under way when it is closed
AT_ONCE = 16  # calls while trust is measured, so that the page need not wait long for its turn
LAYERS = ("", "trust", "density", "manifold")  # below the points of the map
SIDE_MAX = 4_000  # px of a picture of the map
KNOWN_BY = 64  # latents that tell one model from another, in links and for what is saved with it


def explore(
    model: Any = None,
    *,
    encode: Callable[[Any], Any] | None = None,
    decode: Callable[[Any], Any] | None = None,
    classify: Callable[[Any], Any] | None = None,
    x: Any = None,
    z: Any = None,
    labels: Any = None,
    metadata: Mapping[str, Any] | None = None,
    name: str = "mine",
    shape: tuple[int, ...] | None = None,
    span: tuple[float, float] | None = None,
    port: int = 0,
    browser: bool = True,
) -> Explorer:
    """Open a model that is in memory in the explorer. It stays in this program, which decodes from a thread.

    >>> explorer = vae.explore(autoencoder, x=x, labels=y)  # has encode and decode
    >>> explorer = vae.explore(encode=model.encode, decode=model.decode, x=x)
    >>> explorer = vae.explore(x=pictures, z=embeddings)  # decodes the nearest sample
    >>> explorer = vae.explore("path/to/vae", x=x)  # a folder of diffusers or pythae
    >>> explorer = vae.explore(("encoder.onnx", "decoder.onnx"), x=x)

    Args: model: an object with `decode` and perhaps `encode`, or a saved model: a folder of diffusers (AutoencoderKL,
        AutoencoderTiny or VQModel, also as an object) or of pythae, a pair of ONNX files, or a folder with both.
        encode, decode: functions of batches, arrays in and out: PyTorch tensors where they are methods of a module or
        x is a tensor, else NumPy. encode may also return a pair of mean and log variance, a distribution, or either
        with a name, as Hugging Face models do.
        classify: a classifier of samples as x has them, or decode returns them, to a score for each class of labels:
        Explore colours the map by it.
        x: samples (n, c, h, w), (n, h, w, c), (n, h, w), (n, c, t) or (n, m). z: their latents (n, ...), where there is
        no encoder. Without decode the nearest sample is shown; without x, what z decodes to.
        labels: (n,) numbers or text. metadata: columns (n,), a dict or a pandas DataFrame.
        shape: of a sample, (c, h, w) for flattened pictures. span: the values of black and white in pictures; None:
        found from the samples and printed. port: 0 for any. browser: open it.
    The map has at most 10 000 samples. It is first laid out by their principal axes; while you explore, UMAP lays it
    out anew, in a process of its own, and trust, first the map's coverage, is measured if there is an encoder.

    Raises: SettingError, ShapeError: what is given does not fit. What encode or decode raises.
    """
    check_name(name)
    if opening.is_saved(model) and (encode is not None or decode is not None):
        raise SettingError(_("a saved model and encode= or decode= are given: expected one or the other."))
    adapted = _adapted(model) if encode is None and decode is None else None
    if adapted is not None:
        encode, decode = adapted.encode if x is not None and z is None else None, adapted.decode
    encode = encode or (getattr(model, "encode", None) if z is None and adapted is None else None)
    decode = decode or getattr(model, "decode", None)
    if model is not None and decode is None:
        raise SettingError(_("{model} has no method decode: give encode=, decode= or z=.", model=type(model).__name__))
    given = Given(
        encode=encode,
        decode=decode,
        x=x,
        z=z,
        model=model,
        labels=labels,
        metadata=metadata,
        classify=classify,
        adapted=adapted,
    )
    return Explorer(given, name, shape=shape, span=span, port=port, browser=browser)


def _adapted(model: Any) -> Adapted | None:
    """A saved model, or one in memory of a kind that is known, with what was decided about it printed; else None."""
    if opening.is_saved(model):
        found = opening.adapted(model)
    elif diffusers_folder.is_one(model):
        found = diffusers_folder.of_model(model)
    else:
        return None
    for note in found.notes:
        say(note)
    return found


class Explorer:
    """A running explorer. url: its address. Ends with `close()`, with the program, or at the end of a `with` block."""

    def __init__(self, given: Given, name: str, *, shape: Any, span: Any, port: int, browser: bool):
        self.name = name
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
        self._app, self.url = started(self._folder, port)  # while it starts, the map is made
        try:
            self._worker.model, self._atlas = given.mapped(shape, span)
            self._save()
            self.url += f"/?model={name}"
            wait(self._app, self.url, self._folder)
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

    @property
    def point(self) -> np.ndarray | None:
        """The latent (d,) on the page; None before anything is."""
        z = self._state.get("point")
        return None if z is None else np.asarray(z, np.float32)

    @point.setter
    def point(self, z: Any) -> None:
        z = as_numpy(z, "point").reshape(-1)
        if z.shape != (self._atlas.z.shape[1],):
            raise ShapeError(_("point of shape {given}: expected ({d},).", given=z.shape, d=self._atlas.z.shape[1]))
        if not np.isfinite(z).all():
            raise ShapeError(_("point has NaN or infinity: expected finite values."))
        self._worker.want({"point": z.tolist()})

    @property
    def selection(self) -> np.ndarray:
        """The rows of x in the selection on the page, ascending."""
        return self._atlas.index[np.asarray(self._state.get("selected", []), int)]

    @selection.setter
    def selection(self, rows: Any) -> None:
        there = rows_there(rows, self._atlas.index)
        self._worker.want({"selected": there.tolist()})

    @property
    def path(self) -> np.ndarray:
        """The latents (w, d) that the path on Interpolate leads through."""
        return np.asarray(self._state.get("waypoints", []), np.float32).reshape(-1, self._atlas.z.shape[1])

    @path.setter
    def path(self, z: Any) -> None:
        z = as_numpy(z, "path")
        if z.ndim < 2 or z.reshape(len(z), -1).shape[1:] != self._atlas.z.shape[1:]:
            raise ShapeError(_("path of shape {given}: expected (w, {d}).", given=z.shape, d=self._atlas.z.shape[1]))
        z = z.reshape(len(z), -1)
        self._worker.want({"waypoints": z.tolist()})

    @property
    def colour(self) -> str:
        """The quantity that colours the map."""
        return str(self._state.get("colour", ""))

    @colour.setter
    def colour(self, quantity: str) -> None:
        self._worker.want({"colour": str(quantity)})

    @property
    def layer(self) -> str:
        """What lies below the points of the map, as it was set here: "trust", "density", "manifold", or "": nothing."""
        return self._layer

    @layer.setter
    def layer(self, name: str) -> None:
        if name not in LAYERS:
            raise SettingError(
                _("layer {name!r}: expected one of {known}.", name=name, known=", ".join(map(repr, LAYERS)))
            )
        self._layer = name
        self._worker.want({"layer": name})

    @property
    def edits(self) -> Edits:
        """What was dropped, relabelled and tagged under Curate on the page: `.train.dropped`, `.train.labels` and
        `.train.tags`, by row of x. They are stored beside the checkpoints and there again for the same samples.

        Raises: DataCorrupt: their file is damaged."""
        return curation.edits(self._card)

    def screenshot(
        self,
        path: str | os.PathLike,
        *,
        size: tuple[int, int] = (800, 600),
        scale: float = 2.0,
        legend: bool = True,
        seconds: float = 20.0,
    ) -> Path:
        """Write the map, as an open page shows it, as a PNG of `size` in CSS pixels times `scale`: its points, names of
        classes, layers, and a legend of its colours (the classes, or a bar with its range), without the buttons around
        it.

        >>> explorer.colour, explorer.layer = "error", "trust"
        >>> explorer.screenshot("map.png", size=(600, 450), scale=3)

        Raises: SettingError: a size that no page draws, or no page shows the map within so many seconds: one must be
        open, and in sight. SaveError."""
        target = Path(path)
        if target.suffix.lower() != ".png" or not target.parent.is_dir():
            raise SettingError(_("{path}: expected NAME.png in a folder that exists.", path=str(path)))
        width, height = (int(v) for v in size)
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
        end = time.monotonic() + seconds
        while (drawn := self._state.get("drawn") or {}).get("n") != self._asked:
            if time.monotonic() > end:
                raise SettingError(
                    _(
                        "no page has drawn the map within {seconds:g} s: open Explore at {url} in a browser, and keep "
                        "it in sight.",
                        seconds=seconds,
                        url=self.url,
                    )
                )
            time.sleep(0.05)
        data = base64.b64decode(drawn["png"])
        one_step.write(target, data)
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
        self._app.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._app.wait(5)
        self._app.kill()
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


class _Closed(Exception):
    """The explorer was closed while trust was measured."""
