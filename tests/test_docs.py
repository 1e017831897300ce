"""The documents say what the program does: every name is in them, and what they tell to type runs."""

from __future__ import annotations

import argparse
import re
import shlex
from pathlib import Path

import pytest

from tests import odd_pictures
from vae.__main__ import main, parser
from vae.commands import docs
from vae.errors import DataNotFound, SettingError, UnknownName
from vae.registry import KINDS, datasets, families, metric_groups, modalities
from vae.settings import knobs
from vae.training.trainer import TrainHparams
from vae.types import ARTIFACTS

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = (ROOT / "docs/reference.md").read_text()
README, GUIDE = (ROOT / "README.md").read_text(), (ROOT / "docs/guide.md").read_text()
LINES = [*GUIDE.splitlines(), *README.splitlines()]
TYPED = list(dict.fromkeys(line.split("#")[0].strip() for line in LINES if line.startswith("python -m vae")))


def table(heading: str) -> dict[str, list[str]]:
    """Rows of the table below a heading of the reference, by the code in their first cell."""
    section = REFERENCE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [re.split(r"(?<!\\)\|", line)[1:-1] for line in section.splitlines() if line.startswith("| `")]
    return {row[0].strip().strip("`"): [cell.strip() for cell in row] for row in rows}


def test_the_tables_are_as_the_command_writes_them():
    for page in docs.PAGES:
        text = (ROOT / page).read_text()
        assert docs.filled(text) == text, f"{page}: run `python -m vae docs`"


def test_every_family_is_documented():
    assert set(table("Families")) == set(families())
    assert all(what for _, what, *_ in table("Families").values()), "a family without a summary"


def test_every_metric_group_is_documented():
    assert set(table("Metric groups")) == set(metric_groups())


def test_every_modality_is_documented():
    assert set(table("Modalities")) == set(modalities())


def test_every_setting_is_documented_with_each_default_and_help_that_it_has():
    section = REFERENCE.split("\n## Settings\n")[1].split("\n## ")[0].replace("\\|", "|")
    of = [f.Hparams for f in families().values()] + [TrainHparams]
    for name, k in ((name, k) for hparams in of for name, k in knobs(hparams).items()):
        default = k["default"] if k["type"] is str else f"{k['default']:g}"
        meaning = re.escape(k["help"]) + (rf" \(\[.*\]\(terms\.md#{k['term']}\)\)" if k["term"] else "")
        row = re.compile(rf"^\| `{name}` \| {re.escape(default)} \| .* \| {meaning} \|$", re.M)
        assert len(row.findall(section)) >= 1, name
    assert set(table("Settings")) == {name for hparams in of for name in knobs(hparams)}


def test_a_setting_that_families_mean_differently_has_a_row_for_each_meaning():
    rows = [line for line in docs.TABLES["settings"]().splitlines() if line.startswith("| `depth` ")]
    assert len(rows) == 2
    assert "all but" in rows[0]
    assert "| `vq_vae` |" in rows[1]


def test_every_data_set_is_documented():
    for name in datasets():
        assert name in table("Data sets")
        assert f"`{name}`" in (ROOT / "docs/data.md").read_text()


def test_pages_that_are_old_or_marked_wrongly_are_told(tmp_path, capsys):
    with pytest.raises(DataNotFound, match=r"guide\.md"):
        docs.write(argparse.Namespace(folder=tmp_path, check=True))
    (tmp_path / "docs").mkdir()
    for page in docs.PAGES:
        (tmp_path / page).write_text("<!-- table: kinds -->\nold\n<!-- end -->\nelse\n")
    assert main(["docs", str(tmp_path), "--check"]) == 1
    assert "old" in (tmp_path / "docs/guide.md").read_text()
    assert main(["docs", str(tmp_path)]) == 0
    assert main(["docs", str(tmp_path), "--check"]) == 0
    assert "all pages are up to date" in capsys.readouterr().out
    assert re.search(r"\| discrete \| `vq_vae` \|\n.*\nelse", (tmp_path / "docs/guide.md").read_text(), re.S)
    with pytest.raises(UnknownName, match="Did you mean 'kinds'"):
        docs.filled("<!-- table: kind -->\n<!-- end -->")
    with pytest.raises(SettingError, match="no end"):
        docs.filled("<!-- table: kinds -->")


def leaves(command: argparse.ArgumentParser, name: str = "") -> dict[str, argparse.ArgumentParser]:
    """Every command by its words, "train" or "data add"."""
    below = next((a for a in command._actions if isinstance(a, argparse._SubParsersAction)), None)
    if below is None:
        return {name: command}
    known = {word: c for word, c in below.choices.items() if word != "ladder"}  # the old name of sweep
    return {k: v for word, c in known.items() for k, v in leaves(c, f"{name} {word}".strip()).items()}


def test_every_command_and_flag_is_documented():
    commands = leaves(parser())
    named = re.compile("python -m vae ((?:data|checkpoint|runs|sweep|study) [a-z]+|[a-z]+)")
    lines = {named.match(key)[1]: key for key in table("Commands")}
    assert set(lines) == set(commands)
    for name, command in commands.items():
        line = lines[name]
        for action in command._actions:
            for flag in action.option_strings:
                assert flag in line or flag in ("-h", "--help"), (name, flag)


def test_every_artifact_kind_is_documented():
    assert set(table("Artifact kinds")) == set(ARTIFACTS)


def test_every_variable_is_documented():
    code = "".join(p.read_text() for folder in ("vae", "app") for p in (ROOT / folder).rglob("*.py"))
    assert set(re.findall(r"ZSCOPE_[A-Z_]+", code)) == set(table("Environment"))


@pytest.mark.parametrize("line", TYPED)
def test_commands_of_the_readme_and_the_guide_parse(line):
    parser().parse_args(shlex.split(line)[3:])


def test_commands_of_the_readme_and_the_guide_run(tmp_path, monkeypatch, tiny_root):
    assert len(TYPED) >= 5
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZSCOPE_OWN", str(tmp_path / "own"))
    odd_pictures.write(tmp_path / "flowers.zip")
    for line in TYPED:
        words = shlex.split(line)[3:]
        if words[0] in ("train", "runs"):
            continue  # trained for long enough by the tests of training
        if words[0] == "eval":
            monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tiny_root))
            words[1] = "tiny-vae"
        else:
            monkeypatch.delenv("ZSCOPE_CHECKPOINTS", raising=False)
        assert main(words) == 0, line


@pytest.mark.parametrize("page", [README, GUIDE], ids=["README", "guide"])
def test_python_of_the_readme_and_the_guide_runs(page, monkeypatch):
    monkeypatch.delenv("ZSCOPE_CHECKPOINTS", raising=False)
    names: dict = {}
    exec(page.split("```python\n")[1].split("```")[0], names)
    assert names["x"].shape == (4, 1, 28, 28)
    assert names["z_back"].shape == (4, 16)
    assert ((names["trust"] >= 0) & (names["trust"] <= 1)).all()


def test_the_guide_lists_every_family_once_under_its_kind():
    listed = {}
    for kind, names in re.findall(
        r"^\| ([a-z][a-z -]+) \| (.*) \|$", GUIDE.split("## Families")[1].split("\n## ")[0], re.M
    ):
        listed[kind] = re.findall(r"`(\w+)`", names)
    listed.pop("kind", None)
    assert list(listed) == list(KINDS)
    assert {kind: sorted(names) for kind, names in listed.items()} == {
        kind: [f.name for f in families().values() if f.kind == kind] for kind in KINDS
    }


def test_links_of_the_documents_lead_somewhere():
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/*.md")]:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"
