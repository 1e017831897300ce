"""Records -> widgets: the header, messages, figures, pictures and downloads. Knows widgets, keeps no state."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import numpy as np
import pandas  # noqa: F401  plotly takes it from sys.modules, also half imported, as by another tab's thread
import streamlit as st
from jaxtyping import UInt8
from PIL import Image

from app.show import figures
from app.show.cards import (
    FIGURES,
    IN_USE,
    comparable,
    density,
    grouped,
    has_prior,
    in_use,
    merit,
    number,
    summary,
    width,
)
from vae.engine.engine import Engine
from vae.metrics.active import collapse_warning
from vae.metrics.latent import perplexity
from vae.modalities.image import tile
from vae.registry import FAMILIES, Family
from vae.settings import knobs
from vae.text import N_, _
from vae.training.resuming import told
from vae.training.trainer import TrainHparams

ROW_PX, GAP_PX = 96, 1  # of pictures in rows: the height to enlarge them to, and what is left between them before that
QUIET = {"displayModeBar": False}
TERMS = {  # macros of a family's formula: the word and the colour of each kind of term
    "D": ("distortion", figures.DISTORTION),
    "R": ("rate", figures.RATE),
    "O": (N_("what is new"), figures.ELBO),
}


def header(cards: Mapping[str, Mapping], picker: Callable[[list[str]], Mapping] | None) -> None:
    """The brand and the model picker, laid over the bar that holds the page names (style.css puts them there). picker:
    what ties a selectbox of those names to the model in use; None: there is none."""
    with st.container(key="zscope-header", horizontal=True):
        st.html('<span class="zscope-brand">z<b>scope</b></span>')
        if picker is not None:
            names = grouped(cards)
            st.selectbox(
                _("Model"),
                names,
                format_func=lambda name: f"{name}\u2002{summary(cards[name])}",
                label_visibility="collapsed",
                **picker(names),
            )


def problems(sentences: tuple[str, ...], dismiss: Callable[[], None]) -> None:
    """What went wrong with a link or a model, until it is closed."""
    if not sentences:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="zscope-problems"):
        said = "  \n".join(sentences)
        st.warning(said.replace("[", "\\["), icon=":material/warning:")
        st.button(_("Close"), on_click=dismiss, icon=":material/close:", type="tertiary")


def how_to_train() -> None:
    """The first page of an app without a model."""
    st.subheader(_("No model could be opened yet"))
    st.markdown(_("A checkpoint is a folder below `checkpoints/`. Train one, then reload this page:"))
    st.code(
        _(
            "python -m vae train vae digits --name digits-vae --epochs 20      # about a minute, no download\n"
            "python -m vae train vae fashion_mnist --name fashion-vae          # the default model\n"
            "python -m vae list checkpoints"
        ),
        language="bash",
    )


# ---------------------------------------------------------------- records


def rows(*several: UInt8[np.ndarray, "n c h w"]) -> None:
    """Rows of small pictures, enlarged smoothly, with the page between them. Each: uint8 (n, c, h, w)."""
    pictures = np.concatenate(several)
    gap = [(0, 0), (0, 0), (0, GAP_PX), (0, GAP_PX)]
    drawn = np.full_like(pictures[:, :1], 255)
    sheet, mask = (Image.fromarray(tile(np.pad(part, gap), len(several[0]))) for part in (pictures, drawn))
    sheet = sheet.convert("RGB")
    sheet.putalpha(mask)
    sheet = sheet.crop((0, 0, sheet.width - GAP_PX, sheet.height - GAP_PX))
    enlarge = max(1, ROW_PX // pictures.shape[2])
    st.image(sheet.resize((sheet.width * enlarge, sheet.height * enlarge), Image.Resampling.BICUBIC), width="stretch")


def metrics(card: Mapping) -> None:
    """The figures of merit that the card has, each with its unit, its sign and what it was measured on."""
    every = merit(card)
    shown = [figure for figure in every if figure.value is not None] or every
    with st.grid(len(shown), gap="small", min_column_width=120):
        for figure in shown:
            st.metric(figure.label, number(figure.value, figure.digits), help=figure.help, border=True)


def comparison(a: Mapping, b: Mapping) -> None:
    """The figures of merit of two cards beside each other, with their difference where one means something."""
    lines = [
        _("| test set | {name} | {name_2} | difference |", name=a["name"], name_2=b["name"]),
        "| --- | ---: | ---: | ---: |",
    ]
    for plain, one, two in zip(FIGURES, merit(a), merit(b), strict=True):
        x, y, digits = one.value, two.value, plain.digits
        if x is None and y is None:
            continue
        cells = [number(x, digits), number(y, digits)]
        difference = number(None, digits)
        if x is not None and y is not None and comparable(plain.key, a, b):
            if plain.better and x != y:
                best = 0 if (x > y) == (plain.better > 0) else 1
                cells[best] = f"**{cells[best]}**"
            difference = ("+" if y > x else "") + number(y - x, digits)
        label = plain.label if one.label != two.label else one.label
        lines.append(f"| {label} | {cells[0]} | {cells[1]} | {difference} |")
    st.markdown("\n".join(lines))
    if density(a) != density(b):
        each = "; ".join(_("{name}: {density}", name=card["name"], density=density(card)) for card in (a, b))
        st.caption(_("The nats are of different densities and do not compare. {each}.", each=each))


def idea(family: Family) -> None:
    """A family in three sentences, and what it minimises, each kind of term in the colour it has in every figure."""
    st.markdown(family.idea)
    with st.container(border=True, key="zscope-formula"):
        latex = re.sub(r"\\([DRO])\{", lambda m: rf"\textcolor{{{TERMS[m[1]][1]}}}{{", family.formula)
        st.latex(rf"\min \;\; {latex}")
        present = [kind for macro, kind in TERMS.items() if f"\\{macro}{{" in family.formula]
        st.markdown(" · ".join(f":color[{word}]{{foreground='{colour}'}}" for word, colour in present))


def latent_use(engine: Engine) -> bool:
    """A chart of what the latent is used for: codes of a codebook, or the rate of each dimension. False: there is none,
    and nothing was drawn."""
    rates, used = (engine.card.get("metrics") or {}).get("rate_per_dim_nats"), in_use(engine.card)
    if engine.n_codes:
        counts = np.bincount(engine.codes(engine.atlas.z).ravel(), minlength=engine.n_codes)
        st.markdown("##### Codebook")
        st.plotly_chart(figures.usage_bars(counts), config=QUIET)
        st.caption(
            _(
                "How often each of the {counts} codes is used by the samples of the map, most used first. "
                "{sum} are used at all; perplexity {perplexity:.0f}.",
                counts=len(counts),
                sum=(counts > 0).sum(),
                perplexity=perplexity(counts),
            )
        )
    elif rates:
        active = engine.atlas.active if used is None else np.array(used)
        why = (
            _("its mean hardly varies, so it carries nothing")
            if used is None
            else _(
                "at most {in_use} nats",
                in_use=IN_USE,
            )
        )
        st.markdown("##### Rate of each latent dimension")
        st.plotly_chart(figures.rate_bars(rates, active, engine.levels), config=QUIET)
        order = _(" Level 1 is the top.") if len(engine.levels) > 1 else ""
        st.caption(
            _(
                "KL(q(z|x) ‖ p(z)) of each, test set.{order}{value}",
                order=order,
                value="" if active.all() else f" Grey: {why}.",
            )
        )
    return bool(engine.n_codes or rates)


def no_latent_use(card: Mapping) -> None:
    """Why there is no such chart."""
    if (card.get("metrics") or {}).get("rate_nats") is not None:
        st.info(_("The rate of this family is no sum over dimensions."))
    elif has_prior(card):
        st.info(
            _(
                "Training measures the rate when it ends; `python -m vae eval {name}` prints it now.",
                name=card["name"],
            )
        )
    else:
        st.info(_("The code of a sample is a point, so there is no rate: it costs nothing and promises nothing."))


def training(engine: Engine, height: int) -> None:
    """The curves of every epoch."""
    st.markdown("##### Training")
    if engine.history:
        st.plotly_chart(figures.training_curve(engine.history, has_prior(engine.card), height), config=QUIET)
        long = max(r["epoch"] for r in engine.history) >= figures.SHORT
        steep = _(" A steep first tenth may leave its axis.") if long else ""
        st.caption(_("Nats a sample, by epoch; dotted: on the test set.{steep}", steep=steep))
    else:
        st.info(_("No history was kept with this checkpoint."))


def latent_map(atlas) -> None:
    """The map as a figure to keep: zoom, hide classes, save it as a picture."""
    st.markdown("##### Latent map")
    st.plotly_chart(figures.latent_map(atlas), config={"displaylogo": False, "scrollZoom": True})
    st.caption(
        _(
            "UMAP of the posterior means of {n} training samples. Explore decodes every place of it.",
            n=atlas.n,
        )
    )


def collapse(card: Mapping) -> None:
    """A warning where hardly any of the latent is used."""
    d, active = width(card), next(figure.value for figure in merit(card) if figure.key == "active_units")
    if not d or active is None or card.get("family") not in FAMILIES.all():
        return
    if said := collapse_warning(int(active), d, knobs(FAMILIES.get(card["family"]).Hparams)):
        st.warning(said, icon=":material/compress:")


def settings(card: Mapping) -> None:
    """Every setting the model was built and trained with, and what it means."""
    known = FAMILIES.all()
    meaning = knobs(known[card["family"]].Hparams) if card.get("family") in known else {}
    rows = [(name, value, meaning.get(name, {}).get("help", "")) for name, value in (card.get("hparams") or {}).items()]
    meaning = knobs(TrainHparams)
    rows += [(name, value, meaning.get(name, {}).get("help", "")) for name, value in (card.get("train") or {}).items()]
    st.dataframe(
        {"setting": [r[0] for r in rows], "value": [str(r[1]) for r in rows], _("what it is"): [r[2] for r in rows]},
        hide_index=True,
        height="content",
    )


def provenance(card: Mapping) -> None:
    """How to make this model again, and the proof that this is the one."""
    st.code(card.get("command", ""), language="bash", wrap_lines=True)
    if changes := card.get("changes"):
        st.caption(
            _("Resumed with other settings, of which the command has the last: ") + "; ".join(map(told, changes)) + "."
        )
    versions = " · ".join(
        _("{name} {version}", name=name, version=version) for name, version in (card.get("versions") or {}).items()
    )
    when = _("Imported {get}", get=card.get("created", ""))
    if card.get("epochs_done") is not None:
        when = _(
            "Trained {get}, seed {get_2}, {epochs_done} epochs",
            get=card.get("created", ""),
            get_2=card.get("seed"),
            epochs_done=card["epochs_done"],
        )
    st.caption(_("{when}  \n{versions}", when=when, versions=versions))
    hashes = "\n".join(f"{digest}  {name}" for name, digest in (card.get("files") or {}).items())
    with st.expander(_("SHA-256 of the files")):
        st.code(hashes, language=None)
