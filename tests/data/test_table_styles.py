"""Tables with lines above them, titles, units, headers of numbers, own decimal signs, months by name, sentinels."""

from __future__ import annotations

import numpy as np
import pytest

from tests.data.test_own_tables import decided, own, read  # noqa: F401  # own: a fixture
from tests.data.test_own_text_tables import said, table, values
from vae.data.own.table_files import first_table
from vae.errors import SettingError

RNG = np.random.default_rng(0)
X = np.round(RNG.normal(size=(40, 3)), 3)
X = X[np.argsort(X[:, 0])]
ROWS = [",".join(map(str, row)) for row in X]


def reasons(found) -> dict[str, str]:
    return {d.name: d.why for d in found.preview.decisions}


def lines(*rows: str) -> str:
    return "\n".join(rows)


# ---------------------------------------------------------------- lines above


@pytest.mark.parametrize(
    ("above", "skip"),
    [
        (["Device: X100", "Serial: 5, made in Kiel", "Rate: 1000 Hz", "", "a,b,c"], 4),
        (["# made by a logger", "# a,b,c"], 1),
        (["# made by a logger", "a,b,c"], 1),
        (["#a,b,c"], 0),
        (["Experiment 7 - Results,,", ",,", "a,b,c"], 2),
        (["Device,X100,1", "Rate,1000,Hz", "", "a,b,c"], 3),
        (["a,b,c"], 0),
    ],
)
def test_where_the_table_starts(tmp_path, above, skip):
    found = table(tmp_path, lines(*above, *ROWS[:20], *(["# paused"] if skip else []), *ROWS[20:]))
    assert (decided(found)["skip"], found.preview.columns) == (str(skip), ("a", "b", "c"))
    np.testing.assert_allclose(values(found), X, atol=1e-4)
    assert ("1 line that starts with # is a comment and was left out." in said(found)) == bool(skip)


def test_lines_above_are_chosen_or_advised(tmp_path):
    text = lines("a,b,c", "x,y,z", *ROWS)
    assert table(tmp_path, text, skip="1").preview.columns == ("x", "y", "z")
    ragged = lines("1,2", "1,2,3,4", *ROWS[:3], "1,2")
    with pytest.raises(SettingError, match=r"cannot be read as CSV .*--skip N.*--rows series"):
        table(tmp_path, ragged)


def test_a_row_of_units(tmp_path):
    text = lines("a,b,c,site", "s,degC,hPa,", *(f"{row},{'xy'[i % 2]}" for i, row in enumerate(ROWS)))
    found = table(tmp_path, text)
    assert "The row under the header has the units of the columns: a: s, b: degC, c: hPa." in said(found)
    assert "lack" not in said(found)
    np.testing.assert_allclose(values(found), X, atol=1e-4)
    timed = table(tmp_path, lines("t,v", "s,hPa", *(f"{i},{i}.5" for i in range(200))), time_column="t", window=10)
    assert timed.preview.columns == ("v",)


@pytest.mark.parametrize(
    ("row", "units"), [("s,,hPa", ("s", "", "hPa")), ("s,-,", ("s", "", "")), ("s", ("s", "", ""))]
)
def test_columns_without_a_unit_in_a_row_of_units(tmp_path, row, units):
    found = table(tmp_path, lines("a,b,c", row, *ROWS))
    assert (len(found.samples.x_train) + len(found.samples.x_test), found.variables.units) == (len(ROWS), units)


def test_a_row_of_units_is_told_and_chosen(tmp_path):
    text = lines("a,b,c", "low,degC,", *ROWS, "low,1,2")
    found = table(tmp_path, text)
    assert "low, in the row under the header, is in other rows too" in reasons(found)["units"]
    assert "Cells that are no numbers count as missing: a: low; b: degC." in said(found)
    assert table(tmp_path, text, units="yes").variables.units == ("low", "degC", "")
    assert decided(table(tmp_path, lines("a,b,c", "s,degC,hPa", *ROWS), units="no"))["units"] == "no"
    with pytest.raises(
        SettingError, match="row of units under the header has 4 cells and the table 3 columns: s, degC, hPa, V"
    ):
        table(tmp_path, lines("a,b,c", "s,degC,hPa,V", *ROWS))


