"""Every text that a user reads is a message of the catalogue, and the catalogue is what the code says."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from docs import catalogue
from tests.test_layers import FILES

SENTENCE = re.compile(r"[A-Za-z]{2,}[\"'”)]?[,:;.?!]? [\"'“(]?[A-Za-z]{2,}[\"'”)]?[,:;.?!]? ?\S")
MARKUP = re.compile(r"</|;\s*$|^\s*[.#<*]|=>|^[\w.]+ -|^(from|import) |\\[bsw]|^\W*$|^[a-z_]+ [a-z_]+=")
COMMAND = re.compile(r"`?(python|\{\}) -m |(make|zscope) app|^ sweep train $|^views/\w+\.py$")
ENTRANCES = {"_", "N_", "ngettext", "knob"}
# what a programmer reads, not a user: arguments that no user gives, and the log
UNSEEN = {"ValueError", "TypeError", "KeyError", "AssertionError", "NotImplementedError", "RuntimeError", "LookupError"}
UNSEEN |= {"compile", "search", "match", "fullmatch", "sub", "debug", "getLogger", "RegistryError", "AttributeError"}
UNSEEN |= {"Estimate", "in_english"}  # a protocol, which is stored and compared
NAMES = {"paper", "cite", "formula", "kind"}  # keywords whose text is the same in every language
WIDGETS = {
    "Page", "badge", "button", "caption", "checkbox", "dialog", "download_button", "error", "expander", "file_uploader",
    "form_submit_button", "header", "info", "link_button", "metric", "multiselect", "number_input", "page_link",
    "pills", "popover", "radio", "segmented_control", "select_slider", "selectbox", "slider", "spinner",
    "status", "subheader",
    "success", "text_area", "text_input", "title", "toast", "toggle", "warning",
}  # fmt: skip
SHOWN = {"help", "label", "placeholder", "title", "note", "caption"}  # keywords whose text is shown
# file -> how the literals begin that are no messages, though they read like one
EXEMPT: dict[str, tuple[str, ...]] = {
    "app/browser/__init__.py": ("\n// The part itself",),  # JavaScript
    "app/state/generation.py": ("zscope generate",),  # the kind of a JSON file
    "app/state/links.py": ("zscope studio",),  # likewise
    "app/state/scripts.py": ("xy, trust = ", "{} = np.array", "print("),  # Python
    "app/state/training_form.py": (" runs start ",),  # a command
    # tables of the documents, which are in English
    "vae/commands/docs.py": ("true, false", "all but", "samples (train", ", written only", "quick preset"),
    "vae/data/own/shelf.py": ("your own:",),  # stored in checkpoints and compared
    "vae/data/sets/digits.py": ("https://",),  # stored in checkpoints
    "vae/data/sets/fashion_mnist.py": ("Ankle boot",),  # a class, as published
    "app/live/assets.py": ("export const ",),  # JavaScript
    "app/panels/train/theatre.py": ("GIF",),  # a format has no other name
    "app/show/figures.py": ("top center",),  # Plotly's
    "vae/runs/diagnosis.py": ("training diverged", "Resume with", "Restart with"),  # looked for in errors and advice
}


def literals(path: Path):
    """Each text of a file outside docstrings, comments, types and catalogue: (line, text, where it stands)."""
    tree = ast.parse(path.read_text("utf-8"))
    yield from _inside(tree, None)


def _inside(node: ast.AST, call: str | None, keyword: str | None = None, first: bool = False):
    """call: the name of the call whose argument a node is, keyword the argument's name, first: it is the first."""
    if isinstance(node, ast.Assert) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
        return
    if isinstance(node, ast.JoinedStr):
        text = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
        yield node.lineno, text, (call, keyword, first)
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                yield from _inside(part.value, None)
        return
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            yield node.lineno, node.value, (call, keyword, first)
        return
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        yield from _inside(node.func, None)
        if ast.unparse(node.func).startswith("_log."):
            return
        for place, argument in enumerate(node.args):
            if name in UNSEEN or (name in ENTRANCES and not (name == "knob" and place == 0)):
                continue
            yield from _inside(argument, name, None, place == 0)
        for given in node.keywords:
            if given.arg in NAMES or name in UNSEEN:
                continue
            yield from _inside(given.value, name, given.arg)
        return
    if isinstance(node, ast.AnnAssign | ast.arg) and node.annotation is not None:
        if isinstance(node, ast.AnnAssign) and node.value is not None:
            yield from _inside(node.value, None)
        return
    if isinstance(node, ast.Subscript):
        yield from _inside(node.value, None)
        return
    for child in ast.iter_child_nodes(node):
        yield from _inside(child, call if isinstance(node, ast.IfExp | ast.BinOp) else None, keyword, first)


def is_text(text: str, place: tuple[str | None, str | None, bool]) -> bool:
    """Whether a literal is for a user's eyes: it reads as a sentence, or goes where text is shown."""
    call, keyword, first = place
    if MARKUP.search(text) or COMMAND.match(text):
        return False
    if keyword in SHOWN or (first and call in WIDGETS):
        return re.search("[A-Za-z]{2}", re.sub(r":material/\w+:|\{\}", "", text)) is not None
    return SENTENCE.search(text) is not None


