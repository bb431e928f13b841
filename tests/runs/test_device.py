"""Where a run puts the network, what it says of it, and how the course's own loop follows and ends calmly."""

import pytest
import torch
from torch import nn

from course.errors import CourseError
from course.pretend_gpu import PretendGpu
from course.runs.device import device_named, note
from course.runs.evaluation import evaluate
from course.runs.run import Run
from course.training import device_of, fit, one_pass

X, Y = torch.randn(20, 4, generator=torch.Generator().manual_seed(0)), torch.arange(20) % 2
BATCHES = [(X[:12], Y[:12]), (X[12:], Y[12:])]


def test_auto_takes_a_gpu_if_there_is_one(monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with PretendGpu():
        assert device_named("auto").type == "cuda"
        assert device_named("cpu").type == "cpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device_named("auto").type == "cpu"
    with pytest.raises(CourseError, match="no cuda device") as caught:
        device_named("cuda")
    assert "There is: cpu." in str(caught.value)


def test_the_first_line_says_which(tmp_path, capsys):
    run = Run("01", epochs=1, argv=["--out", str(tmp_path)])
    assert run.device == torch.device("cpu")
    assert capsys.readouterr().out.splitlines()[0] == note(torch.device("cpu"))
    assert "last digits differ" in note(torch.device("cuda"))


def test_a_run_without_that_device_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(CourseError, match="no cuda device"):
        Run("01", epochs=1, argv=["--out", str(tmp_path), "--device", "cuda"])


def test_the_courses_loops_follow_the_network():
    assert device_of(nn.ReLU()).type == "cpu"
    with PretendGpu():
        model = nn.Linear(4, 2).to("cuda")
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        found = one_pass(model, BATCHES, nn.CrossEntropyLoss(), optimizer)
        counts, tiles = evaluate(model, BATCHES, 2)
        assert device_of(model).type == "cuda"
    assert type(found.loss) is float
    assert counts.sum() == 20
    assert type(tiles[0].image) is torch.Tensor


def test_what_is_saved_on_a_gpu_opens_without_one(tmp_path):
    with PretendGpu():
        run = Run("01", epochs=1, argv=["--out", str(tmp_path), "--device", "cuda"])
        run.finish(nn.Linear(4, 2).to(run.device), BATCHES, ["a", "b"], plain=lambda image: image.view(1, 2, 2))
    assert set(torch.load(tmp_path / "model.pt", weights_only=True)) == {"weight", "bias"}


def rates(**options) -> list[float]:
    """The learning rate of each epoch."""
    seen, adam = [], torch.optim.Adam
    step = adam.step

    def noted(self, *args, **kwargs):
        seen.append(self.param_groups[0]["lr"])
        return step(self, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(adam, "step", noted)
        fit(nn.Linear(4, 2), BATCHES, None, epochs=4, progress=False, **options)
    return seen[:: len(BATCHES)]


def test_the_learning_rate_falls_to_nearly_nothing():
    found = rates(lr=0.01)
    assert found == pytest.approx([0.01, 0.00854, 0.005, 0.00146], rel=1e-2)


def test_an_optimizer_that_is_given_is_used_as_it_is():
    model = nn.Linear(4, 2)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    fit(model, BATCHES, None, epochs=3, optimizer=optimizer, progress=False)
    assert optimizer.param_groups[0]["lr"] == 0.1
