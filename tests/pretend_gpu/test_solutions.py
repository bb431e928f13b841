"""Every solution runs on the pretend GPU from end to end: its own `main`, on the first batches of the embedded data."""

import contextlib
import io
import itertools
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from course import catalog, paths
from course.datasets.store import ensure
from course.lessons.lesson import solution
from course.lessons.quiet_run import QuietRun, settings
from course.models import bert, zoo
from course.networks import SignNet
from course.pretend_gpu import OnGpu, PretendGpu

BATCHES = 2
GPU = torch.device("cuda")


@pytest.fixture(autouse=True)
def few_batches(monkeypatch):
    whole = DataLoader.__iter__
    monkeypatch.setattr(DataLoader, "__iter__", lambda self: itertools.islice(whole(self), BATCHES))


@pytest.mark.parametrize("id", ["01", "02", "03", "04a", "05b", "07"])
def test_it_trains_there(id):
    entry = catalog.project(id)
    run = QuietRun(ensure(entry.data[0], quiet=True), **settings(id) | {"epochs": 1})
    run.device = GPU
    torch.manual_seed(0)
    with PretendGpu(), contextlib.redirect_stdout(io.StringIO()):
        solution(id).main(run)
        assert run.model is not None
        assert all(isinstance(p.detach(), OnGpu) for p in run.model.parameters())
    assert len(run.history.train_loss) >= 1
    assert all(type(value) is float for value in run.history.valid_accuracy)


def test_04b_reads_photos_there(tmp_path, capsys):
    torch.save(SignNet().state_dict(), tmp_path / "model.pt")
    photos = tmp_path / "photos"
    photos.mkdir()
    for letter in "ab":
        Image.new("RGB", (40, 40), "grey").save(photos / f"{letter}.png")
    shown = []
    run = SimpleNamespace(
        saved=lambda id: tmp_path / "model.pt",
        photos=lambda: photos,
        show=lambda *args, **kwargs: shown.append(args),
        device=GPU,
    )
    with PretendGpu():
        solution("04b").main(run)
    assert len(shown) == 1
    assert "of the photos are read right" in capsys.readouterr().out


def test_05a_judges_there():
    seen = []
    photo = Image.new("RGB", (60, 60), "grey")
    run = SimpleNamespace(weights=zoo.POCKET, device=GPU, show_door=lambda look: seen.append(look(photo)))
    with PretendGpu():
        solution("05a").main(run)
    (opens, found), *_ = seen
    assert type(opens) is bool
    assert len(found) == 3


def test_06_reads_there(monkeypatch, capsys):
    module = solution("06")
    monkeypatch.setattr(module, "QUESTIONS", 1)
    loaded = bert.load_bert("pocket")  # transformers fills a network in ways of its own: on the CPU, as ever
    monkeypatch.setattr(bert, "load_bert", lambda tier: loaded)
    with PretendGpu():
        module.main(SimpleNamespace(tier=None, seed=0, device=GPU, show_words=lambda *words: None))
    assert "next sentence:" in capsys.readouterr().out


def test_a_network_is_made_without_memory_afterwards_as_before():
    """`with torch.device("meta")` remembers torch's functions at its first use: those of a pretend GPU would stay for good."""
    code = (
        "import torch\n"
        "from course.pretend_gpu import PretendGpu\n"
        "with PretendGpu(), torch.device('meta'):\n    torch.nn.Linear(2, 2)\n"
        "with torch.device('meta'):\n    assert torch.tensor([3]).is_meta\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=paths.ROOT)
