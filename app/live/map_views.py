"""The views of each engine's map beside its own, and the fits under way: each made once, for all sessions."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from vae.engine.engine import Engine
from vae.errors import SettingError
from vae.latent import views
from vae.latent.fit_process import FitProcess
from vae.text import _

KEEP = 8  # fitted views of an engine, each a few MB

_guard = threading.Lock()
_made: WeakKeyDictionary = WeakKeyDictionary()  # engine -> {key: View}
_jobs: WeakKeyDictionary = WeakKeyDictionary()  # engine -> {key: Job}


@dataclass
class Job:
    """A fit under way. share: of its epochs that are done; error: why it failed."""

    key: str
    share: float = 0.0
    error: str = ""


def view(engine: Engine, key: str) -> views.View:
    """The view of that key. Raises: SettingError: there is none, or it was fitted elsewhere and not here yet."""
    made = _made.setdefault(engine, OrderedDict())
    with _guard:
        if key in made:
            made.move_to_end(key)
            return made[key]
    z, pair = engine.atlas.z, views.raw_pair(key)
    if key == views.PCA:
        found = views.pca(z)
    elif pair:
        found = views.raw(z, *pair)
    elif views.fitted_settings(key):
        raise SettingError(_("the map {key!r} is not fitted here; fit it under Map, Another UMAP.", key=key))
    else:
        raise SettingError(
            _("there is no map {key!r}; known: umap, pca, dimensions as z0,z1, or a fitted one.", key=key[:40])
        )
    return _keep(engine, found)


def fit(engine: Engine, n_neighbors: float, min_dist: float, n_epochs: float) -> Job | views.View:
    """The view with these settings, or the job that fits it, begun now if it is not yet. One fit an engine at a time.

    A failed job is told once; the next call begins anew. Raises: SettingError: a setting is out of range, or another
    fit is under way.
    """
    key = views.fitted_key(n_neighbors, min_dist, n_epochs)
    with _guard:
        if key in _made.setdefault(engine, OrderedDict()):
            return _made[engine][key]
        jobs = _jobs.setdefault(engine, {})
        if key in jobs:
            return jobs.pop(key) if jobs[key].error else jobs[key]
        if running := [job for job in jobs.values() if not job.error]:
            raise SettingError(_("another map is being fitted ({key}); wait until it is done.", key=running[0].key))
        job = jobs[key] = Job(key)
    threading.Thread(target=_run, args=(engine, job), name=f"fit-{key}", daemon=True).start()
    return job


def _run(engine: Engine, job: Job) -> None:
    def tell(share: float) -> None:
        job.share = share

    try:
        projector, settings = engine.atlas.projector, views.fitted_settings(job.key)
        assert settings is not None  # the job was made of its settings
        n_neighbors, min_dist, n_epochs = settings
        xy = FitProcess().fitted(
            projector.seen(engine.atlas.z),
            n_neighbors=n_neighbors,
            min_dist=min_dist,
            n_epochs=n_epochs,
            seed=engine.card["seed"],
            report=tell,
        )
        found = views.fitted(job.key, projector, xy)
        _keep(engine, found)
        with _guard:
            _jobs[engine].pop(job.key, None)
    except Exception as error:  # whatever stopped it is told to whoever asks next
        job.error = str(error) or type(error).__name__


def _keep(engine: Engine, found: views.View) -> views.View:
    made = _made.setdefault(engine, OrderedDict())
    with _guard:
        made[found.key] = found
        while len(made) > KEEP:
            made.popitem(last=False)
    return found
