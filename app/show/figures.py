"""Records -> Plotly figures. No colours of text or background: st.plotly_chart gives them the page's theme."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from jaxtyping import Float

from app.show import palette
from vae.atlas.colours import Quantity
from vae.text import _, number

# One colour a symbol, wherever it appears (Okabe and Ito, safe for colour-blind eyes, legible on light and dark).
ELBO, DISTORTION, RATE, QUIET = "#d55e00", "#2f7fc1", "#0a9f78", "#9aa3af"
SHORT = 12  # epochs: a curve of fewer is shown whole
SAME = 1e-9  # relative: values closer to each other are drawn as equal
LARGEST = 1e300  # beyond this, the span of an axis would overflow
MARGIN = {"l": 8, "r": 8, "t": 8, "b": 8}
STILL: dict[str, Any] = {"dragmode": False}  # a finger that goes over a figure scrolls the page, and zooms nothing


def spread(values: Iterable[float]) -> tuple[float, float]:
    """The ends of an axis for those values, with a margin, as in numbers.js of the theatre. Values that are not finite
    are ignored; without any, 0 to 1."""
    known = np.array([v for v in values if np.isfinite(v)], float).clip(-LARGEST, LARGEST)
    if not len(known):
        return 0.0, 1.0
    low, high, size = float(known.min()), float(known.max()), float(np.abs(known).max())
    pad = 0.08 * (high - low) if high - low > max(SAME * size, 1 / LARGEST) else max(0.5, 1e-3 * size)
    return low - pad, high + pad


def rate_bars(
    rate_per_dim_nats: Sequence[float],
    active: Sequence[bool] | np.ndarray,
    levels: Sequence[int] = (),
    height: int = 260,
) -> go.Figure:
    """KL(q(z_j|x) || p(z_j)) of each latent dimension j, nats, averaged over the test set, largest first.

    Green: active, grey: not. A dotted line parts them or, where levels tells how many dimensions each level has from
    the top, the levels, each with its total. Raises: ValueError: not as many flags, or dimensions of levels, as rates.
    """
    rate, active = np.asarray(rate_per_dim_nats, float), np.asarray(active, bool)
    levels = tuple(levels) or (len(rate),)
    if not len(rate) == len(active) == sum(levels):
        raise ValueError(f"{len(rate)} rates but {len(active)} active flags and levels of {sum(levels)} dimensions")
    level = np.repeat(np.arange(len(levels)), levels)
    order = np.lexsort((-rate, ~active, level))  # of a level, active ones first, each group from the largest rate down
    figure = go.Figure(
        go.Bar(
            x=[f"z<sub>{j}</sub>" for j in order],
            y=rate[order],
            marker_color=[RATE if on else QUIET for on in active[order]],
            customdata=[[j, _("active") if active[j] else _("inactive")] for j in order],
            hovertemplate="z%{customdata[0]}: %{y:.3f} nats, %{customdata[1]}<extra></extra>",
        )
    )
    ends = np.cumsum(levels) if len(levels) > 1 else np.array([active.sum(), len(rate)])
    for end in ends[:-1]:
        if 0 < end < len(rate):
            figure.add_vline(x=end - 0.5, line_dash="dot", line_color=QUIET, line_width=1.5)
    for k, (end, of) in enumerate(zip(ends, levels, strict=False) if len(levels) > 1 else ()):
        said = _("level {k}: {nats} nats", k=number(k + 1), nats=number(rate[level == k].sum(), 1))
        place = {"x": end - (of + 1) / 2, "y": 1.0, "yref": "paper", "yanchor": "bottom"}
        figure.add_annotation(text=said, showarrow=False, **place)
    figure.update_yaxes(title_text=_("rate, nats"), rangemode="tozero", fixedrange=True)
    figure.update_xaxes(type="category", tickangle=0, fixedrange=True)
    margin = MARGIN | ({"t": 28} if len(levels) > 1 else {})
    return figure.update_layout(**STILL, height=height, margin=margin, showlegend=False, bargap=0.25)


def usage_bars(counts: Sequence[int] | np.ndarray, height: int = 220) -> go.Figure:
    """How often each code of a codebook is used, most used first."""
    counts = np.asarray(counts)
    order = np.argsort(-counts, kind="stable")
    share = counts[order] / max(1, counts.sum())
    hover = "code %{customdata}: %{y:.2%}<extra></extra>"
    bars = go.Bar(x=np.arange(len(order)), y=share, customdata=order, marker_color=RATE, hovertemplate=hover)
    figure = go.Figure(bars)
    figure.update_yaxes(
        title_text=_("share of positions"), rangemode="tozero", tickformat="~%", fixedrange=True
    )  # as many digits as its ticks need to differ
    figure.update_xaxes(title_text=_("codes, most used first"), fixedrange=True)
    return figure.update_layout(**STILL, height=height, margin=MARGIN, showlegend=False, bargap=0.1)


def training_curve(history: Sequence[Mapping], has_rate: bool = True, height: int = 400) -> go.Figure:
    """elbo, distortion and rate of each epoch, nats a sample: training means, and the validation set dotted, or the
    test set in histories from before there was a validation set.

    Without a rate (a plain autoencoder) there is no bound either, and distortion stands alone.

    Each axis spans what came after the first tenth of the epochs: the fall before would hide a run's last gains. Of a
    run shorter than SHORT epochs, or where fewer than two values came after it, it spans everything.
    """
    figure = go.Figure()
    seen: dict[str, list[tuple[int, float]]] = {}
    last = max((r["epoch"] for r in history), default=0)
    hidden = (last - 1) // 10 if last >= SHORT else 0
    lines = [
        ("ELBO", "elbo_nats", ELBO, "solid", "y"),
        (_("ELBO, validation"), "validation_elbo_nats", ELBO, "dot", "y"),
        (_("ELBO, test"), "test_elbo_nats", ELBO, "dot", "y"),
        (_("distortion"), "distortion_nats", DISTORTION, "solid", "y2"),
        (_("distortion, validation"), "validation_distortion_nats", DISTORTION, "dot", "y2"),
        (_("distortion, test"), "test_distortion_nats", DISTORTION, "dot", "y2"),
        (_("rate"), "rate_nats", RATE, "solid", "y3"),
        (_("rate, validation"), "validation_rate_nats", RATE, "dot", "y3"),
        (_("rate, test"), "test_rate_nats", RATE, "dot", "y3"),
    ]
    thirds = [("y", "ELBO", (0.7, 1.0)), ("y2", _("distortion"), (0.35, 0.65)), ("y3", _("rate"), (0.0, 0.3))]
    if not has_rate:
        lines = [
            (_("distortion"), "distortion_nats", DISTORTION, "solid", "y"),
            (_("distortion, validation"), "validation_distortion_nats", DISTORTION, "dot", "y"),
            (_("distortion, test"), "test_distortion_nats", DISTORTION, "dot", "y"),
        ]
        thirds = [("y", _("distortion"), (0.0, 1.0))]
    for name, key, colour, dash, axis in lines:
        rows = [(r["epoch"], r[key]) for r in history if r.get(key) is not None and np.isfinite(r[key])]
        if not rows:
            continue
        seen[axis] = [*seen.get(axis, ()), *rows]
        epochs, values = zip(*rows, strict=True)
        figure.add_scatter(
            x=epochs,
            y=values,
            name=name,
            showlegend=dash == "solid",
            yaxis=axis,
            mode="lines" if len(rows) > 1 else "markers",
            line={"color": colour, "dash": dash, "width": 2},
            hovertemplate="%{y:.2f} nats",
        )
    for axis, title, domain in thirds:
        long = axis.replace("y", "yaxis")
        layout = {"domain": domain, "title": _("{title}, nats", title=title), "anchor": "x", "nticks": 4}
        if rows := seen.get(axis):
            late = [value for epoch, value in rows if epoch > hidden]
            layout["range"] = spread(late if len(late) > 1 else [value for _epoch, value in rows])
        figure.update_layout({long: layout})
    figure.update_xaxes(title_text=_("epoch"), anchor=thirds[-1][0])
    legend = {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0}
    return figure.update_layout(**STILL, height=height, margin=MARGIN, hovermode="x unified", legend=legend)


def _plain(text: str) -> str:
    """Text that Plotly shows as it is: it reads some HTML, links among it, and %{...} where one hovers."""
    return html.escape(text, quote=False).replace("%{", "%&#123;")


def latent_map(
    atlas,
    marks: Mapping[str, Sequence[float]] = {},
    height: int = 560,
    *,
    xy: Float[np.ndarray, "n 2"] | None = None,
    by: Quantity | None = None,
    dark: bool = False,
) -> go.Figure:
    """A map of a model's reference set: a trace for each class, points numbered as in the training set.

    marks: label -> point (x, y) to mark. xy: where the points lie (default: in the UMAP projection). by: the quantity
    that colours them, instead of their class. dark: for a dark page. A figure to save, print and embed; the live map is
    drawn by the browser. It is zoomed by its buttons and the wheel: a finger scrolls the page.
    """
    figure, labels = go.Figure(), atlas.labels
    xy = atlas.xy if xy is None else xy
    groups = [(_("samples"), np.arange(atlas.n))]
    if labels is not None and atlas.classes and by is None:
        groups = [(_plain(name), np.flatnonzero(labels == k)) for k, name in enumerate(atlas.classes)]
    colours = palette.DARK if dark else palette.LIGHT
    for k, (name, rows) in enumerate(groups):
        colour: dict[str, Any] = {"color": colours[k % len(colours)]}
        if len(groups) > len(colours):
            colour |= {"symbol": palette.symbol(k), "size": 6}
        if by is not None:
            bar = {"title": {"text": _plain(f"{by.title}, {by.unit}" if by.unit else by.title)}}
            colour = {"color": by.values(), "colorscale": "Viridis", "colorbar": bar}
        figure.add_scattergl(
            x=xy[rows, 0],
            y=xy[rows, 1],
            mode="markers",
            name=f"{name} ({number(len(rows))})",
            marker={"size": 4, "opacity": 0.75, **colour},
            customdata=atlas.index[rows],
            hovertemplate=f"{name} #%{{customdata}}<extra></extra>",
        )
    for name, (x, y) in marks.items():
        marker = {"size": 13, "color": ELBO, "symbol": "cross-thin", "line": {"width": 3, "color": ELBO}}
        place = {"x": [x], "y": [y], "text": [name], "textposition": "top center"}
        figure.add_scatter(**place, mode="markers+text", name=name, marker=marker, showlegend=False)
    hidden = {"visible": False}
    figure.update_yaxes(scaleanchor="x", **hidden)
    figure.update_xaxes(**hidden)
    return figure.update_layout(**STILL, height=height, margin=MARGIN, legend={"itemsizing": "constant"})


def effect_strip(evidence, height: int = 104) -> go.Figure:
    """Cohen's d of held-out rows with its interval, over those of random pairs of groups (grey) and along random
    directions (blue). evidence: of vae.latent.attributes."""
    figure = go.Figure()
    for name, values, colour in (
        (_("random groups"), evidence.null, QUIET),
        (_("random directions"), evidence.random, DISTORTION),
    ):
        figure.add_histogram(x=values, name=name, marker_color=colour, opacity=0.6, nbinsx=40, hoverinfo="skip")
    top = {"yref": "paper", "line": {"color": ELBO, "width": 3}}
    figure.add_shape(type="line", x0=evidence.low, x1=evidence.high, y0=0.5, y1=0.5, **top)
    figure.add_shape(type="line", x0=evidence.d, x1=evidence.d, y0=0.2, y1=0.8, **top)
    figure.add_annotation(x=evidence.d, y=0.82, yref="paper", yanchor="bottom", text="d", showarrow=False)
    figure.update_yaxes(visible=False, fixedrange=True)
    drawn = [evidence.low, evidence.d, evidence.high, *evidence.null, *evidence.random]
    figure.update_xaxes(range=spread(drawn), nticks=6, fixedrange=True)
    legend = {"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "font": {"size": 11}}
    margin = MARGIN | {"t": 24, "b": 24}
    return figure.update_layout(**STILL, height=height, margin=margin, barmode="overlay", bargap=0.05, legend=legend)
