"""A training that is stopped goes on as an unbroken one, whoever has written its loop; and its curves in the terminal."""

import signal

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from course.errors import CourseError
from course.runs import PhotoRun, Run
from course.runs.following import Stopped, read
from course.runs.live import drawn
from course.training import WATCHERS, History, fit, one_pass

IDS = "01", "07"


@pytest.fixture(autouse=True)
def around(tmp_path, monkeypatch):
    """A folder of its own, and SIGINT as a terminal has it; whatever a test has patched is as before."""
    monkeypatch.setenv("COURSE_RUNS", str(tmp_path))
    before, iterate = signal.signal(signal.SIGINT, signal.default_int_handler), DataLoader.__iter__
    followed = []
    monkeypatch.setattr(Run, "followed", followed, raising=False)
    yield
    for run in followed:
        run.training.end(whole=False)
    signal.signal(signal.SIGINT, before)
    assert DataLoader.__iter__ is iterate
    assert WATCHERS == []


class Net(nn.Module):
    """With what carries on from epoch to epoch: running statistics, and random numbers of dropout."""

    def __init__(self, width=8):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(9, width), nn.BatchNorm1d(width), nn.Dropout(0.3), nn.Linear(width, 3))

    def forward(self, x):
        return self.layers(x)


def loaders():
    generator = torch.Generator().manual_seed(5)
    x = torch.rand(60, 9, generator=generator)
    data = TensorDataset(x, x[:, :3].argmax(1))
    return DataLoader(data, 10, shuffle=True), DataLoader(data, 20)


def own_fit(model, train, valid, epochs, lr, stop_at=None):
    """As a student writes it: nothing of `course` in it but the History. The run lets its learning rate fall."""
    optimizer, loss, history = torch.optim.Adam(model.parameters(), lr), nn.CrossEntropyLoss(), History()
    for epoch in range(epochs):
        trained = one_pass(model, train, loss, optimizer)
        if epoch == stop_at:
            signal.raise_signal(signal.SIGINT)
        history.add(trained, one_pass(model, valid, loss))
    return history


def started(*argv, id=IDS[0], kind=Run, **options):
    run = kind(id, argv=list(argv), **({"epochs": 6, "lr": 0.01} | options))
    found = read(run.out / "checkpoint.pt", "x") if "--resume" in argv else None
    run.follow(found)
    run.training.fall()
    Run.followed.append(run)
    return run


def main(run, stop_at=None):
    """A `main` whose loop is the student's."""
    (train, valid), model = loaders(), Net()
    run.take(own_fit(model, train, valid, run.n_epochs, run.lr, stop_at))
    run.finish(model, valid, "abc")
    return model


def counted(run, stop_at=None):
    """A `main` whose loop counts with `run.epochs()`, with a schedule."""
    (train, valid), model, loss = loaders(), Net(), nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), run.lr)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.6)
    for epoch in run.epochs():
        trained = one_pass(model, run.bar(train), loss, optimizer)
        if epoch == stop_at:
            signal.raise_signal(signal.SIGINT)
        run.add(trained, one_pass(model, valid, loss))
        schedule.step()
    run.finish(model, valid, "abc")
    return model


