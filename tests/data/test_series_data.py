"""The series data sets, on small made-up files of the same formats and, where they are at hand, on the real ones."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import replace

import numpy as np
import pytest

from vae.data.published import store
from vae.data.published.store import File
from vae.data.published.wfdb import CODES, read_212, read_beats
from vae.data.sets import ecg_beats, sp500_returns
from vae.errors import DataCorrupt
from vae.registry import DATASETS

N = 12_000  # samples of the made-up record


def present(name: str):
    if store.locate(name) is None:
        pytest.skip(f"{name}: {store.availability(name)}; set ZSCOPE_DATA to test it")
    return DATASETS.get(name).load()


def pack_212(signal: np.ndarray) -> bytes:
    """The inverse of read_212."""
    a, b = (signal.astype(int) & 0xFFF).reshape(-1, 2).T
    return np.stack([a & 0xFF, (a >> 8) | (b >> 8) << 4, b & 0xFF], 1).astype(np.uint8).tobytes()


def pack_beats(places: list[int], symbols: list[str]) -> bytes:
    """An annotation file with a text, a subtype and a rhythm mark between the beats, and long steps where needed."""
    codes = {symbol: code for code, symbol in CODES.items()}
    words, time = [28 << 10 | 0, 63 << 10 | 3, 0x4E28, 0x0000], 0  # rhythm mark at 0 with a text of three bytes
    for place, symbol in zip(places, symbols, strict=True):
        step, time = place - time, place
        if step > 1023:
            words += [59 << 10, step >> 16, step & 0xFFFF]
            step = 0
        words += [codes[symbol] << 10 | step, 61 << 10 | 5]
    return np.array([*words, 0], "<u2").tobytes()


def record() -> tuple[np.ndarray, list[int], list[str]]:
    """A beat every 300 samples with a peak of 1 mV at its mark, every tenth one early."""
    places = list(range(200, N - 100, 300))
    symbols = ["A" if i % 10 == 9 else "N" for i in range(len(places))]
    symbols[4] = "V"
    signal = np.full((N, 2), 1024) + np.random.default_rng(0).integers(-9, 10, (N, 2))
    for place in places:
        signal[place - 2 : place + 3] += [[200, -100]]
    return signal, places, symbols


def served(monkeypatch, tmp_path, module, payloads: dict[str, bytes]) -> None:
    """The module's SOURCE as if these were its published files, found in ZSCOPE_DATA."""
    files = []
    for file in module.SOURCE.files:
        data = payloads[file.name]
        digest = hashlib.sha256(data).hexdigest()
        packed = gzip.compress(data) if file.name.endswith(".gz") else data
        files.append(File(file.name, len(packed), len(data), digest))
        folder = tmp_path / module.SOURCE.folders[0]
        folder.mkdir(exist_ok=True)
        (folder / file.name).write_bytes(packed)
    monkeypatch.setattr(module, "SOURCE", replace(module.SOURCE, files=tuple(files), mirrors=("http://127.0.0.1:9/",)))
    monkeypatch.setenv("ZSCOPE_DATA", str(tmp_path))
    monkeypatch.setenv("ZSCOPE_CACHE", str(tmp_path / "cache"))


# ---------------------------------------------------------------- the format of a record


def test_signals_in_format_212_come_back():
    signal = np.random.default_rng(0).integers(-2048, 2048, (600, 2))
    assert np.array_equal(read_212(pack_212(signal), 2), signal)
    extremes = np.array([[-2048, 2047], [-1, 0], [1, -2]])
    assert np.array_equal(read_212(pack_212(extremes), 2), extremes)


@pytest.mark.parametrize("data", [b"", b"1234", b"123456789"])
def test_what_is_no_signal_is_refused(data):
    with pytest.raises(DataCorrupt, match=f"{len(data)} bytes, expected a multiple of 3"):
        read_212(data, 4)


def test_beats_are_read_past_marks_texts_and_long_steps():
    places, symbols = [77, 370, 5000, 200_000, 200_001], ["N", "A", "V", "N", "F"]
    found, names = read_beats(pack_beats(places, symbols))
    assert found.tolist() == places
    assert names.tolist() == symbols


def test_annotations_cut_short_are_refused():
    with pytest.raises(DataCorrupt, match="without an end mark"):
        read_beats(pack_beats([10, 20], ["N", "N"])[:-2])


# ---------------------------------------------------------------- ecg_beats


