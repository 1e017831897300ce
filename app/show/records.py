"""Records -> widgets: the header, messages, figures, pictures. Knows widgets, has no state."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas  # noqa: F401  plotly takes it from sys.modules, also half imported, as by another tab's thread
import streamlit as st
from jaxtyping import UInt8
from PIL import Image

from app.show import figures, palette
from app.show.cards import clipping, grouped, has_prior, summary, traits, width
from app.show.literal import literal
from app.show.terms import meaning, more
from vae.engine.engine import Engine
from vae.metrics.active import ACTIVE_RATE, active_by_rate, collapse_warning
from vae.metrics.latent import perplexity
from vae.modalities.image import tile
from vae.registry import AS_IN_THE_PAPER, DATASETS, FAMILIES, OF_ALL_FAMILIES, Family
from vae.runs import forecast
from vae.saved.folders import root
from vae.settings import knobs
from vae.studies import stability
from vae.text import N_, _, duration, moment, ngettext, number
from vae.training.plan import Plan
from vae.training.resuming import told
from vae.training.trainer import TrainHparams

ROW_PX, GAP_PX = 96, 1  # of pictures in rows: the height to enlarge them to, and what is left between them before that
QUIET = {"displayModeBar": False}
QUICK = Plan("vae", "digits", {}, 20, name="digits-vae")  # the training that how_to_train proposes first
TERMS = {  # macros of a family's formula: name of each kind of term, and of its colour
    "D": (N_("distortion"), "distortion"),
    "R": (N_("rate"), "rate"),
    "O": (N_("other term"), "elbo"),
}


def header(
    cards: Mapping[str, Mapping],
    picker: Callable[[list[str]], Mapping] | None,
    pages: Sequence[st.Page],
    order: Callable[[list[str]], list[str]] = list,
) -> None:
    """The brand and the model picker, which style.css puts over the navigation bar, and links to the pages, which it
    shows below the bar where the window is narrow. picker: names -> the arguments that tie a selectbox to the model in
    use; None: there is no model. order: of the names, which are grouped before."""
    with st.container(key="zscope-header", horizontal=True):
        st.html('<span class="zscope-brand">z<b>scope</b></span>')
        if picker is not None:
            names = order(grouped(cards))
            st.selectbox(
                _("Model"),
                names,
                format_func=lambda name: f"{name}\u2002{summary(cards[name])}",
                label_visibility="collapsed",
                **picker(names),
            )
    with st.container(key="zscope-pages", horizontal=True, gap=None):
        for page in pages:
            st.page_link(page)


def problems(sentences: tuple[str, ...], dismiss: Callable[[], None]) -> None:
    """Problems with a link or a model, until the user closes them."""
    if not sentences:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="zscope-problems"):
        said = "  \n".join(literal(sentence, code=True) for sentence in sentences)
        st.warning(said, icon=":material/warning:")
        st.button(_("Close"), on_click=dismiss, icon=":material/close:", type="tertiary")


def how_to_train() -> None:
    """The page of an app without a model."""
    st.subheader(_("There is no model yet"))
    st.markdown(_("Models are folders in {folder}. Train one, then reload this page:", folder=literal(root().name)))
    first = [_("no download")]
    if known := forecast.known(QUICK):
        first.append(_("about {time} on this machine", time=duration(known.total_s(QUICK.epochs))))
    quick, default = ", ".join(first), _("the default model")
    st.code(
        f"python -m vae train vae digits --name digits-vae --epochs 20      # {quick}\n"
        f"python -m vae train vae fashion_mnist --name fashion-vae          # {default}\n"
        "python -m vae list checkpoints",
        language="bash",
        wrap_lines=True,
    )


def unreadable(reasons: Mapping[str, str]) -> None:
    """The checkpoints that cannot be read, each with the reason; nothing if there are none."""
    if not reasons:
        return
    title = ngettext("{n} checkpoint cannot be read", "{n} checkpoints cannot be read", len(reasons))
    with st.expander(title, icon=":material/warning:"):
        table = {_("checkpoint"): list(reasons), _("reason"): list(reasons.values())}
        st.dataframe(table, hide_index=True, height="content", row_height=None)


# ---------------------------------------------------------------- records


def rows(*several: UInt8[np.ndarray, "n c h w"], alt: str) -> None:
    """Rows of small pictures, enlarged smoothly, with transparent gaps. Each: uint8 (n, c, h, w). alt: for those who do
    not see them."""
    pictures = np.concatenate(several)
    gap = [(0, 0), (0, 0), (0, GAP_PX), (0, GAP_PX)]
    drawn = np.full_like(pictures[:, :1], 255)
    sheet, mask = (Image.fromarray(tile(np.pad(part, gap), len(several[0]))) for part in (pictures, drawn))
    sheet = sheet.convert("RGB")
    sheet.putalpha(mask)
    sheet = sheet.crop((0, 0, sheet.width - GAP_PX, sheet.height - GAP_PX))
    enlarge = max(1, ROW_PX // pictures.shape[2])
    enlarged = sheet.resize((sheet.width * enlarge, sheet.height * enlarge), Image.Resampling.BICUBIC)
    st.image(enlarged, width="stretch", alt=alt)


def counts(card: Mapping) -> str:
    """How many samples the model was trained, validated and tested on."""
    n, validation, test = card["spec"]["n_data"], card.get("validation", {}).get("n"), card["metrics"].get("n_test")
    said = [
        ngettext(
            "Trained on **{data}**, {n} sample",
            "Trained on **{data}**, {n} samples",
            n,
            data=literal(card["dataset"]),
        )
    ]
    if validation:
        said.append(ngettext("validated on {n}", "validated on {n}", validation))
    if test:
        said.append(ngettext("tested on {n}", "tested on {n}", test))
    if found := card.get("edits"):
        said.append(
            _(
                "edited: {dropped} dropped, {relabelled} relabelled, {test} in the test set (digest {digest})",
                dropped=number(found["dropped"]),
                relabelled=number(found["relabelled"]),
                test=number(found["test"]),
                digest=found["digest"][:8],
            )
        )
    return ", ".join(said)


def sources(card: Mapping) -> list[str]:
    """Licence, citation and origin of the data, as Markdown; only those of our own data sets have links."""
    facts = {key: card[f"data_{key}"] for key in ("licence", "cite", "origin")}
    ours = DATASETS.built_in().get(card["dataset"])
    return [fact if ours and getattr(ours, key) == fact else literal(fact) for key, fact in facts.items()]


def idea(family: Family) -> None:
    """A family in three sentences and the loss that it minimises, each kind of term in the colour of the figures."""
    st.markdown(_(family.idea))
    with st.container(border=True, key="zscope-formula"):
        ink = palette.INK_DARK if st.context.theme.type == "dark" else palette.INK_LIGHT
        latex = re.sub(r"\\([DRO])\{", lambda m: rf"\textcolor{{{ink[TERMS[m[1]][1]]}}}{{", family.formula)
        st.latex(rf"\min \;\; {latex}")
        words = {"O": _(family.other)} if family.other else {}
        terms = [(m, *term) for m, term in TERMS.items() if f"\\{m}{{" in family.formula]
        present = [(words.get(m, word), ink[symbol]) for m, word, symbol in terms]
        said = " · ".join(f":color[{_(word)}]{{foreground='{colour}'}}" for word, colour in present)
        st.markdown(said, help=f"{meaning('distortion')}\n\n{meaning('rate')}")
    if family.departures is not None:
        title = _("Departures from the paper")
        departures = " ".join(map(_, family.departures or (AS_IN_THE_PAPER,)))
        st.caption(f"**{title}** {departures} {_(OF_ALL_FAMILIES)}")


def latent_use(engine: Engine) -> bool:
    """A chart of how the latent is used: the codes of a codebook, or the rate of each dimension. Returns False if there
    is none."""
    rates = (engine.card.get("metrics") or {}).get("rate_per_dim_nats")
    if engine.n_codes:
        counts = np.bincount(engine.codes(engine.atlas.z).ravel(), minlength=engine.n_codes)
        st.markdown("##### " + _("Codebook"), help=meaning("perplexity"))
        st.plotly_chart(figures.usage_bars(counts), config=QUIET)
        st.caption(
            ngettext(
                "How often the {n} code is used by the samples of the map. Used at all: {used}; "
                "perplexity {perplexity}.",
                "How often each of the {n} codes is used by the samples of the map, most used first. "
                "Used at all: {used}; perplexity {perplexity}.",
                len(counts),
                used=number(int((counts > 0).sum())),
                perplexity=number(perplexity(counts)),
            )
        )
    elif rates:
        active = active_by_rate(rates)
        st.markdown("##### " + _("Rate of each latent dimension"), help=meaning("rate"))
        st.plotly_chart(figures.rate_bars(rates, active, engine.levels), config=QUIET)
        caption = [_("KL(q(z|x) ‖ p(z)) of each dimension on the test set.")]
        if len(engine.levels) > 1:
            caption.append(_("Level 1 is the top."))
        if not active.all():
            caption.append(_("Grey: inactive, at most {nats} nats.", nats=number(ACTIVE_RATE, 2)))
        st.caption(" ".join(caption))
    return bool(engine.n_codes or rates)


def no_latent_use(card: Mapping) -> None:
    """Why there is no chart of the latent."""
    if (card.get("metrics") or {}).get("rate_nats") is not None:
        st.info(_("The rate of this family is not a sum over dimensions."))
    elif has_prior(card):
        st.info(
            _(
                "The rate is measured at the end of training; `python -m vae eval {name}` measures it now.",
                name=literal(card["name"]),
            )
        )
    elif "energy" in traits(card):
        st.info(_("An energy-based model has no rate and no bound: log p(x) itself follows from its energy and log Z."))
    else:
        st.info(_("This model is deterministic: it has no rate and no bound."))


def training(engine: Engine, height: int) -> None:
    """The training curves."""
    st.markdown("##### " + _("Training"), help=meaning("validation-set"))
    if engine.history:
        st.plotly_chart(figures.training_curve(engine.history, has_prior(engine.card), height), config=QUIET)
        long = max(r["epoch"] for r in engine.history) >= figures.SHORT
        caption = _("Nats per sample at each epoch.")
        if any("validation_distortion_nats" in r for r in engine.history):
            caption = _("Nats per sample at each epoch; dotted: on the validation set.")
        elif any("test_distortion_nats" in r for r in engine.history):
            caption = _(
                "Nats per sample at each epoch; dotted: on the test set, as this model was trained without a "
                "validation set."
            )
        if long:
            caption += " " + _("The first 10% of training may run off the axis.")
        if clipped := clipping(engine.card):
            caption += " " + clipped
        st.caption(caption)
    else:
        st.info(_("This checkpoint has no training history: train the model again to see one. The command is below."))


def latent_map(atlas, card: Mapping) -> None:
    """The map as a Plotly figure: zoom, hide classes, save it as a picture."""
    st.markdown("##### " + _("Latent map"), help=meaning("map"))
    equal_latents(atlas)
    st.plotly_chart(
        figures.latent_map(atlas, dark=st.context.theme.type == "dark"),
        config={"displaylogo": False, "scrollZoom": True, "displayModeBar": True},
    )
    st.caption(
        ngettext(
            "UMAP of the posterior mean of {n} training sample. Explore decodes any point of it.",
            "UMAP of the posterior means of {n} training samples. Explore decodes any point of it.",
            atlas.n,
        )
    )
    if found := stability.of_card(card):
        st.caption(f"{stability.words(found)} {more('stability')}")
    else:
        command = f"`python -m vae atlas {card['name']} --stability`"
        st.caption(_("Does it hold? {command} fits it again, five times.", command=command))


def equal_latents(atlas) -> None:
    """A warning if all latents of a map are equal."""
    if atlas.warning:
        st.warning(atlas.warning, icon=":material/compress:")


def collapse(card: Mapping) -> None:
    """A warning if hardly any latent dimension is used."""
    d = width(card)
    if not d or card.get("family") not in FAMILIES.all():
        return
    if said := collapse_warning(card.get("metrics") or {}, d, knobs(FAMILIES.get(card["family"]).Hparams)):
        st.warning(said, icon=":material/compress:")


def settings(card: Mapping) -> None:
    """Every setting that the model was built and trained with, and what it means."""
    known = FAMILIES.all()
    meaning = knobs(known[card["family"]].Hparams) if card.get("family") in known else {}
    rows = [(name, value, meaning.get(name, {}).get("help", "")) for name, value in (card.get("hparams") or {}).items()]
    meaning = knobs(TrainHparams)
    rows += [(name, value, meaning.get(name, {}).get("help", "")) for name, value in (card.get("train") or {}).items()]
    st.dataframe(
        {
            _("setting"): [r[0] for r in rows],
            _("value"): [str(r[1]) for r in rows],
            _("meaning"): [_(r[2]) for r in rows],
        },
        hide_index=True,
        height="content",
    )


def provenance(card: Mapping) -> None:
    """The command that trains this model again, versions, and the hashes of its files."""
    st.code(card.get("command", ""), language="bash", wrap_lines=True)
    if changes := card.get("changes"):
        st.caption(
            _(
                "Resumed with changed settings; the command has the last ones. {changes}.",
                changes=literal("; ".join(map(told, changes))),
            )
        )
    versions = literal(" · ".join(f"{name} {version}" for name, version in card["versions"].items()))
    created = moment(card["created"]) if card.get("created") else ""
    when = _("Imported {date}", date=created)
    if card.get("epochs_done") is not None:
        when = ngettext(
            "Trained {date}, seed {seed}, {n} epoch",
            "Trained {date}, seed {seed}, {n} epochs",
            card["epochs_done"],
            date=created,
            seed=card.get("seed"),
        )
    st.caption(f"{when}  \n{versions}")
    hashes = "\n".join(f"{digest}  {name}" for name, digest in (card.get("files") or {}).items())
    with st.expander(_("SHA-256 of the files")):
        st.code(hashes, language=None, wrap_lines=True)