def same(model, other):
    return all(torch.equal(value, other.state_dict()[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize("way", [main, counted])
def test_a_training_that_was_stopped_ends_as_an_unbroken_one(way, capsys):
    whole = started()
    expected = way(whole)
    assert not (whole.out / "checkpoint.pt").exists()
    table = [line for line in capsys.readouterr().out.splitlines() if line[:5].strip().isdigit()]
    first = started()
    if way is main:
        with pytest.raises(Stopped):
            main(first, stop_at=2)
    else:
        counted(first, stop_at=2)
    first.training.end(whole=False)
    assert (first.out / "checkpoint.pt").is_file()
    again = started("--resume")
    model = way(again)
    assert same(model, expected)
    assert again.history == whole.history
    assert not (again.out / "checkpoint.pt").exists()
    said = capsys.readouterr().out
    assert "Going on after epoch 3." in said
    assert [line for line in said.splitlines() if line[:5].strip().isdigit()][-6:] == table


def two_stages(run, stop_at=None):
    (train, valid), model = loaders(), Net()
    run.take(own_fit(model, train, valid, run.n_epochs, run.lr))
    run.take(own_fit(model, train, valid, 4, run.lr / 10, stop_at))
    return model


def test_a_later_stage_is_taken_up_at_its_beginning(capsys):
    whole = started(id=IDS[1], kind=PhotoRun, epochs=3)
    expected = two_stages(whole)
    whole.training.end(whole=True)
    first = started(id=IDS[1], kind=PhotoRun, epochs=3)
    with pytest.raises(Stopped):
        two_stages(first, stop_at=2)
    first.training.end(whole=False)
    again = started("--resume", id=IDS[1], kind=PhotoRun, epochs=3)
    assert again.n_epochs == 0
    assert same(two_stages(again), expected)
    assert again.history == whole.history
    assert again.training.stages == [3, 4]
    assert capsys.readouterr().out.count("fine-tuning, from epoch 4:") == 3


def test_the_lines_come_while_it_trains(capsys):
    run, seen = started(), []
    WATCHERS.append(lambda history: seen.append(capsys.readouterr().out))
    main(run)
    WATCHERS.pop()
    assert [text.splitlines()[-1].split()[0] for text in seen] == ["1", "2", "3", "4", "5", "6"]
    assert not [line for line in capsys.readouterr().out.splitlines() if line[:5].strip().isdigit()]  # none twice


def test_two_ctrl_c_and_one_before_training_stop_at_once():
    run = started()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    (train, _), model = loaders(), Net()
    one_pass(model, train, nn.CrossEntropyLoss(), torch.optim.SGD(model.parameters(), 0.1))
    signal.raise_signal(signal.SIGINT)
    assert run.training.following.asked
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def stop():
    run = started()
    with pytest.raises(Stopped):
        main(run, stop_at=2)
    run.training.end(whole=False)
    return run


def test_another_network_is_said():
    stop()
    run, (train, valid) = started("--resume"), loaders()
    with pytest.raises(CourseError, match=r"holds another network.*\n.*without --resume"):
        own_fit(Net(width=9), train, valid, run.n_epochs, run.lr)


def test_nothing_to_go_on_from_and_a_spoilt_file(tmp_path):
    with pytest.raises(CourseError, match=r"There is nothing to go on from.*\n.*Begin with `course run 01`"):
        started("--resume")
    (tmp_path / "ex01_mnist" / "checkpoint.pt").parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "ex01_mnist" / "checkpoint.pt").write_bytes(b"spoilt")
    with pytest.raises(CourseError, match=r"cannot be read.*\n?.*Delete it"):
        started("--resume")


def test_its_settings_are_those_of_the_run_that_was_stopped():
    started("--seed", "7", "--batch-size", "5", "--lr", "0.02")
    Run.followed[-1].training.end(whole=False)
    first = started("--seed", "7", "--lr", "0.02")
    with pytest.raises(Stopped):
        main(first, stop_at=2)
    first.training.end(whole=False)
    again = started("--resume", "--epochs", "9")
    assert (again.seed, again.lr, again.n_epochs) == (7, 0.02, 6)
    with pytest.raises(CourseError, match="All 3 epochs are done"):
        started("--resume", "--epochs", "3")


def test_plain_fit_of_the_course_is_followed_too():
    (train, valid), model = loaders(), Net()
    run = started()
    run.take(fit(model, train, valid, epochs=run.n_epochs, lr=run.lr, progress=False))
    assert run.training.following.done == 6


def test_curves_are_drawn_for_the_window():
    plot = pytest.importorskip("plotext")
    history = History([1.0, 0.5], [0.5, 0.8], [1.0, 0.9], [0.45, 0.6])
    text = drawn(plot, history, 5, 70)
    assert max(map(len, text.splitlines())) <= 70
    assert "validation 0.600" in text
    assert "\x1b" not in text
    assert len(text.splitlines()) <= 14
