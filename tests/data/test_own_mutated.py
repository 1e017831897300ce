"""Two hundred files of all kinds, damaged or odd in ways drawn from a seed: samples come out, or an error of ours."""

from __future__ import annotations

import gzip
import io
import warnings
import zipfile
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from vae.data.own.choices import Choices
from vae.data.own.sources import of_uploads
from vae.data.own.understand import Understood, understand
from vae.errors import ZscopeError

N, SEED = 200, 17
Random = np.random.Generator
CHOICES = (
    {}, {}, {"kind": "series"}, {"kind": "vector"}, {"kind": "image"}, {"header": "no"}, {"header": "yes"},
    {"decimal": "comma"}, {"encoding": "utf-16-le"}, {"encoding": "cp1252"}, {"delimiter": "spaces"},
    {"rows": "series"}, {"lengths": "pad"}, {"labels": "none"}, {"window": 4}, {"size": (4, 4)},
)  # fmt: skip


# ---------------------------------------------------------------- files as they should be


def text_table(random: Random) -> tuple[str, bytes]:
    sign, decimal = random.choice([",", ";", "\t", "|", " "]), random.choice([".", ","])
    rows = [[f"{v:.3f}".replace(".", decimal) for v in row] for row in random.normal(size=(30, 4))]
    rows = [[*row, str(random.choice(["a", "b", "ü"]))] for row in rows]
    for _ in range(random.integers(3)):
        cell = str(random.choice(["", "n/a", "odd", '"', "1e999", "١٢", "\0"]))
        rows[random.integers(30)][random.integers(5)] = cell
    head = [["a", "größe", "c", "c", "label"]] if random.random() < 0.5 else []
    text = str(random.choice(["\n", "\r\n"])).join(sign.join(row) for row in head + rows)
    data = text.encode(str(random.choice(["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])))
    name = str(random.choice(["t.csv", "t.tsv", "t.txt", "t.data"]))
    return (f"{name}.gz", gzip.compress(data)) if random.random() < 0.3 else (name, data)


def dated_table(random: Random) -> tuple[str, bytes]:
    dates = [f"{random.integers(1, 32):02d}.{random.integers(1, 13):02d}.{random.integers(0, 3000)}" for _ in range(30)]
    return "t.csv", ("date,v\n" + "\n".join(f"{d},{i}" for i, d in enumerate(dates))).encode()


def parquet(random: Random) -> tuple[str, bytes]:
    kinds = {
        "numbers": list(random.normal(size=30)),
        "lists": [list(random.normal(size=random.integers(0, 5))) for _ in range(30)],
        "even": list(random.normal(size=(30, 3))),
        "pictures": [{"bytes": picture_bytes(random), "path": None} for _ in range(30)],
        "words": [None, "x", "y"] * 10,
        "nested": [{"a": [{"b": 1}]}] * 30,
        "nothing": [None] * 30,
    }
    names = random.choice(list(kinds), size=random.integers(1, 4), replace=False)
    out = io.BytesIO()
    pq.write_table(pa.table({str(n): pa.array(kinds[str(n)]) for n in names}), out)
    return "t.parquet", out.getvalue()


def array(random: Random) -> tuple[str, bytes]:
    shape = (12, *random.integers(0, 9, random.integers(0, 4)))
    kind = str(random.choice(["f4", "f8", ">f4", "u1", "i2", "c8", "?", "M8[s]", "U3"]))
    with np.errstate(invalid="ignore"):
        x = (random.normal(size=shape) * 10.0 ** random.integers(-3, 12)).astype(kind)
    out = io.BytesIO()
    if random.random() < 0.5:
        np.save(out, x)
        return "x.npy", out.getvalue()
    np.savez(out, **{str(random.choice(["x", "images", "other"])): x, "y": np.arange(12) % 2})
    return "x.npz", out.getvalue()


def picture_bytes(random: Random) -> bytes:
    mode = str(random.choice(["L", "RGB", "RGBA", "1", "P", "CMYK", "I;16", "F"]))
    side = int(random.integers(1, 20))
    image = Image.fromarray(random.integers(0, 256, (side, side), np.uint8))
    out = io.BytesIO()
    image.convert("I;16" if mode == "I;16" else mode).save(out, "TIFF" if mode in ("CMYK", "I;16", "F") else "PNG")
    return out.getvalue()


def picture(random: Random) -> tuple[str, bytes]:
    return "p.png", picture_bytes(random)


def archive(random: Random) -> tuple[str, bytes]:
    out = io.BytesIO()
    method = zipfile.ZIP_BZIP2 if random.random() < 0.1 else zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(out, "w", method) as z:
        for i in range(24):
            data = picture_bytes(random)
            folder = random.choice(["a", "ü", "b", "..", ".hidden"])
            z.writestr(f"{folder}/p{i}.png", damaged(data, random) if random.random() < 0.2 else data)
        if random.random() < 0.5:
            z.writestr("labels.csv", "file,label\n" + "".join(f"p{i}.png,{i % 2}\n" for i in range(20)))
        if random.random() < 0.2:
            name, data = KINDS[random.integers(5)](random)
            z.writestr(name, data)
    return "p.zip", out.getvalue()


KINDS: tuple[Callable[[Random], tuple[str, bytes]], ...] = (
    text_table, text_table, dated_table, parquet, array, picture, archive,
)  # fmt: skip


# ---------------------------------------------------------------- and as they may be


def damaged(data: bytes, random: Random) -> bytes:
    """Cut, some bytes changed, a part twice, a part gone, or zeros at the end."""
    at, to = sorted(random.integers(0, len(data) + 1, 2).tolist())
    way = random.integers(5)
    if way == 1:
        changed = bytearray(data)
        for _ in range(random.integers(1, 9)):
            changed[random.integers(len(data))] = random.integers(256)
        return bytes(changed)
    return (data[:at], b"", data[:to] + data[at:], data[:at] + data[to:], data + bytes(99))[way]


@pytest.mark.parametrize("part", range(4))
def test_mutated_files_are_read_or_refused_in_words(part):
    outcomes = {"read": 0, "refused": 0}
    for i in range(part, N, 4):
        random = np.random.default_rng([SEED, i])
        name, data = KINDS[i % len(KINDS)](random)
        if random.random() < 0.6:
            data = damaged(data, random)
        chosen = dict(CHOICES[random.integers(len(CHOICES))])
        if name == "t.csv" and data.startswith(b"date") and random.random() < 0.7:
            chosen["time_column"] = "date"
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                found = understand(of_uploads([(name, len(data), io.BytesIO(data))]), Choices(**chosen))
        except ZscopeError as error:
            outcomes["refused"] += bool(str(error).strip())
        except Exception as error:
            raise AssertionError(f"file {i}, {name}, {chosen}: {error!r}") from error
        else:
            sound(found)
            outcomes["read"] += 1
    assert sum(outcomes.values()) == N // 4  # each refusal has words
    assert min(outcomes.values()) >= 8, outcomes


def sound(found: Understood) -> None:
    for x in (found.samples.x_train, found.samples.x_test):
        assert len(x)
        assert np.isfinite(x).all()
    assert found.preview.lines()
