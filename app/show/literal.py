"""Text that somebody else wrote, shown as it is: names, titles, labels, file names, and messages that quote them."""

from __future__ import annotations

import re

MARKUP = re.compile(
    r"""(?P<symbol>(?<!\S)(?:<->|->|--|<-|>=|<=|~=)(?!\S))  # drawn as an arrow, a dash or another symbol
    | (?P<cut>:(?=[\w+-]+:|material/)                       # an icon or an emoji
        | :(?=//) | (?<=www)\. | (?<=[\w.+-])@(?=\w))       # an address
    | [\\`*~\[\]<$|] | &(?=\#?\w+;) | :(?=[A-Za-z])
    | (?<![^\W_])_ | _(?![^\W_])                            # within a word it has no meaning
    | ^[\#>+=-] | ^\d+[.)](?!\S)                            # a heading, a quote or a list
    """,
    re.VERBOSE,
)


def literal(text: object, *, code: bool = False) -> str:
    """Markdown of Streamlit that shows the text itself, in one line: no emphasis, link, picture, HTML, formula, icon or
    emoji comes of it. code: what stands between two backticks is shown as code, as in our own messages.

    Streamlit reads Markdown in bodies,
    labels, `help`, toasts, metrics, and options of radio buttons and segmented controls; not in options of a selectbox,
    values of fields, st.text, st.code and st.dataframe.
    """
    line = " ".join(str(text).split())
    parts = line.split("`")
    if code and len(parts) % 2:
        return "".join(f"`{part}`" if i % 2 and part else _escaped(part) for i, part in enumerate(parts))
    return _escaped(line)


def _escaped(line: str) -> str:
    return MARKUP.sub(_escape, line)


def _escape(found: re.Match) -> str:
    """A backslash is enough for Markdown itself. Shortcodes, symbols and addresses are looked for in what Markdown
    leaves, within one piece of text, so those are cut in two by a directive without any style."""
    text = found[0]
    if found["symbol"]:
        return f"\\{text[0]}:color[\\{text[1]}]{text[2:]}"
    return f":color[\\{text}]" if found["cut"] else f"{text[:-1]}\\{text[-1]}"