def test_beats_are_cut_around_their_marks_from_files(monkeypatch, tmp_path):
    signal, places, symbols = record()
    served(monkeypatch, tmp_path, ecg_beats, {"100.dat": pack_212(signal), "100.atr": pack_beats(places, symbols)})
    assert store.locate("ecg_beats") == tmp_path / "mitdb"
    samples = DATASETS.get("ecg_beats").load()
    assert samples.x_train.shape[1:] == samples.x_test.shape[1:] == (2, 128)
    border = 0.75 * N
    train = [i for i, p in enumerate(places) if p >= 96 and p + 160 <= border and i != 4]
    test = [i for i, p in enumerate(places) if p - 96 >= border and p + 160 <= N]
    assert samples.y_train.tolist() == [int(symbols[i] == "A") for i in train]
    assert samples.y_test.tolist() == [int(symbols[i] == "A") for i in test]
    assert (samples.x_train[:, 0].argmax(1) == 48).all() or set(samples.x_train[:, 0].argmax(1)) <= {47, 48, 49}
    assert set(samples.x_test[:, 1].argmin(1)) <= {47, 48, 49}
    for c in range(2):  # each lead by itself, by the training set
        assert samples.x_train[:, c].mean() == pytest.approx(0, abs=1e-4)
        assert samples.x_train[:, c].std() == pytest.approx(1, abs=1e-4)


def test_no_moment_of_the_recording_is_on_both_sides():
    """A signal that counts: every value names its time."""
    clock = np.stack([np.arange(N)] * 2, 1)
    places = np.arange(200, N - 200, 100)  # so near to each other that their windows overlap
    samples = ecg_beats.cut(clock, places, np.full(len(places), "N"))
    assert samples.x_train.max() < samples.x_test.min()
    assert len(samples.x_train) + len(samples.x_test) < len(places)  # those across the border are left out


def test_the_real_record_has_the_published_beats():
    samples = present("ecg_beats")
    assert np.bincount(samples.y_train).tolist() == [1678, 24]
    assert np.bincount(samples.y_test).tolist() == [558, 9]
    middle = samples.x_train[:, 0].argmax(1)
    assert np.mean(np.abs(middle - 48) <= 3) > 0.99  # the R peak is where the cardiologists put their mark


# ---------------------------------------------------------------- sp500_returns


def prices(names: list[str], days: int, start: str = "1995-11-01") -> tuple[np.ndarray, np.ndarray]:
    """Dates, and prices whose log-return on day i is i / 1000 for every stock, by its place."""
    dates = np.datetime64(start, "D") + 7 * np.arange(days)  # weekly, so that a few rows span the split
    steps = np.arange(days)[:, None] * 1e-5 * (1 + np.arange(len(names)))
    return dates, np.exp(np.cumsum(steps, 0))


def test_returns_are_cut_by_time_from_a_file(monkeypatch, tmp_path):
    names = ["AAPL", "XOM", "JPM"]
    dates, p = prices(names, 1400)
    lines = [",".join(["Date", *names])] + [
        ",".join([str(d), *(f"{v:.17g}" for v in row)]) for d, row in zip(dates, p, strict=True)
    ]
    served(monkeypatch, tmp_path, sp500_returns, {"sp500_dataset.csv.gz": "\n".join(lines).encode()})
    samples = DATASETS.get("sp500_returns").load()
    days = dates[1:]
    inside = (days >= np.datetime64("1996-01-01")) & (days < np.datetime64("2015-01-01"))
    train = np.diff(np.log(p), axis=0)[inside]
    assert samples.x_train.shape == (3 * ((len(train) - 64) // 16 + 1), 1, 64)
    mean, std = train.mean(), train.std()
    first = samples.x_train[: len(samples.x_train) // 3]  # windows of the first stock, in the order of time
    assert np.allclose(first[0, 0] * std + mean, train[:64, 0], atol=1e-6)
    assert np.allclose(first[1, 0] * std + mean, train[16:80, 0], atol=1e-6)
    sectors = list(sp500_returns.SECTORS)
    assert [sectors[label] for label in samples.y_train[:: len(first)]] == ["technology", "energy", "finance"]
    assert samples.x_test.shape[0] == 3 * (np.sum(days >= np.datetime64("2015-01-01")) // 64)


def test_no_day_of_a_stock_is_on_both_sides_and_scale_is_of_the_training_set():
    dates, p = prices(["AAPL"], 1400)
    samples = sp500_returns.windows(dates, ("AAPL",), p)
    assert samples.x_train.max() < samples.x_test.min()  # its returns rise day by day
    p[-100:] *= np.exp(0.001 * np.arange(100) ** 2)[:, None]
    again = sp500_returns.windows(dates, ("AAPL",), p)
    assert np.array_equal(again.x_train, samples.x_train)
    assert not np.array_equal(again.x_test, samples.x_test)


def test_stocks_and_prices_that_mean_nothing_are_refused():
    dates, p = prices(["AAPL", "NOPE"], 1400)
    with pytest.raises(DataCorrupt, match="no sector is known for NOPE; known: AAPL, AMD"):
        sp500_returns.windows(dates, ("AAPL", "NOPE"), p)
    p[3, 0] = 0
    with pytest.raises(DataCorrupt, match="not positive"):
        sp500_returns.windows(dates, ("AAPL", "AMD"), p)


def test_the_real_returns_hold_what_the_page_says():
    samples = present("sp500_returns")
    assert (len(samples.x_train), len(samples.x_test)) == (5920, 620)
    assert samples.x_train.min() == pytest.approx(-31.4, abs=0.1)  # AAPL, 29 September 2000
    assert np.bincount(samples.y_test).tolist() == [93, 62, 62, 31, 155, 124, 93]
