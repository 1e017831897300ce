"""MNIST: 70,000 handwritten digits, 28x28 grey."""

from __future__ import annotations

from ...registry import dataset
from ...text import N_
from ...types import Samples
from ..published.idx import classic_files, load_classic
from ..published.store import Source

SOURCE = Source(
    dataset="mnist",
    title=N_("MNIST"),
    files=classic_files(
        hashes=(
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
        sizes=(9_912_422, 28_881, 1_648_877, 4_542),
    ),
    mirrors=(
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://raw.githubusercontent.com/fgnt/mnist/master/",
    ),
    folders=("mnist", "MNIST/raw", "MNIST"),
)


@dataset(
    name="mnist",
    title=N_("MNIST handwritten digits"),
    summary=N_("handwritten digits, 28x28"),
    size="60,000 / 10,000",
    comes=N_("11.6 MB download"),
    modality="image",
    shape=(1, 28, 28),
    classes=tuple("0123456789"),
    licence=N_("no formal text from the authors; commonly redistributed as CC BY-SA 3.0"),
    origin="http://yann.lecun.com/exdb/mnist/",
    cite=N_(
        "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Gradient-based learning applied to document recognition, "
        "Proc. IEEE 86(11), 1998"
    ),
)
def load() -> Samples:
    """60,000 training and 10,000 test pictures. Raises: DataNotFound, SaveError."""
    return load_classic(SOURCE)
