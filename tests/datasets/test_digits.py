"""Pen-stroke digits: what they are, that item k is the same however it is reached, and that torchvision opens them."""

import gzip
import hashlib

import numpy as np
import pytest
from PIL import Image

from course.datasets.digits import PER_WRITER, SPLITS, digits, write
from course.datasets.idx import idx_bytes, read_idx, unpack_gz, write_idx, write_idx_gz
from course.errors import CourseError


def test_shapes_dtypes_and_equal_shares():
    images, labels = digits(200, seed=5, split="train")
    assert images.shape == (200, 28, 28)
    assert images.dtype == np.uint8
    assert labels.dtype == np.uint8
    assert (np.bincount(labels) == 20).all()
    for first in range(0, 200, 10):
        assert sorted(labels[first : first + 10]) == list(range(10))


def test_ink_is_bright_on_black_and_in_the_middle():
    images, _ = digits(300, seed=5, split="valid")
    assert (images.max(axis=(1, 2)) > 180).all()
    assert np.median(images) == 0
    share = (images > 127).mean()
    assert 0.05 < share < 0.25  # MNIST: 0.13
    rows = np.arange(28) + 0.5
    mass = images.astype(float).sum(axis=(1, 2))
    y = (images.sum(axis=2) * rows).sum(axis=1) / mass
    x = (images.sum(axis=1) * rows).sum(axis=1) / mass
    assert np.abs(y - 14).max() < 4.5
    assert np.abs(x - 14).max() < 4.5
    assert abs(y.mean() - 14) < 0.3
    assert abs(x.mean() - 14) < 0.3


def test_a_longer_draw_begins_with_a_shorter_one():
    """Item k depends on (seed, split, k) alone, so work can be split and a hidden set can grow."""
    long, long_labels = digits(2 * PER_WRITER + 3, seed=9, split="hidden")
    for count in (1, PER_WRITER, PER_WRITER + 7):
        short, labels = digits(count, seed=9, split="hidden")
        assert (short == long[:count]).all()
        assert (labels == long_labels[:count]).all()
    assert digits(0, seed=9, split="hidden")[0].shape == (0, 28, 28)


def test_splits_and_seeds_differ():
    drawn = {hashlib.sha256(digits(40, s, split)[0].tobytes()).digest() for split in SPLITS for s in (0, 1)}
    assert len(drawn) == 6


def test_no_picture_twice():
    images, _ = digits(1000, seed=5, split="train")
    assert len({image.tobytes() for image in images}) == 1000


def test_global_state_is_left_alone():
    np.random.seed(3)  # noqa: NPY002
    wanted = np.random.random()  # noqa: NPY002
    np.random.seed(3)  # noqa: NPY002
    digits(20, 0, "train")
    assert np.random.random() == wanted  # noqa: NPY002


def test_write_leaves_what_torchvision_opens(tmp_path):
    from torchvision.datasets import MNIST

    seen = []
    write(tmp_path, lambda done, total: seen.append((done, total)), seed=4, train_count=60, valid_count=20)
    assert seen[-1] == (80, 80)
    for train, split, count in ((True, "train", 60), (False, "valid", 20)):
        data = MNIST(tmp_path, train=train)
        images, labels = digits(count, 4, split)
        assert (data.data.numpy() == images).all()
        assert data.targets.tolist() == labels.tolist()
        picture, label = data[3]
        assert isinstance(picture, Image.Image)
        assert label == labels[3]
    raw = tmp_path / "MNIST" / "raw"
    assert len(list(raw.iterdir())) == 8
    for packed in raw.glob("*.gz"):
        assert (read_idx(packed) == read_idx(packed.with_suffix(""))).all()


def test_same_seed_same_bytes(tmp_path):
    for name in ("a", "b"):
        write(tmp_path / name, seed=4, train_count=40, valid_count=20)
    for path in (tmp_path / "a").rglob("*ubyte*"):
        assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes()


# IDX


@pytest.mark.parametrize("shape", [(0,), (7,), (3, 28, 28), (0, 28, 28)])
def test_idx_round_trip(tmp_path, shape):
    array = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    write_idx(tmp_path / "x", array)
    write_idx_gz(tmp_path / "x.gz", array)
    unpack_gz(tmp_path / "x.gz", tmp_path / "y")
    for name in ("x", "x.gz", "y"):
        read = read_idx(tmp_path / name)
        assert read.shape == shape
        assert (read == array).all()


def test_idx_holds_bytes_only():
    with pytest.raises(TypeError, match="float64"):
        idx_bytes(np.zeros(3))


def _damage(name):
    whole = idx_bytes(np.arange(200, dtype=np.uint8).reshape(2, 10, 10))
    packed = gzip.compress(whole)
    return {
        "x.gz truncated": packed[: len(packed) // 2],
        "x.gz a changed byte": packed[:40] + bytes([packed[40] ^ 255]) + packed[41:],
        "x.gz not gzip": b"<html>404 not found</html>",
        "x.gz empty": b"",
        "x truncated": whole[:-3],
        "x too long": whole + b"0",
        "x another type": b"\x00\x00\x0d\x01" + whole[4:],
        "x head only": whole[:6],
        "x empty": b"",
    }[name]


DAMAGES = [f"x.gz {how}" for how in ("truncated", "a changed byte", "not gzip", "empty")]
DAMAGES += [f"x {how}" for how in ("truncated", "too long", "another type", "head only", "empty")]


@pytest.mark.parametrize("name", DAMAGES)
def test_damaged_idx_is_named(tmp_path, name):
    path = tmp_path / name.split()[0]
    path.write_bytes(_damage(name))
    with pytest.raises(CourseError) as caught:
        read_idx(path)
    assert str(path) in caught.value.problem
    assert str(path) in caught.value.cure


def test_unpacking_a_truncated_gz_leaves_nothing(tmp_path):
    (tmp_path / "x.gz").write_bytes(_damage("x.gz truncated"))
    with pytest.raises(EOFError):
        unpack_gz(tmp_path / "x.gz", tmp_path / "x")
    assert [p.name for p in tmp_path.iterdir()] == ["x.gz"]
