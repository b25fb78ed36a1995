"""Archives in the format of CIFAR's: pickles of protocol 2 as Python 2 wrote them."""

from __future__ import annotations

import io
import struct
import tarfile

import numpy as np


def text(value):
    """A Python 2 string: the opcode that Python 3's pickler never writes."""
    return b"T" + struct.pack("<i", len(value)) + value


def whole(number):
    return b"J" + struct.pack("<i", number)


def listed(items):
    return b"](" + b"".join(items) + b"e"


def array(values, *, kind=b"u1"):
    rows, columns = values.shape
    return (
        b"cnumpy.core.multiarray\n_reconstruct\n"
        b"cnumpy\nndarray\n" + whole(0) + b"\x85" + text(b"b") + b"\x87R"
        b"(" + whole(1) + whole(rows) + whole(columns) + b"\x86"
        b"cnumpy\ndtype\n" + text(kind) + whole(0) + whole(1) + b"\x87R"
        b"(" + whole(3) + text(b"|") + b"NNN" + whole(-1) + whole(-1) + whole(0)
        + b"tb\x89" + text(values.tobytes()) + b"tb"
    )  # fmt: skip


def pickled(entries):
    items = b"".join(text(key) + value for key, value in entries.items())
    return b"\x80\x02}(" + items + b"u."


def batch(pixels, labels, *, key, kind=b"u1"):
    numbers = listed([whole(int(label)) for label in labels])
    names = listed([text(b"image.png") for _ in labels])
    return pickled({
        b"filenames": names,
        b"batch_label": text(b"made for a test"),
        key: numbers,
        b"data": array(pixels, kind=kind),
    })


def images(count, *, classes, seed=0):
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (count, 3072), dtype=np.uint8)
    return pixels, np.arange(count) % classes


def packed(folder, files):
    """A .tar.gz of files in a folder, as bytes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return buffer.getvalue()