@pytest.mark.parametrize("above", [["a,b,c"], ["a,b,c", "s,degC,hPa"], ["# logger", "", "a,b,c", "# on"]])
def test_a_row_of_another_length_is_named_by_its_line(tmp_path, above):
    text = lines(*above, *ROWS[:9], ROWS[9] + ",4", *ROWS[10:])
    with pytest.raises(SettingError, match=rf"line {len(above) + 10}: expected 3 cells, got 4: "):
        table(tmp_path, text)


def test_a_column_that_may_be_the_label_is_named_with_its_flag(tmp_path):
    rows = [f"{row},{3 + i % 4}" for i, row in enumerate(ROWS)]
    note = "Column wine quality has few different values (4) and may be the label; to take it: --labels 'wine quality'."
    assert note in said(table(tmp_path, lines("a,b,c,wine quality", *rows)))
    assert "may be the label" not in said(table(tmp_path, lines("a,b,c,wine quality", *rows), labels="none"))
    counts = [",".join(str((i * k) % 7) for k in (1, 2, 3)) for i in range(40)]
    assert "may be the label" not in said(table(tmp_path, lines("a,b,c", *counts)))


@pytest.mark.parametrize("sign", [" ", ","])
def test_a_header_without_a_name_for_the_rows(tmp_path, sign):
    text = lines(f"a{sign}b{sign}c", *(f'"{i + 1}"{sign}{row.replace(",", sign)}' for i, row in enumerate(ROWS)))
    found = table(tmp_path, text, "t.txt")
    assert (decided(found)["skip"], found.preview.columns) == ("0", ("a", "b", "c"))
    assert "Column Unnamed: 0 only numbers the rows" in said(found)
    np.testing.assert_allclose(values(found), X, atol=1e-4)


def test_cells_that_start_as_comments_do(tmp_path):
    found = table(tmp_path, lines("#rgb,a,b,c", *(f"#{i:06x},{row}" for i, row in enumerate(ROWS))))
    np.testing.assert_allclose(values(found), X, atol=1e-4)
    assert "not numeric: rgb." in said(found)


def test_rows_of_unequal_length_are_series(tmp_path):
    rows = [X[i % 40, 0] + np.arange(30 - i % 3) for i in range(40)]
    text = lines(*(",".join(f"{v:.3f}" for v in row) for row in rows))
    found = table(tmp_path, text, rows="series")
    assert found.preview.shape == (1, 28)
    x = (found.samples.x_train * found.std[0] + found.mean[0])[:, 0]
    np.testing.assert_allclose(np.diff(x), 1, atol=1e-3)
    assert set(np.round(x[:, 0].astype(float), 3)) <= set(X[:, 0])


@pytest.mark.parametrize(
    ("sheets", "name"),
    [
        ({"README": [["see next sheet"]], "Data": [["a", "b"], *[[str(i), "0,5"] for i in range(9)]]}, "Data"),
        ({"Empty": [], "Notes": [["a"], ["b"]]}, "Notes"),
        ({"Plan": [["Version", "1.0"], ["Date", "x"]], "T": [["1"], ["2"], ["3"]]}, "T"),
    ],
)
def test_the_sheet_of_a_book(sheets, name):
    assert first_table(sheets)[0] == name


def test_a_sheet_is_chosen(tmp_path):
    pytest.importorskip("python_calamine")
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["see the next sheets"])
    for name in ("Data", "More"):
        sheet = book.create_sheet(name)
        for row in ([name, "b"], *([i + 0.5, f"0,{i + 100}"] for i in range(30))):
            sheet.append(row)
    book.save(tmp_path / "t.xlsx")
    found = read(tmp_path / "t.xlsx")
    assert (decided(found)["sheet"], found.preview.columns) == ("Data", ("Data", "b"))
    np.testing.assert_allclose(values(found), [[i + 0.5, (i + 100) / 1000] for i in range(30)], atol=1e-4)
    assert read(tmp_path / "t.xlsx", sheet="More").preview.columns == ("More", "b")


# ---------------------------------------------------------------- columns


def test_columns_without_a_name_are_kept(tmp_path):
    found = table(tmp_path, lines("a,,b", *ROWS))
    assert found.preview.columns == ("a", "Unnamed: 1", "b")
    np.testing.assert_allclose(values(found), X, atol=1e-4)
    assert "Unnamed: 1" in next(d for d in found.preview.decisions if d.name == "labels").options


