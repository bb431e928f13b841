"""Fetching: torchvision's own MNIST download from a loopback mirror, good and bad; Kaggle through a stand-in."""

import gzip
import hashlib
import http.server
import socket
import sys
import threading
import types

import numpy as np
import pytest
import torchvision

from course import paths
from course.datasets import digits, fruit, inventory, tiers
from course.datasets.fetch import fetch
from course.datasets.sets import asl
from course.datasets.signs import write_signs
from course.errors import CourseError


@pytest.fixture
def mirror():
    """A web server on the loopback; `files` maps a name to its bytes, `asked` lists what was asked for."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            name = self.path.rpartition("/")[2]
            server.asked.append(name)
            content = server.files.get(name)
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Length", str(len(content or b"") + server.missing.get(name, 0)))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.files, server.asked, server.missing = {}, [], {}
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    server.url = f"http://127.0.0.1:{server.server_port}/"
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("COURSE_TIER", raising=False)
    return tmp_path / "data"


@pytest.fixture
def small(mirror, data, tmp_path, monkeypatch):
    """The mirror serves small files of MNIST's form, whose md5s torchvision is told to expect."""
    digits.write(tmp_path / "served", None, seed=2, train_count=20, valid_count=20)
    mirror.files = {p.name: p.read_bytes() for p in (tmp_path / "served").rglob("*.gz")}
    mnist = torchvision.datasets.MNIST
    monkeypatch.setattr(mnist, "mirrors", [mirror.url])
    names = [name for name, _ in mnist.resources]
    md5s = [hashlib.md5(mirror.files[name], usedforsecurity=False).hexdigest() for name in names]
    monkeypatch.setattr(mnist, "resources", list(zip(names, md5s)))
    return mirror


IMAGES = "train-images-idx3-ubyte.gz"


def nothing_left(data):
    assert tiers.absent("mnist") is not None
    assert [p for p in data.rglob("*") if p.is_file()] == []
    assert list(data.glob(".*")) == []


def failed(name="mnist"):
    with pytest.raises(CourseError) as caught:
        fetch(name)
    assert caught.value.cure
    return caught.value


def test_fetched_and_found(small, data):
    assert fetch("mnist") == data / "mnist"
    assert tiers.locate("mnist").tier == "full"
    assert len(torchvision.datasets.MNIST(data / "mnist")) == 20
    assert list(data.glob(".*")) == []


def test_second_mirror_is_tried(small, data, monkeypatch):
    """The first one is dead."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{free.getsockname()[1]}/"
    monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", [dead, small.url])
    fetch("mnist")
    assert tiers.absent("mnist") is None


def test_good_files_are_not_fetched_twice(small, data):
    fetch("mnist")
    small.asked.clear()
    (data / "mnist" / "MNIST" / "raw" / IMAGES).write_bytes(b"damaged")
    fetch("mnist")
    assert set(small.asked) == {IMAGES}
    assert small.files[IMAGES] == (data / "mnist" / "MNIST" / "raw" / IMAGES).read_bytes()


def test_truncated_gz(small, data):
    """As from a mirror whose copy is cut short: torchvision's md5 catches it."""
    small.files[IMAGES] = small.files[IMAGES][:300]
    assert "corrupted" in failed().problem
    nothing_left(data)


def test_connection_that_breaks_off(small, data):
    small.files[IMAGES], small.missing[IMAGES] = small.files[IMAGES][:2000], 1400  # promised, never sent
    assert IMAGES in failed().problem
    nothing_left(data)


def test_wrong_checksum(small, data):
    """A whole, readable gz with other content."""
    small.files[IMAGES] = gzip.compress(gzip.decompress(small.files[IMAGES])[:-1] + b"\x07")
    assert "corrupted" in failed().problem
    nothing_left(data)


def test_not_found(small, data):
    del small.files[IMAGES]
    error = failed()
    assert "404" in error.problem
    assert "pocket" in error.cure
    nothing_left(data)


