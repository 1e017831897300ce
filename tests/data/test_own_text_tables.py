"""Tables of text as people write them: encodings, decimal signs, delimiters, headers, labels, odd cells, dates."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from tests.data.test_own_tables import decided, read
from vae.errors import SettingError

RNG = np.random.default_rng(0)


def table(tmp_path, text: str | bytes, name: str = "t.csv", **choices):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read(path, **choices)


def values(found) -> np.ndarray:
    """All samples in their own unit, sorted by the first column, (n, m)."""
    x = np.concatenate([found.samples.x_train, found.samples.x_test]) * np.array(found.std) + np.array(found.mean)
    return x[np.argsort(x[:, 0])]


def said(found) -> str:
    return " ".join(found.preview.notes)


# ---------------------------------------------------------------- encodings


@pytest.mark.parametrize(
    ("encoding", "mark", "name"),
    [
        ("latin-1", b"", "cp1252"),
        ("cp1252", b"", "cp1252"),
        ("utf-8", b"", "utf-8"),
        ("utf-8", b"\xef\xbb\xbf", "utf-8"),
        ("utf-16-le", b"\xff\xfe", "utf-16-le"),
        ("utf-16-be", b"\xfe\xff", "utf-16-be"),
        ("utf-16-le", b"", "utf-16-le"),
    ],
)
def test_letters_are_read_as_they_were_stored(tmp_path, encoding, mark, name):
    rows = "\n".join(f"{i}.5,{i},{'Käse' if i % 2 else 'Brot'}" for i in range(40))
    found = table(tmp_path, mark + ("größe,gewicht,label\n" + rows).encode(encoding))
    assert decided(found)["encoding"] == name
    assert found.preview.columns == ("größe", "gewicht")
    assert found.preview.labels == {"Brot": 20, "Käse": 20}
    np.testing.assert_allclose(values(found)[:, 0], np.arange(40) + 0.5, atol=1e-4)


def test_an_encoding_is_chosen_or_refused(tmp_path):
    text = ("größe,b\n" + "1,2\n3,4\n" * 20).encode()
    assert table(tmp_path, text, encoding="cp1252").preview.columns[0] == "grÃ¶ÃŸe"
    with pytest.raises(SettingError, match="not a text in utf-8: choose another encoding"):
        table(tmp_path, "größe,b\n1,2\n".encode("latin-1"), encoding="utf-8")


# ---------------------------------------------------------------- decimals and delimiters


@pytest.mark.parametrize("sign", [";", "\t", "|"])
@pytest.mark.parametrize("date", ["{:02d}.{:02d}.2020", ""])
def test_decimal_commas_beside_dates(tmp_path, sign, date):
    rows = [[*([date.format(i % 28 + 1, i % 12 + 1)] if date else []), f"{i},50", f"{2 * i},250"] for i in range(40)]
    head = [*(["datum"] if date else []), "temp", "druck"]
    found = table(tmp_path, "\n".join(sign.join(row) for row in [head, *rows]))
    assert found.preview.columns == ("temp", "druck")
    np.testing.assert_allclose(values(found), [[i + 0.5, 2 * i + 0.25] for i in range(40)], atol=1e-4)
    assert decided(found)["decimal"] == "comma"


@pytest.mark.parametrize(
    ("cells", "decimal", "numbers"),
    [
        (["1.234,5", "12,5", "1.234.567,25"], "comma", [1234.5, 12.5, 1234567.25]),
        (["1.234,5", "2.000", "7"], "comma", [1234.5, 2000, 7]),
        (["1,234.5", "12.5", "1,234,567.25"], "point", [1234.5, 12.5, 1234567.25]),
        (["1'234.5", "12.5", "2'000"], "point", [1234.5, 12.5, 2000]),
        (["1 234,5", "12,5", "2\u00a0000"], "comma", [1234.5, 12.5, 2000]),
        (["1,234", "2,345", "3,456"], "comma", [1.234, 2.345, 3.456]),  # not between commas, so not thousands
        (["1.234", "2.345", "3.456"], "point", [1.234, 2.345, 3.456]),
        (["+1,5e3", "-2,5", "0,5"], "comma", [1500, -2.5, 0.5]),
    ],
)
def test_thousands_and_decimals(tmp_path, cells, decimal, numbers):
    rows = "\n".join(f"{i};{cells[i % 3]}" for i in range(30))
    found = table(tmp_path, "a;b\n" + rows)
    assert decided(found)["decimal"] == decimal
    np.testing.assert_allclose(values(found)[:, 1], [numbers[i % 3] for i in range(30)], rtol=1e-4, atol=0.002)


def test_quoted_commas_between_commas(tmp_path):
    found = table(tmp_path, "a,b\n" + "\n".join(f'"{i},5","{2 * i},25"' for i in range(30)))
    np.testing.assert_allclose(values(found)[:, 1], 2 * np.arange(30) + 0.25, atol=1e-4)


def test_a_decimal_sign_and_a_delimiter_are_chosen(tmp_path):
    text = "a;b\n" + "\n".join(f"{i};{i % 9 + 1},234" for i in range(30))
    assert values(table(tmp_path, text))[0, 1] == pytest.approx(1.234)
    assert values(table(tmp_path, text, decimal="point"))[0, 1] == pytest.approx(1234)
    both = "\n".join(f"{i};{i},{i};{i}" for i in range(30))
    assert table(tmp_path, both, delimiter="semicolon", header="no").preview.shape == (3,)


def test_columns_of_spaces(tmp_path):
    text = "\n".join(f"  {i}.5   {i * i}  {i % 3} " for i in range(30))
    found = table(tmp_path, text, "t.dat")
    assert found.preview.shape == (3,)
    assert decided(found)["delimiter"] == "spaces"


@pytest.mark.parametrize("name", ["t.csv.gz", "t.tsv.gz", "T.CSV.GZ"])
def test_a_packed_table(tmp_path, name):
    sign = "\t" if "tsv" in name else ","
    found = table(
        tmp_path,
        gzip.compress(f"a{sign}b\n".encode() + b"".join(b"%d%s%d.5\n" % (i, sign.encode(), i) for i in range(20))),
        name,
    )
    np.testing.assert_allclose(values(found)[:, 1], np.arange(20) + 0.5, atol=1e-4)


def test_a_torn_packed_table(tmp_path):
    with pytest.raises(SettingError, match=r"t\.csv\.gz: the gzip data is damaged"):
        table(tmp_path, gzip.compress(b"a,b\n" + RNG.bytes(99))[:-20], "t.csv.gz")


# ---------------------------------------------------------------- header


@pytest.mark.parametrize(
    ("first", "rest", "header"),
    [
        ("5.1,3.5,rose", "4.9,3.0,lily", "no"),
        ("?,0.5", "1.5,2.5", "no"),
        ("1,2,3", "7,8,9", "yes"),  # counts the columns, as pandas does for an array
        (",0,1,2", "0,7.5,8,9", "yes"),
        ("10,20,30", "7,8,9", "no"),
        ("a,b,c", "1,2,3", "yes"),
        ("a,1990,1991", "x,2.5,3.5", "no"),
        ("id,1990,1991", "1,2.5,3.5", "yes"),
    ],
)
def test_whether_there_is_a_header(tmp_path, first, rest, header):
    text = first + "\n" + f"{rest}\n" * 40
    found = table(tmp_path, text, labels="none")
    assert decided(found)["header"] == header
    other = {"yes": "no", "no": "yes"}[header]
    changed = table(tmp_path, text, header=other, labels="none")
    n = found.preview.n_train + found.preview.n_test
    assert decided(changed)["header"] == other
    assert n == 40 + (header == "no" and "?" not in first)


# ---------------------------------------------------------------- labels


def test_labels_in_the_last_column_without_a_header(tmp_path):
    rows = [f"{','.join(f'{v:.1f}' for v in RNG.normal(5, 1, 4))},class-{i // 50}" for i in range(150)]
    found = table(tmp_path, "\n".join(rows))
    assert found.preview.n_train + found.preview.n_test == 150
    assert found.preview.labels == {f"class-{k}": 50 for k in range(3)}
    assert found.preview.shape == (4,)


@pytest.mark.parametrize("at", [0, -1])
def test_labels_that_are_numbers_at_either_end(tmp_path, at):
    cells = [[f"{v:.2f}" for v in RNG.normal(size=5)] for _ in range(60)]
    for i, row in enumerate(cells):
        row.insert(0 if at == 0 else len(row), str(i % 3 + 1))
    found = table(tmp_path, "\n".join(map(",".join, cells)))
    assert found.preview.labels == {"1": 20, "2": 20, "3": 20}
    assert table(tmp_path, "\n".join(map(",".join, cells)), labels="none").preview.shape == (6,)


def test_text_in_the_last_column_that_does_not_repeat_is_no_label(tmp_path):
    found = table(tmp_path, "a,b,note\n" + "".join(f"{i},{i}.5,note {i}\n" for i in range(40)))
    assert decided(found)["labels"] == "none"
    assert "not numeric: note" in said(found)


# ---------------------------------------------------------------- cells


@pytest.mark.parametrize("cell", ["n/a", "#N/A", "<NA>", "1.#QNAN", " ", "", "NaN"])
def test_words_for_nothing(tmp_path, cell):
    found = table(tmp_path, "a,b\n" + "\n".join(f"{cell if i == 50 else i + 0.5},{2 * i}" for i in range(200)))
    assert found.preview.columns == ("a", "b")
    assert found.preview.n_train + found.preview.n_test == 199
    assert "Missing values: a (1)" in said(found)


def test_an_odd_cell_is_told_and_its_row_left_out(tmp_path):
    found = table(tmp_path, "a,b\n" + "\n".join(f"{'broken' if i == 50 else i + 0.5},{2 * i}" for i in range(200)))
    assert found.preview.shape == (2,)
    assert found.preview.n_train + found.preview.n_test == 199
    assert "Cells that are no numbers count as missing: a: broken." in said(found)
    many = table(tmp_path, "a,b\n" + "\n".join(f"{'x' if i % 2 else i + 0.5},{2 * i}" for i in range(200)))
    assert many.preview.columns == ("b",)


def test_a_row_of_more_than_a_megabyte(tmp_path):
    head = ",".join(f"ENSG{i:0496d}" for i in range(2200))
    assert len(head) > 2**20
    found = table(tmp_path, head + "\n" + "\n".join(",".join(["0.0"] * 2200) for _ in range(10)))
    assert found.preview.shape == (2200,)
    assert found.preview.n_train + found.preview.n_test == 10


# ---------------------------------------------------------------- times


@pytest.mark.parametrize(
    ("pattern", "order"),
    [
        ("%d/%m/%Y", "day"), ("%d.%m.%Y", "day"), ("%m/%d/%Y", "month"), ("%Y/%m/%d", "year"), ("%d-%m-%y", "day"),
        ("%m/%d/%y %I:%M %p", "month"), ("%d.%m.%Y %H:%M:%S", "day"), ("%Y-%m-%d", None), ("%Y-%m-%dT%H:%M:%SZ", None),
    ],
)  # fmt: skip
def test_dates_in_the_orders_of_the_world(tmp_path, pattern, order):
    days = np.arange("2019-12-20", "2020-10-15", dtype="datetime64[D]")[:300]
    rows = [f"{d.item().strftime(pattern)},{i}.5" for i, d in enumerate(days)]
    RNG.shuffle(rows)
    found = table(tmp_path, "date,v\n" + "\n".join(rows), time_column="date", window=10, stride=10)
    assert decided(found).get("dates") == order
    x = found.samples.x_train[:, 0] * found.std[0] + found.mean[0]
    np.testing.assert_allclose(np.diff(x, axis=1), 1, atol=1e-3)
    assert not any("vary" in note for note in found.preview.notes)


def test_an_ambiguous_date_is_decided_by_the_order_of_rows_and_can_be_changed(tmp_path):
    rows = [f"{i % 12 + 1:02d}/{i // 12 + 1:02d}/2020,{i}" for i in range(96)]
    found = table(tmp_path, "date,v\n" + "\n".join(rows), time_column="date", window=8)
    assert decided(found)["dates"] == "day"
    assert (
        decided(table(tmp_path, "date,v\n" + "\n".join(rows), time_column="date", window=8, dates="month"))["dates"]
        == "month"
    )
    with pytest.raises(SettingError, match="is no date with the year first"):
        table(tmp_path, "date,v\n" + "\n".join(rows), time_column="date", window=8, dates="year")


@pytest.mark.parametrize(
    "said", ["{h:02d}:{m:02d}:{s:02d}", "{d} days {h:02d}:{m:02d}:{s:02d}.500", "{h}:{m:02d}:{s:02d}"]
)
def test_times_of_day_and_durations(tmp_path, said):
    rows = [f"{said.format(d=i // 86400, h=i // 3600, m=i // 60 % 60, s=i % 60)},{i}" for i in range(0, 9000, 30)]
    found = table(tmp_path, "t,v\n" + "\n".join(rows[::-1]), time_column="t", window=10)
    x = found.samples.x_train[:, 0] * found.std[0] + found.mean[0]
    np.testing.assert_allclose(np.diff(x, axis=1), 30, atol=1e-2)
