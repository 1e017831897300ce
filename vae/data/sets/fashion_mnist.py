"""Fashion-MNIST: 70,000 garments, 28x28 grey."""

from __future__ import annotations

from ...registry import dataset
from ...text import N_
from ...types import Samples
from ..published.idx import classic_files, load_classic
from ..published.store import Source

SOURCE = Source(
    dataset="fashion_mnist",
    title=N_("Fashion-MNIST"),
    files=classic_files(
        hashes=(
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        ),
        sizes=(26_421_880, 29_515, 4_422_102, 5_148),
    ),
    mirrors=(
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",  # plain HTTP: the hash decides
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    ),
    folders=("fashion_mnist", "fashion-mnist", "FashionMNIST/raw", "FashionMNIST"),
    debian="dataset-fashion-mnist",
)


@dataset(
    name="fashion_mnist",
    title=N_("Fashion-MNIST garments"),
    summary=N_("garments, 28x28"),
    size="60,000 / 10,000",
    comes=N_("30.9 MB download, or `apt install dataset-fashion-mnist`"),
    modality="image",
    shape=(1, 28, 28),
    classes=("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    licence=N_("MIT, Copyright (c) 2017 Zalando SE"),
    origin="https://github.com/zalandoresearch/fashion-mnist",
    cite=N_(
        "H. Xiao, K. Rasul, R. Vollgraf, Fashion-MNIST: a novel image dataset for benchmarking machine learning "
        "algorithms, arXiv:1708.07747, 2017"
    ),
)
def load() -> Samples:
    """60,000 training and 10,000 test pictures. Raises: DataNotFound, SaveError."""
    return load_classic(SOURCE)