def test_no_network(data, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{free.getsockname()[1]}/"
    monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", [dead])
    assert "could not be downloaded" in failed().problem
    nothing_left(data)
    assert socket.getdefaulttimeout() is None


def test_a_failed_fetch_leaves_what_was_there(small, data):
    fetch("mnist")
    raw = data / "mnist" / "MNIST" / "raw"
    (raw / IMAGES).unlink()
    before = {p.name: p.read_bytes() for p in raw.iterdir()}
    small.files[IMAGES] = b"bad"
    failed()
    assert {p.name: p.read_bytes() for p in raw.iterdir()} == before


def test_left_over_of_a_killed_fetch_is_cleared(small, data):
    left = data / ".mnist.fetching-4194305"  # above the largest process number of Linux
    left.mkdir(parents=True)
    (left / "half").write_bytes(b"x")
    fetch("mnist")
    assert not left.exists()


@pytest.mark.parametrize(("number", "says"), [(28, "is full"), (13, "cannot be written")])
def test_full_or_read_only_disk(small, data, monkeypatch, number, says):
    def write(*args, **kwargs):
        raise OSError(number, "as told")

    monkeypatch.setattr(torchvision.datasets.MNIST, "download", write)
    error = failed()
    assert says in error.problem
    assert "COURSE_DATA" in error.cure
    nothing_left(data)


def test_no_download_for_the_door(data):
    assert "no download" in failed("presidential").problem


# Kaggle


def kagglehub(monkeypatch, download):
    monkeypatch.setitem(sys.modules, "kagglehub", types.SimpleNamespace(dataset_download=download))


def test_without_kagglehub(data, monkeypatch):
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    error = failed("asl")
    assert "kagglehub" in error.problem
    assert "pip install kagglehub" in error.cure
    assert str(data / "asl") in error.cure


def test_without_an_account(data, monkeypatch):
    def download(slug):
        raise RuntimeError("403 Client Error. You don't have permission to access resource")

    kagglehub(monkeypatch, download)
    error = failed("fruits")
    assert "sriramr/fruits-fresh-and-rotten-for-classification" in error.problem
    assert "kaggle.json" in error.cure


def test_kaggle_without_network(data, monkeypatch):
    def download(slug):
        raise ConnectionError("Name or service not known")

    kagglehub(monkeypatch, download)
    assert "Check the network" in failed("asl").cure


def test_signs_from_kaggle(data, monkeypatch, tmp_path):
    images = np.zeros((3, 28, 28), np.uint8)
    theirs = tmp_path / "kaggle"
    (theirs / "sign_mnist_train").mkdir(parents=True)
    write_signs(theirs / "sign_mnist_train" / "sign_mnist_train.csv", images, np.array([0, 1, 24]))
    write_signs(theirs / "sign_mnist_test.csv", images, np.array([0, 1, 24]))
    kagglehub(monkeypatch, lambda slug: str(theirs))
    fetch("asl")
    train, valid = asl.tables(tiers.locate("asl", "full").path)
    assert (train.name, valid.name) == ("sign_mnist_train.csv", "sign_mnist_test.csv")
    assert train.parent == data / "asl"


def test_damaged_signs_from_kaggle_are_not_kept(data, monkeypatch, tmp_path):
    (tmp_path / "kaggle").mkdir()
    (tmp_path / "kaggle" / "sign_mnist_train.csv").write_text("label,pixel1\n3,4\n")
    kagglehub(monkeypatch, lambda slug: str(tmp_path / "kaggle"))
    assert "pixel2" in failed("asl").problem
    assert tiers.absent("asl") is not None


def test_fruits_from_kaggle(data, monkeypatch, tmp_path):
    from PIL import Image

    for split in ("train", "test"):
        for name in fruit.CLASSES:
            folder = tmp_path / "kaggle" / "dataset" / "dataset" / split / name
            folder.mkdir(parents=True)
            Image.new("RGB", (8, 8)).save(folder / "a.png")
    kagglehub(monkeypatch, lambda slug: str(tmp_path / "kaggle"))
    fetch("fruits")
    assert tiers.locate("fruits", "full").path == data / "fruits"
    assert (data / "fruits" / "valid" / "rottenapples" / "a.png").is_file()
    assert "is there already" in failed("fruits").problem


@pytest.mark.real
def test_the_real_mnist_through_the_real_download(mirror, data, monkeypatch):
    """torchvision's code, names and md5s; only the mirror's address is ours."""
    real = paths.real_folder()
    if real is None:
        pytest.skip("COURSE_REAL does not name a folder with the real data")
    mirror.files = {p.name: p.read_bytes() for p in (real / "mnist").glob("*.gz")}
    monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", [mirror.url])
    fetch("mnist")
    located = tiers.locate("mnist")
    assert located.tier == "full"
    assert len(torchvision.datasets.MNIST(located.path, train=True)) == 60_000
    assert len(torchvision.datasets.MNIST(located.path, train=False)) == 10_000
    full = next(h for h in inventory.holdings(verify=True) if (h.name, h.tier) == ("mnist", "full"))
    assert (full.state, full.files) == ("checksums fit", 8)


@pytest.mark.real
@pytest.mark.parametrize("damage", ["truncated", "another byte"])
def test_the_real_mnist_damaged_on_the_way(mirror, data, monkeypatch, damage):
    real = paths.real_folder()
    if real is None:
        pytest.skip("COURSE_REAL does not name a folder with the real data")
    mirror.files = {p.name: p.read_bytes() for p in (real / "mnist").glob("*.gz")}
    whole = mirror.files[IMAGES]
    mirror.files[IMAGES] = whole[:-1000] if damage == "truncated" else whole[:5000] + b"\x00" + whole[5001:]
    monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", [mirror.url])
    assert IMAGES in failed().problem
    nothing_left(data)