def outside(name: str) -> list[str]:
    found = [(line, text) for line, text, place in literals(FILES[name]) if is_text(text, place)]
    return [f"{name}:{line}: {text[:70]!r}" for line, text in found if not text.startswith(EXEMPT.get(name, ("\0",)))]


def test_text_for_users_is_in_the_catalogue():
    found = [text for name in FILES for text in outside(name)]
    assert not found, "pass these to _(), ngettext() or N_() of vae.text:\n" + "\n".join(found)


def nodes():
    """(file, node) for each node of the source."""
    for name, path in FILES.items():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            yield name, node


def test_no_function_both_translates_and_throws_away():
    """`for _ in ...` makes `_` a local name, and `_("...")` beside it fails when it runs."""
    for name, function in nodes():
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            uses = [node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id == "_"]
            calls = {id(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)}
            called = [node for node in uses if id(node) in calls]
            stored = [node for node in uses if isinstance(node.ctx, ast.Store)]
            assert not (called and stored), f"{name}:{stored[0].lineno}"


def test_no_message_is_written_inside_an_f_string():
    """Babel does not find it there: it would be missing in the catalogue."""
    for name, text in nodes():
        for call in ast.walk(text) if isinstance(text, ast.JoinedStr) else ():
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") in {"_", "ngettext"}:
                assert not isinstance(call.args[0], ast.Constant), f"{name}:{call.lineno}"


def test_the_catalogue_is_what_the_code_says():
    assert catalogue.PAGE.read_text("utf-8") == catalogue.written(), "run python -m docs.catalogue"


def test_a_literal_outside_is_found(tmp_path):
    file = tmp_path / "page.py"
    file.write_text('"""A page of it."""\nst.button("Train")\nx = "a sentence for a user"\ny = _("one more of them")\n')
    assert [(line, text) for line, text, place in literals(file) if is_text(text, place)] == [
        (2, "Train"),
        (3, "a sentence for a user"),
    ]


COUNTED = (
    r"(?:seconds|minutes|hours|days|models|runs|trainings|files|samples|values|labels|classes|steps|epochs|bytes|rows|"
    r"points|pictures|frames|waypoints|latents|numbers|windows|dimensions)"
)
COUNT = re.compile(r"\{(\w+)\}\**\s(?:(?:training|test|time|map|different|packed) )?" + COUNTED + r"\b(?!/s)")
LIMITS = {"most", "least", "max", "limit", "longest", "landmarks", "waypoints_max", "latents_max", "hours"}
# file -> how the messages begin whose number is never 1: a map has two points at least, a sweep two models
SEVERAL: dict[str, tuple[str, ...]] = {
    "app/browser/frame_strip/film.js": ("{name}: {tiles} frames",),
    "app/browser/latent_map/latent_map.js": ("Map of", "{fewer} of"),
    "app/browser/latent_map/search.js": ("Sample #",),
    "app/browser/picture_grid/picture_grid.js": ("{n} pictures",),
    "app/browser/theatre/theatre.js": ("Latent plane", "Map of", "{n} test samples"),
    "app/live/requests/__init__.py": ("frame of", "{name} payload"),  # of a protocol
    "app/live/requests/path.py": ("path payload",),
    "app/live/requests/stroke.py": ("stroke payload",),
    "app/live/requests/views.py": ("locate payload",),
    "app/panels/explore/draw.py": ("{model} takes {samples}",),
    "app/panels/interpolate/path.py": ("{n} frames side by side",),
    "vae/atlas/atlas.py": ("sample #",),
    "vae/atlas/building.py": ("the training diverged",),
    "vae/atlas/declared.py": ("at most {n}",),
    "vae/disk/guarded.py": ("its directory takes", "contains {n} files", "truncated or damaged"),
    "vae/disk/guarded_arrays.py": ("truncated or damaged",),
    "vae/commands/files.py": ("{name}: {reason} {model} takes {format}",),
    "vae/commands/data.py": ("{name}: {n_train} training",),
    "vae/commands/studies.py": ("{n} of {total} samples",),
    "vae/data/own/arrays.py": ("{name}: truncated",),
    "vae/data/own/rows.py": ("{n} samples of", "The labels were left out"),
    "vae/data/own/understand.py": ("{n} samples of",),
    "vae/data/published/store.py": ("more than {n} bytes", "{path}: not the published"),
    "vae/latent/aligned.py": ("latents: given",),
    "vae/latent/projector.py": ("given {latents} latents",),
    "vae/registry.py": ("{family} models samples",),
    "vae/runs/forecast.py": ("fewer than {steps}",),
    "vae/saved/checkpoint.py": ("{name}: {file} is not",),
    "vae/saved/schema.py": ("config.json: {given} class names",),
    "vae/sweeps/comparison.py": ("sweep {name}: {done} of",),
}


def test_a_number_of_things_is_told_in_the_form_that_it_takes():
    """ "1 seconds" is what a message without a plural form says."""
    wrong = [
        f"{file}: {message.id}"
        for message in catalogue.collected()
        if isinstance(message.id, str)
        for file, _line in message.locations
        if any(found[1] not in LIMITS for found in COUNT.finditer(message.id))
        and not message.id.startswith(SEVERAL.get(file, ("\0",)))
    ]
    assert not wrong
