"""Records -> widgets: the header, messages, figures, pictures and downloads. Knows widgets, keeps no state."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import numpy as np
import streamlit as st
from jaxtyping import UInt8
from PIL import Image

from app import figures
from vae.metrics.latent import collapse_warning
from vae.modalities.image import tile
from vae.registry import FAMILIES, MODALITIES, Family, knobs
from vae.train import TrainHparams

ROW_PX, GAP_PX = 96, 1  # of pictures in rows: the height to enlarge them to, and what is left between them before that
MINUS = "−"
FIGURES = (  # of merit: label, key in a card's metrics, digits, which way is better (0: neither), what it is
    ("elbo, nats", "elbo_nats", 1, 1, "Evidence lower bound, −distortion − rate. Higher is better."),
    ("distortion, nats", "distortion_nats", 1, 0, "−E log p(x|z). A density over values, so it may be negative."),
    ("rate, nats", "rate_nats", 1, 0, "KL(q(z|x) ‖ p(z)): what the code costs."),
    ("nll, nats", "nll_nats", 1, -1, "Importance-weighted bound on −log p(x). Lower is better."),
    ("active units", "active_units", 0, 0, "Dimensions whose posterior mean has a variance above 0.01."),
    ("mse", "mse", 4, -1, "Squared error of the decoded mean, a value (a pixel: 0 to 1). Lower is better."),
)
KINDS = {  # macros of a family's formula: the word and the colour of each kind of term
    "D": ("distortion", figures.DISTORTION),
    "R": ("rate", figures.RATE),
    "O": ("what is new", figures.ELBO),
}
TRAITS = ("deterministic", "conditional", "discrete", "hierarchical", "adversarial", "sequential")  # kinds, in order
IN_NATS = ("elbo_nats", "distortion_nats", "nll_nats")  # densities of x: comparable for one kind of likelihood alone


def header(cards: Mapping[str, Mapping], picker: Mapping | None) -> None:
    """The brand and the model picker, laid over the bar that holds the page names (style.css puts them there)."""
    with st.container(key="zscope-header", horizontal=True):
        st.html('<span class="zscope-brand">z<b>scope</b></span>')
        if picker is not None:
            st.selectbox(
                "Model",
                grouped(cards),
                format_func=lambda name: f"{name}\u2002{summary(cards[name])}",
                label_visibility="collapsed",
                **picker,
            )


def grouped(cards: Mapping[str, Mapping]) -> list[str]:
    """Names with like models side by side: by data set, then by kind of family, then by name; broken ones last."""
    known = FAMILIES.all()

    def place(name: str) -> tuple:
        card = cards[name]
        traits = known[card["family"]].traits if card.get("family") in known else set()
        kind = next((i for i, trait in enumerate(TRAITS) if trait in traits), -1)
        return (not card, str(card.get("dataset")), kind, str(card.get("family")), name)

    return sorted(cards, key=place)


def summary(card: Mapping) -> str:
    """One line on a model: family, latent dimensions, and its bound or error on the test set."""
    if not card:
        return "cannot be read"
    metrics = card.get("metrics") or {}
    parts = [str(card.get("family", "")).upper().replace("_", "-")]
    if d := len(metrics.get("rate_per_dim_nats") or ()) or (card.get("hparams") or {}).get("d"):
        parts.append(f"d {d}")
    if metrics.get("elbo_nats") is not None and has_prior(card):
        parts.append(f"elbo {number(metrics['elbo_nats'], 1)} nats")
    elif metrics.get("mse") is not None:
        parts.append(f"mse {metrics['mse']:.4f}")
    return " · ".join(parts)


def has_prior(card: Mapping) -> bool:
    """Whether codes are draws from a posterior, so that rate and elbo mean something; not so of an autoencoder."""
    family = FAMILIES.all().get(card.get("family"))
    return family is None or "deterministic" not in family.traits


def number(value: float | None, digits: int) -> str:
    """A figure for people: fixed digits, thin spaces between thousands, a true minus; a dash where there is none."""
    if value is None:
        return "–"
    return f"{value:,.{digits}f}".replace(",", "\u2009").replace("-", MINUS)


def problems(sentences: tuple[str, ...], dismiss: Callable[[], None]) -> None:
    """What went wrong with a link or a model, until it is closed."""
    if not sentences:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="zscope-problems"):
        said = "  \n".join(sentences)
        st.warning(said.replace("[", "\\["), icon=":material/warning:")
        st.button("Close", on_click=dismiss, icon=":material/close:", type="tertiary")


def how_to_train() -> None:
    """The first page of an app without a model."""
    st.subheader("No model could be opened yet")
    st.markdown("A checkpoint is a folder below `checkpoints/`. Train one, then reload this page:")
    st.code(
        "python -m vae train vae digits --name digits-vae --epochs 20      # about a minute, no download\n"
        "python -m vae train vae fashion_mnist --name fashion-vae          # the default model\n"
        "python -m vae list checkpoints",
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
    """The figures of merit, each with its unit, its sign and what it was measured on."""
    m = dict(card.get("metrics") or {})
    if not has_prior(card):
        m |= {"elbo_nats": None, "rate_nats": None}
    d = len(m.get("rate_per_dim_nats") or ()) or (card.get("hparams") or {}).get("d")
    n = number(m.get("n_test"), 0)
    more = {"nll_nats": f" (k = {m['nll_k']})" if m.get("nll_k") else "", "active_units": f", of {d}" if d else ""}
    with st.grid(len(FIGURES), gap="small", min_column_width=120):
        for label, key, digits, _, help in FIGURES:
            label += more.get(key, "")
            st.metric(label, number(m.get(key), digits), help=f"{help} Test set, n = {n}.", border=True)


def comparison(a: Mapping, b: Mapping) -> None:
    """The figures of merit of two cards beside each other, with their difference where one means something."""
    one, two = (card.get("metrics") or {} for card in (a, b))
    kinds = [likelihood(card) for card in (a, b)]
    lines = [f"| test set | {a['name']} | {b['name']} | difference |", "| --- | ---: | ---: | ---: |"]
    for label, key, digits, better, _ in FIGURES:
        x, y = one.get(key), two.get(key)
        known = x is not None and y is not None and (key not in IN_NATS or kinds[0] == kinds[1])
        cells = [number(x, digits), number(y, digits)]
        if known and better and x != y:
            best = 0 if (x > y) == (better > 0) else 1
            cells[best] = f"**{cells[best]}**"
        difference = ("+" if known and y > x else "") + number(y - x if known else None, digits)
        lines.append(f"| {label} | {cells[0]} | {cells[1]} | {difference} |")
    st.markdown("\n".join(lines))
    if kinds[0] != kinds[1]:
        st.caption(f"{kinds[0]} and {kinds[1]} are densities of different things: their nats do not compare.")


def likelihood(card: Mapping) -> str:
    """What a model says its samples are distributed as; a family without the choice takes what its modality has."""
    modality = MODALITIES.get((card.get("spec") or {}).get("modality", "image"))
    return (card.get("hparams") or {}).get("likelihood", modality.likelihood)


def idea(family: Family) -> None:
    """A family in three sentences, and what it minimises, each kind of term in the colour it has in every figure."""
    words, formula = st.columns([6, 7], gap="medium", vertical_alignment="center")
    with words:
        st.markdown(family.idea)
    with formula, st.container(border=True):
        latex = re.sub(r"\\([DRO])\{", lambda m: rf"\textcolor{{{KINDS[m[1]][1]}}}{{", family.formula)
        st.latex(rf"\min \;\; {latex}")
        present = [kind for macro, kind in KINDS.items() if f"\\{macro}{{" in family.formula]
        st.markdown(" · ".join(f":color[{word}]{{foreground='{colour}'}}" for word, colour in present))


def collapse(card: Mapping) -> None:
    """A warning where hardly any of the latent is used."""
    d = (card.get("hparams") or {}).get("d")
    active = (card.get("metrics") or {}).get("active_units")
    if not d or active is None or card.get("family") not in FAMILIES.all():
        return
    if said := collapse_warning(active, d, knobs(FAMILIES.get(card["family"]).Hparams)):
        st.warning(said, icon=":material/compress:")


def settings(card: Mapping) -> None:
    """Every setting the model was built and trained with, and what it means."""
    known = FAMILIES.all()
    meaning = knobs(known[card["family"]].Hparams) if card.get("family") in known else {}
    rows = [(name, value, meaning.get(name, {}).get("help", "")) for name, value in (card.get("hparams") or {}).items()]
    meaning = knobs(TrainHparams)
    rows += [(name, value, meaning.get(name, {}).get("help", "")) for name, value in (card.get("train") or {}).items()]
    st.dataframe(
        {"setting": [r[0] for r in rows], "value": [str(r[1]) for r in rows], "what it is": [r[2] for r in rows]},
        hide_index=True,
        height="content",
    )


def provenance(card: Mapping) -> None:
    """How to make this model again, and the proof that this is the one."""
    st.code(card.get("command", ""), language="bash", wrap_lines=True)
    versions = " · ".join(f"{name} {version}" for name, version in (card.get("versions") or {}).items())
    when = f"Trained {card.get('created', '')}, seed {card.get('seed')}, {card.get('epochs_done')} epochs"
    st.caption(f"{when}  \n{versions}")
    hashes = "\n".join(f"{digest}  {name}" for name, digest in (card.get("files") or {}).items())
    with st.expander("SHA-256 of the files"):
        st.code(hashes, language=None)
