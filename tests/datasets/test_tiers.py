"""Which data are used: argument, environment, what is there; and what is said when they are not there or damaged."""

import pytest

from course.datasets import digits, fruit, registry, store, tiers
from course.errors import CourseError


@pytest.fixture
def data(tmp_path, monkeypatch):
    """An empty data folder; pocket data are a stand-in that costs nothing."""
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    monkeypatch.setenv("COURSE_RUNS", str(tmp_path / "runs"))
    monkeypatch.delenv("COURSE_TIER", raising=False)
    monkeypatch.setattr(store, "ensure", lambda name, quiet=False: tmp_path / "pocket" / name)
    return tmp_path


@pytest.fixture
def full_mnist(data):
    digits.write(data / "mnist", seed=1, train_count=20, valid_count=20)
    return data / "mnist"


@pytest.mark.parametrize("name", registry.names())
def test_pocket_where_nothing_is_there(data, name):
    found = tiers.locate(name)
    assert found.tier == "pocket"
    assert found.path == data / "pocket" / name
    assert "pocket" in found.note
    assert "is not there" in found.note
    assert "\n" not in found.note


@pytest.mark.parametrize("name", registry.names())
def test_full_asked_for_but_absent(data, name):
    with pytest.raises(CourseError) as caught:
        tiers.locate(name, "full")
    assert str(data / name) in caught.value.problem
    assert str(data / name) in caught.value.cure


def test_full_where_it_is_there(full_mnist):
    found = tiers.locate("mnist")
    assert (found.tier, found.path) == ("full", full_mnist)
    assert "full" in found.note


def test_environment_chooses_and_the_argument_is_stronger(full_mnist, monkeypatch):
    monkeypatch.setenv("COURSE_TIER", "pocket")
    assert tiers.locate("mnist").tier == "pocket"
    assert tiers.locate("mnist", "full").tier == "full"
    monkeypatch.setenv("COURSE_TIER", "")
    assert tiers.locate("mnist").tier == "full"
    monkeypatch.setenv("COURSE_TIER", "big")
    with pytest.raises(CourseError, match="COURSE_TIER says 'big'"):
        tiers.locate("mnist")
    with pytest.raises(CourseError, match="--data says 'huge'"):
        tiers.locate("mnist", "huge")


def test_unknown_name(data):
    with pytest.raises(CourseError, match="no data set called 'cifar'"):
        tiers.locate("cifar")


def test_gz_files_that_were_dropped_in_are_unpacked(full_mnist):
    from torchvision.datasets import MNIST

    for path in (full_mnist / "MNIST" / "raw").glob("*ubyte"):
        path.unlink()
    assert tiers.locate("mnist").tier == "full"
    assert len(MNIST(full_mnist, train=True)) == 20


def test_truncated_gz_that_was_dropped_in(full_mnist):
    raw = full_mnist / "MNIST" / "raw"
    packed = raw / "train-images-idx3-ubyte.gz"
    (raw / "train-images-idx3-ubyte").unlink()
    packed.write_bytes(packed.read_bytes()[:500])
    with pytest.raises(CourseError) as caught:
        tiers.locate("mnist")
    assert str(packed) in caught.value.problem
    assert not (raw / "train-images-idx3-ubyte").exists()


@pytest.mark.parametrize("keep", [0, 10, 3000])
def test_truncated_unpacked_file(full_mnist, keep):
    """torchvision would read it as fewer images, or stop with an assertion."""
    path = full_mnist / "MNIST" / "raw" / "t10k-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(CourseError, match="damaged or cut short") as caught:
        tiers.locate("mnist")
    assert str(path) in caught.value.problem
    assert "fetch mnist" in caught.value.cure


def test_class_folders(data):
    for split in ("train", "valid"):
        for name in fruit.CLASSES:
            assert tiers.locate("fruits").tier == "pocket"
            (data / "fruits" / split / name).mkdir(parents=True)
    assert tiers.locate("fruits").tier == "full"