@pytest.mark.parametrize("sign", [",", ";"])
def test_text_with_a_decimal_comma_beside_decimal_points(tmp_path, sign):
    def german(v: float) -> str:
        return f'"{v:.3f}"'.replace(".", ",")

    text = lines(sign.join("abc"), *(f"{german(a)}{sign}{b}{sign}{c}" for a, b, c in X))
    found = table(tmp_path, text)
    np.testing.assert_allclose(values(found), X, atol=1e-4)
    assert decided(found)["decimal"] == "point"
    assert "another decimal sign (comma), which alone fits their cells: a." in said(found)


def test_what_a_decimal_sign_leaves_open_is_told(tmp_path):
    found = table(tmp_path, lines("a;b", *(f"{i % 9 + 1}.234;{i % 7 + 1}.5{i % 9}0" for i in range(40))))
    assert "1.234 may be either" in reasons(found)["decimal"]
    found = table(tmp_path, lines("a;b", *(f"{i};{i % 9 + 1},234" for i in range(40))))
    assert "1,234 may also be thousands" in reasons(found)["decimal"]


def test_minus_signs_of_typography_and_units_in_cells(tmp_path):
    text = lines("a,b,c", *(f"{str(a).replace('-', chr(0x2212))},{b} %,${c}".replace("$-", "-$") for a, b, c in X))
    found = table(tmp_path, text)
    assert found.preview.columns == ("a", "b", "c")
    np.testing.assert_allclose(values(found), X, atol=1e-4)
    mixed = table(tmp_path, lines("a,b", *(f"{i},{i}{' %' if i % 2 else ''}" for i in range(40))))
    assert mixed.preview.columns == ("a",)


def test_infinity_is_called_so(tmp_path):
    found = table(tmp_path, lines("a,b", *(f"{'inf' if i == 5 else i + 0.5},{2 * i}" for i in range(40))))
    assert "Infinite values count as missing: a (1)." in said(found)


def test_a_number_for_missing_values(tmp_path):
    text = lines("a,b,c", *(f"{-999 if i % 20 == 5 else a},{b},{c}" for i, (a, b, c) in enumerate(X)))
    found = table(tmp_path, text)
    assert (decided(found)["missing"], found.preview.n_train + found.preview.n_test) == ("-999", 38)
    assert "Missing values: a (2)." in said(found)
    kept = table(tmp_path, text, missing="none")
    assert (kept.preview.low, kept.preview.n_train + kept.preview.n_test) == (-999, 40)
    other = table(tmp_path, lines("a,b,c", "7,7,7", *ROWS), missing="7")
    np.testing.assert_allclose(values(other), X, atol=1e-4)
    assert "missing" not in decided(table(tmp_path, lines("a,b,c", *ROWS)))
    with pytest.raises(SettingError, match="unknown missing value 'x'"):
        table(tmp_path, text, missing="x")


# ---------------------------------------------------------------- header


def test_ascending_numbers_are_a_header(tmp_path):
    rows = [f"C{i},{94.9 + i},{95 - i % 3},{93.5},{i % 7 + 90},{91 + i % 2}" for i in range(40)]
    found = table(tmp_path, lines("country,2000,2001,2002,2003,2004", *rows))
    assert found.preview.columns == ("2000", "2001", "2002", "2003", "2004")
    assert "ascending numbers, 2000 to 2004" in reasons(found)["header"]
    found = table(tmp_path, lines("400,410.5,421,431.5", *(",".join(map(str, x)) for x in RNG.normal(size=(40, 4)))))
    assert found.preview.columns == ("400", "410.5", "421", "431.5")
    rising = table(tmp_path, lines(*(f"{i},{i + 1},{i + 2},{i + 3}" for i in range(5, 45))))
    assert decided(rising)["header"] == "no"


# ---------------------------------------------------------------- labels


def test_a_label_divides_the_rows(tmp_path):
    rows = [f"{X[i % 40, 0] + i} {X[i % 40, 1] + i} {'pqr'[i % 3]}" for i in range(200)]
    found = table(tmp_path, lines("x y class", *rows), "t.txt")
    assert (decided(found)["labels"], found.preview.columns) == ("class", ("x", "y"))
    found = table(tmp_path, lines("x,y", *(f"{i}.5,{i * i}" for i in range(200))))
    assert (decided(found)["labels"], found.preview.columns) == ("none", ("x", "y"))
    assert reasons(found)["labels"] == "the values of y are almost all different"


