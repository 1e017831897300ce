"""An attribute of the app: what a group can be, what adding a direction changes, and what is said of weak ones."""

from __future__ import annotations

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.live.engines import engine as opened_engine
from app.panels.explore.attribute import changes, meaning, verdict
from app.state import attribute_groups
from app.state.studio import Studio, select
from tests.app.views.test_views import opened, state, words
from vae.errors import ShapeError
from vae.saved import directions
from vae.saved.directions import Named
from vae.studies import attribute
from vae.studies.point import point_of


@pytest.fixture
def engine(tiny_checkpoint):
    return opened_engine("tiny-vae")


@pytest.fixture
def studio(engine) -> Studio:
    return Studio(model="tiny-vae", point=point_of(engine.atlas.z[0], engine.atlas.xy[0], 0))


def of_class(engine, label: int) -> tuple[int, ...]:
    return tuple(int(i) for i in np.flatnonzero(engine.atlas.labels == label))


# ---------------------------------------------------------------- groups


def test_a_group_is_a_class_a_lasso_what_is_near_or_all_others(engine, studio):
    names = attribute_groups.offers(engine, studio, "group_a")
    assert names == [attribute_groups.NONE, attribute_groups.NEAREST, *engine.atlas.classes]
    assert attribute_groups.rows_of(engine, studio, "group_a", "3") == of_class(engine, 3)
    near = attribute_groups.rows_of(engine, studio, "group_a", attribute_groups.NEAREST)
    assert set(near) == set(engine.atlas.neighbours(engine.atlas.z[0], 50)[0].tolist())
    chosen = select(select(studio, (5, 2, 9)), of_class(engine, 3), "group_b")
    assert attribute_groups.offers(engine, chosen, "group_a")[1] == "the selection (3)"
    assert attribute_groups.rows_of(engine, chosen, "group_a", "the selection (3)") == (2, 5, 9)
    rest = attribute_groups.rows_of(engine, chosen, "group_a", attribute_groups.REST)
    assert sorted((*rest, *of_class(engine, 3))) == list(range(engine.atlas.n))
    assert attribute_groups.rows_of(engine, chosen, "group_b", attribute_groups.NONE) == ()
    with pytest.raises(ValueError, match="unknown group"):
        attribute_groups.rows_of(engine, studio, "group_a", "nobody")


def test_a_group_is_called_by_its_class_only_if_it_is_all_of_it(engine, studio):
    whole = of_class(engine, 3)
    assert attribute_groups.name_of(engine, select(studio, whole, "group_a"), "group_a") == "3"
    assert (
        attribute_groups.name_of(engine, select(studio, whole[1:], "group_a"), "group_a") == f"{len(whole) - 1} samples"
    )


# ---------------------------------------------------------------- what adding it changes


def test_the_judge_is_right_more_often_than_chance_and_votes_add_up(engine):
    judge = attribute.judge_of(engine)
    assert judge.right > 0.7
    votes = judge.votes(engine.atlas.thumbnails(np.arange(6)))
    assert votes.shape == (6, 10)
    np.testing.assert_allclose(votes.sum(1), 1)


def test_a_direction_between_two_digits_changes_the_answer_towards_a(monkeypatch):
    monkeypatch.delenv("ZSCOPE_CHECKPOINTS", raising=False)
    engine = opened_engine("digits-vae")  # the shipped one: what the tiny ones decode, no judge can tell apart
    a, b = of_class(engine, 0), of_class(engine, 1)
    u = attribute.direction(engine, a, b, "means")
    np.testing.assert_allclose(u, engine.atlas.z[list(a)].mean(0) - engine.atlas.z[list(b)].mean(0), atol=1e-5)
    found = attribute.attribute(engine, a, b, "means", [Named("self", tuple(map(float, u)))])
    before, after = found.change.votes
    assert before.argmax() == 1
    assert after[0] > before[0] + 0.3
    assert after[1] < before[1]
    assert 0 < found.change.pixels < 1
    assert all(0 <= share <= 1 for pair in (found.change.off_data, found.change.trust) for share in pair)
    assert found.change.others[0][0] == "self"
    assert found.change.others[0][1] > 1
    assert not found.evidence.weak
    assert "A real direction" in meaning(found.evidence)[0]
    assert verdict(found.evidence).startswith("**Strong**")
    assert f"[{found.evidence.low:.2f}, {found.evidence.high:.2f}]" in verdict(found.evidence)
    assert f"Added once to {found.change.n} held-out samples of 1" in changes(found, engine.atlas.classes, "1")


def test_two_random_halves_of_a_digit_are_called_weak(engine):
    rows = np.random.default_rng(3).permutation(of_class(engine, 4)).tolist()
    found = attribute.attribute(engine, rows[: len(rows) // 2], rows[len(rows) // 2 :], "means")
    assert found.evidence.weak
    assert "A weak direction" in meaning(found.evidence)[0]
    assert verdict(found.evidence).startswith(":orange[**Weak**]")


def test_a_small_group_is_refused_in_words(engine):
    with pytest.raises(ShapeError, match="group B: given 2 rows"):
        attribute.attribute(engine, of_class(engine, 0), (1, 2), "means")


# ---------------------------------------------------------------- the panel


def choose(at: AppTest, which: int, offer: str) -> AppTest:
    box = next(box for i, box in enumerate(b for b in at.selectbox if "of this" in b.label) if i == which)
    box.set_value(offer).run()
    assert not at.exception
    return at


def test_two_classes_give_a_direction_with_its_proof(tiny_checkpoint, engine):
    at = opened(model="tiny-vae", tool="attribute")
    assert "Choose two groups" in words(at)
    choose(choose(at, 0, "0"), 1, "1")
    assert state(at).group_a == of_class(engine, 0)
    text = words(at)
    assert "A real direction" in text
    assert text.index("**Strong**") < text.index("A real direction")
    assert "Classifier" in text
    assert "random pairs" in text
    assert len(at.get("plotly_chart")) == 1
    choose(at, 1, attribute_groups.REST)
    assert len(state(at).group_b) == engine.atlas.n - len(state(at).group_a)


def test_a_group_too_small_is_told_on_the_page(tiny_checkpoint, engine):
    at = opened(model="tiny-vae", tool="attribute", ga="", s="")
    at.session_state["zscope.studio"] = select(select(state(at), (1, 2), "group_a"), of_class(engine, 1), "group_b")
    at.run()
    assert not at.exception
    assert "given 2 rows" in at.info[0].value


def test_a_saved_directions_file_that_is_broken_is_told_and_the_page_stays(tmp_path, tiny_root, monkeypatch):
    import shutil

    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path))
    shutil.copytree(tiny_root / "tiny-vae", tmp_path / "tiny-vae")
    path = directions.file_of(opened_engine("tiny-vae").card)
    path.parent.mkdir()
    path.write_text("{")
    at = opened(model="tiny-vae").run()
    assert not at.exception
    assert "not a file of saved directions" in at.warning[0].value
