"""What `course data` prints."""

import pytest

from course.datasets import digits, inventory, store


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    monkeypatch.delenv("COURSE_TIER", raising=False)
    whole = digits.write
    monkeypatch.setattr(digits, "write", lambda f, p: whole(f, p, train_count=20, valid_count=20))
    return tmp_path


def holding(name, tier, verify=False):
    return next(h for h in inventory.holdings(verify) if (h.name, h.tier) == (name, tier))


def test_nothing_there(data):
    assert [(h.name, h.tier) for h in inventory.holdings()] == [
        (name, tier) for name in ("asl", "fruits", "mnist", "presidential") for tier in ("full", "pocket")
    ]
    assert all(h.files == 0 and h.ok for h in inventory.holdings())
    assert holding("mnist", "full").state == "not there: course data fetch mnist"
    assert not data.joinpath("pocket").exists()  # looking makes nothing


def test_pocket_whole_then_damaged(data):
    folder = store.ensure("mnist", quiet=True)
    found = holding("mnist", "pocket")
    assert (found.files, found.state, found.ok, found.used) == (8, "whole", True, True)
    assert found.size == sum(p.stat().st_size for p in folder.rglob("*ubyte*"))
    assert holding("mnist", "pocket", verify=True).state == "checksums fit"
    path = folder / "MNIST" / "raw" / "train-labels-idx1-ubyte"
    path.write_bytes(path.read_bytes()[::-1])
    assert holding("mnist", "pocket").ok
    assert "content was changed" in holding("mnist", "pocket", verify=True).state
    path.write_bytes(b"")
    found = holding("mnist", "pocket")
    assert not found.ok
    assert "0 bytes" in found.state
    assert "made again" in found.state


def test_full_is_marked_as_used_and_checked_by_md5(data):
    digits.write(data / "mnist", None)  # of the right form, but not MNIST
    found = holding("mnist", "full")
    assert (found.files, found.state, found.used) == (8, "whole", True)
    assert not holding("mnist", "pocket").used
    found = holding("mnist", "full", verify=True)
    assert not found.ok
    assert "train-images-idx3-ubyte.gz is not what torchvision expects" in found.state


def test_damaged_full_data_are_a_line_not_an_exception(data):
    digits.write(data / "mnist", None)
    (data / "mnist" / "MNIST" / "raw" / "t10k-labels-idx1-ubyte").write_bytes(b"")
    found = holding("mnist", "full")
    assert not found.ok
    assert "cut short" in found.state
    assert found.used  # nothing else is used in its place without a word


def test_table(data, monkeypatch):
    store.ensure("mnist", quiet=True)
    lines = inventory.table().splitlines()
    assert lines[0].split() == ["data", "tier", "files", "size", "state", "licence", "where"]
    row = next(line for line in lines if "mnist" in line and "pocket" in line)
    assert row.startswith("*")
    assert str(data / "pocket" / "mnist") in row
    monkeypatch.setenv("COURSE_TIER", "full")
    assert next(line for line in inventory.table().splitlines() if " full" in line).startswith("*")