def test_labels_beside_pixels_without_a_header(tmp_path):
    pixels = RNG.integers(0, 256, (60, 64))
    text = lines(*(",".join(map(str, [i % 3, *p])) for i, p in enumerate(pixels)))
    found = table(tmp_path, text)
    assert found.preview.labels == {"0": 20, "1": 20, "2": 20}
    assert "--size 8x8" in said(found)
    assert "--size" not in said(table(tmp_path, text, size=(8, 8)))


# ---------------------------------------------------------------- times


def test_rows_of_the_same_time_are_told_apart(tmp_path):
    rows = [f"s{s},{t * 0.02:.2f},{t + 1000 * s}" for s in range(4) for t in range(100)]
    for labels in ("", "subject"):
        found = table(tmp_path, lines("subject,time,acc", *rows), time_column="time", labels=labels, window=10)
        assert found.classes == ("s0", "s1", "s2", "s3")
        x = found.samples.x_train[:, 0] * found.std[0] + found.mean[0]
        np.testing.assert_allclose(np.diff(x), 1, atol=1e-2)
    one = table(tmp_path, lines("subject,time,acc", *rows), time_column="time", labels="none", window=10)
    assert "Several rows have the same time but are read as one series." in said(one)


@pytest.mark.parametrize("write", ["%d-%b-%Y %H:%M", "%b %d, %Y", "%d %B %y", "%a %d %b %Y"])
def test_months_by_name(tmp_path, write):
    days = np.arange("2024-01-20", "2024-12-01", dtype="datetime64[D]")
    rows = [f'"{d.item().strftime(write)}",{i}' for i, d in enumerate(days)]
    RNG.shuffle(rows)
    found = table(tmp_path, lines("date,v", *rows), time_column="date", window=10)
    x = found.samples.x_train[:, 0] * found.std[0] + found.mean[0]
    np.testing.assert_allclose(np.diff(x), 1, atol=1e-3)
    assert "vary" not in said(found)
    assert "dates" not in decided(found)


@pytest.mark.parametrize(
    ("dates", "order"),
    [
        ([f"{m:02d}/01/{y}" for y in range(2000, 2010) for m in range(1, 13)], "month"),
        ([f"{d:02d}/{m:02d}/2020" for m in range(1, 12) for d in range(1, 13)][:12], "day"),
        ([f"03/{d:02d}/24 {h}:00 PM" for d in range(1, 10) for h in range(1, 12)], "month"),
    ],
)
def test_of_two_orders_the_more_even_one(tmp_path, dates, order):
    rows = [f"{date},{i}" for i, date in enumerate(dates)]
    found = table(tmp_path, lines("date,v", *rows), time_column="date", window=2, stride=1, test_share=0.5)
    assert decided(found)["dates"] == order


def test_an_odd_time_costs_its_row(tmp_path):
    for cell, column in (
        ("err", list(range(100))),
        ("n.d.", [f"2024-01-01 {i // 60:02d}:{i % 60:02d}" for i in range(100)]),
    ):
        rows = [f"{cell if i == 40 else t},{i}" for i, t in enumerate(column)]
        found = table(tmp_path, lines("t,v", *rows), time_column="t", window=5, stride=5)
        assert "1 row without a time was left out." in said(found)
    with pytest.raises(SettingError, match=r"100 cells are none, such as 'q\d'.*What is read: 2024-03-01 12:00"):
        table(tmp_path, lines("t,v", *(f"q{i % 9},{i}" for i in range(100))), time_column="t")


def test_too_few_windows_name_what_to_choose(tmp_path):
    rows = [f"{i},{i}.5" for i in range(240)]
    found = table(tmp_path, lines("t,v", *rows), time_column="t")
    assert found.preview.n_train + found.preview.n_test >= 8
    with pytest.raises(SettingError, match=r"7 windows of 60 time steps, one every 30.*--window, --stride"):
        table(tmp_path, lines("t,v", *rows), time_column="t", window=60, stride=30)
