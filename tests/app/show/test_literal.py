"""Text of others, as Markdown that shows it as it is. The browser test of test_foreign_text_browser.py renders it."""

from __future__ import annotations

import pytest

from app.show.literal import literal


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("tiny-vae on Fashion-MNIST, snake_case, 3.5 (nats); a > b & c: d", None),  # nothing to escape
        ("![x](http://127.0.0.1:9/x.png)", r"!\[x\](http:color[\:]//127.0.0.1:9/x.png)"),
        ("<img src=x>", r"\<img src=x>"),
        ("[a](javascript:alert(1))", r"\[a\](javascript\:alert(1))"),
        ("**b** `c` ~~d~~ __e__ _f_", r"\*\*b\*\* \`c\` \~\~d\~\~ \_\_e\_\_ \_f\_"),
        (r"$\LaTeX$", r"\$\\LaTeX\$"),
        (":material/home: :smile:", r":color[\:]material/home: :color[\:]smile:"),
        ("see www.a.org or me@a.org", r"see www:color[\.]a.org or me:color[\@]a.org"),
        (":red[x]", r"\:red\[x\]"),
        ("&lt;b&gt;", r"\&lt;b\&gt;"),
        ("a -- b -> c", r"a \-:color[\-] b \-:color[\>] c"),
        ("# a", r"\# a"),
        ("12. a", r"12\. a"),
        ("- a", r"\- a"),
        ("> a", r"\> a"),
        ("a | b", r"a \| b"),
        ("a\n\n# b\r\n\tc", "a # b c"),
        ("", ""),
        (7, "7"),
    ],
)
def test_markdown_that_shows_the_text_itself(text, shown):
    assert literal(text) == (text if shown is None else shown)


def test_our_own_code_stays_code_in_a_message():
    assert literal("*x* run `python -m vae atlas a_` now", code=True) == r"\*x\* run `python -m vae atlas a_` now"
    assert literal("an odd ` one", code=True) == r"an odd \` one"
    assert literal("`a`") == r"\`a\`"
