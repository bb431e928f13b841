"""A run of a project: options, table, files, and what a person sees when something is wrong."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from course import catalog, paths
from course.datasets import tiers
from course.errors import CourseError
from course.files import shown
from course.runs import Run, command_line, run
from course.runs.evaluation import SHEET_WRONG, evaluate, most_confused
from course.training import WATCHERS, History, Metrics

FIRST = catalog.projects()[0]


@pytest.fixture(autouse=True)
def runs(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_RUNS", str(tmp_path / "runs"))
    monkeypatch.delenv("COURSE_TIER", raising=False)
    return tmp_path / "runs"


def new_run(*argv, **options):
    return Run("01", **({"epochs": 5} | options), argv=list(argv))


def toy(items=40, classes=3, seed=0):
    """Images (1, 8, 8) whose brightest row is near their class, and a loader of them."""
    generator = torch.Generator().manual_seed(seed)
    images, labels = torch.rand(items, 1, 8, 8, generator=generator), torch.arange(items) % classes
    return TensorDataset(images, labels)


def net(classes=3):
    return nn.Sequential(nn.Flatten(), nn.Linear(64, classes))


# -- options ------------------------------------------------------------------------------------------------------------


def test_defaults_are_those_of_the_module(runs):
    run = new_run(batch_size=64, lr=2e-3)
    assert (run.n_epochs, run.batch_size, run.lr, run.seed, run.tier) == (5, 64, 2e-3, 0, None)
    assert run.out == runs / "ex01_mnist"
    assert list(run.epochs()) == [0, 1, 2, 3, 4]


def test_command_line_overrides_them(tmp_path):
    asked = ["--epochs", "2", "--batch-size", "7", "--lr", "0.1", "--seed", "3", "--data", "pocket"]
    run = new_run(*asked, "--out", str(tmp_path / "there"))
    assert (run.n_epochs, run.batch_size, run.lr, run.seed, run.tier) == (2, 7, 0.1, 3, "pocket")
    assert run.out == tmp_path / "there"


def test_quick_is_one_epoch():
    assert new_run("--quick").n_epochs == 1


def test_same_seed_gives_the_same_weights():
    values = []
    for seed in ("1", "1", "2"):
        new_run("--seed", seed)
        values.append(net()[1].weight.detach().clone())
    assert torch.equal(values[0], values[1])
    assert not torch.equal(values[0], values[2])


@pytest.mark.parametrize(
    "wrong", [["--epochs", "0"], ["--epochs", "x"], ["--lr", "nan"], ["--data", "half"], ["--typo"]]
)
def test_bad_option_ends_with_usage_and_status_2(wrong, capsys):
    with pytest.raises(SystemExit) as ended:
        new_run(*wrong)
    assert ended.value.code == 2
    assert "usage: python -m exercises.ex01_mnist" in capsys.readouterr().err


def test_help_of_a_project_without_training_has_no_epochs(capsys):
    with pytest.raises(SystemExit):
        new_run("--help", epochs=None)
    shown = capsys.readouterr().out
    assert "--weights" in shown
    assert "--epochs" not in shown


def test_compile_is_offered_where_the_project_can(capsys):
    assert not new_run(compile=False).compile
    assert new_run("--compile").compile  # older stubs of project 02 do not say that they can
    for can, offered in ((None, False), (False, True)):
        with pytest.raises(SystemExit):
            new_run("--help", compile=can)
        assert ("--compile" in capsys.readouterr().out) == offered


def test_a_file_in_place_of_the_folder_is_said_before_training(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(CourseError, match=r"taken.*\n.*--out"):
        new_run("--out", str(tmp_path / "taken"))


# -- data ---------------------------------------------------------------------------------------------------------------


def test_data_says_which_tier(monkeypatch, capsys, tmp_path):
    def locate(name, tier=None, quiet=False):
        return tiers.Located(name, tmp_path, tier or "full", f"{name}: {tier} data")

    monkeypatch.setattr(run, "locate", locate)
    assert new_run("--data", "pocket").data("mnist") == tmp_path
    assert capsys.readouterr().out.splitlines()[1:] == ["mnist: pocket data"]  # the first line says the device


def test_signs_are_always_in_two_files(monkeypatch, tmp_path):
    monkeypatch.setattr(run, "locate", lambda *_, **__: tiers.Located("asl", tmp_path, "full", "asl: full data"))
    (tmp_path / "sign_mnist_train.csv").write_text("")
    (tmp_path / "sign_mnist_test.csv").write_text("")  # as Kaggle calls it
    assert [path.name for path in new_run().signs()] == ["sign_mnist_train.csv", "sign_mnist_test.csv"]
    assert new_run().data("asl") == tmp_path


def test_missing_weights_say_how_to_get_them(runs, tmp_path):
    with pytest.raises(CourseError, match=r"model.pt is not there.\nRun `python -m exercises.ex01_mnist` first"):
        new_run().saved("01")
    (runs / "ex01_mnist").mkdir(parents=True, exist_ok=True)
    (runs / "ex01_mnist" / "model.pt").write_bytes(b"")
    assert new_run().saved("01") == runs / "ex01_mnist" / "model.pt"
    with pytest.raises(CourseError, match=r"nowhere\.pt"):
        new_run("--weights", str(tmp_path / "nowhere.pt")).saved("01")


# -- table --------------------------------------------------------------------------------------------------------------


def test_one_line_an_epoch_as_it_comes(capsys):
    run = new_run()
    run.add(Metrics(1.0, 0.5), Metrics(0.9, 0.6))
    assert len(capsys.readouterr().out.splitlines()) == 3
    run.add((0.5, 0.7), (0.8, 0.65))  # a plain pair, as a student may return
    assert capsys.readouterr().out.split() == ["2", "0.5000", "0.7000", "0.8000", "0.6500"]


def test_taken_history_is_printed_once(capsys):
    run, history = new_run(), History()
    history.add(Metrics(1.0, 0.5), Metrics(0.9, 0.6))
    assert run.take(history) is history
    run.training.print_table()
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_fit_that_returns_nothing_is_said_in_words():
    with pytest.raises(CourseError, match="NoneType came"):
        new_run().take(None)


def test_bar_is_the_loader_itself_and_quiet_in_a_log(capsys):
    loader = DataLoader(toy(), batch_size=16)
    bar = new_run().bar(loader)
    assert (len(bar), bar.batch_size, len(bar.dataset)) == (3, 16, 40)
    for _ in range(2):  # as often as one likes
        assert [len(labels) for _, labels in bar] == [16, 16, 8]
    assert capsys.readouterr().err == ""


def test_most_confused_pairs_first():
    counts = np.array([[8, 2, 0], [0, 7, 3], [1, 0, 9]])
    assert most_confused(counts, "abc") == [
        "  b taken for c: 3 of 10",
        "  a taken for b: 2 of 10",
        "  c taken for a: 1 of 10",
    ]
    assert most_confused(np.diag([3, 4]), "ab") == []


# -- the end ------------------------------------------------------------------------------------------------------------


def test_finish_saves_model_and_pictures(runs, capsys):
    run, model, data = new_run(), net(), toy()
    run.add(Metrics(1.0, 0.5), Metrics(0.9, 0.6))
    run.finish(
        model,
        DataLoader(data, batch_size=16),
        ["zero", "one", "two"],
        augment=lambda image: image.flip(-1),
    )
    folder = runs / "ex01_mnist"
    made = [
        "augmented.png",
        "confusion_matrix.png",
        "images_with_labels.png",
        "learning_curves.png",
        "model.pt",
        "run.json",
    ]
    assert sorted(path.name for path in folder.iterdir()) == made  # and nothing half-written
    for name in made[:-2]:
        with Image.open(folder / name) as picture:
            assert min(picture.size) > 200
    again = net()
    again.load_state_dict(torch.load(folder / "model.pt", weights_only=True))
    assert torch.equal(again[1].weight, model[1].weight)
    said = capsys.readouterr().out
    right = int((model(data.tensors[0]).argmax(1) == data.tensors[1]).sum())
    assert f"validation accuracy {right / 40:.4f} ({right} of 40)" in said
    assert all(name in said for name in made[:-1])
    assert f"Look at {shown(folder / FIRST.look)}: {FIRST.how_to_look}" in said
    left = json.loads((folder / "run.json").read_text("utf-8"))
    assert left["history"]["valid_accuracy"] == [0.6]
    assert sum(map(sum, left["confusion"]["counts"])) == 40
    assert len(left["pictures"]) == 16


def test_one_thread_where_others_work():
    threads = command_line.threads_for
    assert threads(0.3, 2, None) is None
    assert threads(6.0, 2, None) == 1
    assert threads(6.0, 2, "4") is None  # whoever names a number has it


def test_each_project_with_pictures_says_which_to_look_at():
    for entry in catalog.projects():
        assert entry.look.endswith(".png")
        assert entry.how_to_look.endswith((".", "?"))


def test_words_and_attention_are_shown(runs, capsys):
    from course.models.bert import load_bert

    tokenizer, model = load_bert("pocket")
    near = {"dog": ["cat", "wolf"], "april": ["march", "june"]}
    encoding = tokenizer("Anna is thirsty.", "She wants to [MASK].", return_tensors="pt")
    before = model.config._attn_implementation
    new_run().show_words(tokenizer, model, near, encoding)
    assert model.config._attn_implementation == before
    folder = runs / "ex01_mnist"
    assert sorted(path.name for path in folder.iterdir()) == ["attention.png", "run.json", "words.png"]
    left = json.loads((folder / "run.json").read_text("utf-8"))
    assert left["words"]["near"] == near
    assert {place[0] for place in left["words"]["places"]} == {"dog", "cat", "wolf", "april", "march", "june"}
    tokens, weights = left["attention"]["tokens"], left["attention"]["weights"]
    asked = weights[tokens.index("[MASK]")]
    assert tokens[asked.index(max(asked))] == "thirsty"  # as the lesson tells
    assert all(abs(sum(row) - 1) < 1e-3 for row in weights)


def test_the_surest_mistakes_come_first_and_some_right_answers_show():
    model, data = net(), toy(200)
    counts, tiles = evaluate(model, DataLoader(data, batch_size=32), 3)
    assert counts.sum() == 200
    wrong = [tile for tile in tiles if tile[1] != tile[2]]
    assert len(wrong) == SHEET_WRONG
    assert tiles[:SHEET_WRONG] == wrong
    sure = [tile[3] for tile in wrong]
    assert sure == sorted(sure, reverse=True)
    with torch.no_grad():
        chances, said = model(data.tensors[0]).softmax(1).max(1)
    assert sure[0] == pytest.approx(float(chances[said != data.tensors[1]].max()))


def test_a_compiled_model_is_saved_under_its_own_names(runs):
    class Compiled(nn.Module):  # as torch.compile wraps it
        def __init__(self):
            super().__init__()
            self._orig_mod = net()

        def forward(self, x):
            return self._orig_mod(x)

    new_run().finish(Compiled(), DataLoader(toy(), batch_size=16), "abc")
    assert set(torch.load(runs / "ex01_mnist" / "model.pt", weights_only=True)) == {"1.weight", "1.bias"}


def test_a_save_that_fails_leaves_the_old_model(runs):
    run, loader = new_run(), DataLoader(toy(), batch_size=16)
    (runs / "ex01_mnist" / "model.pt").write_bytes(b"old")

    def full_disk(model, path):
        path.write_bytes(b"hal")
        raise OSError(28, "No space left on device")

    with pytest.raises(CourseError, match=r"No space left on device.\n.*free some space"):
        run.finish(net(), loader, "abc", save=full_disk)
    assert [path.name for path in (runs / "ex01_mnist").iterdir()] == ["model.pt"]
    assert (runs / "ex01_mnist" / "model.pt").read_bytes() == b"old"


def test_show_counts_and_names_the_wrong_ones(runs, capsys):
    new_run().show([torch.rand(3, 20, 30)] * 2, [0, 1], [0, 2], "abc")
    assert "1 of 2 right; wrong: b read as c" in capsys.readouterr().out
    assert (runs / "ex01_mnist" / "images_with_labels.png").is_file()


# -- faults, as the person at the terminal sees them --------------------------------------------------------------------

MODULE = """
from course.errors import CourseError

def build_model():
    {body}

if __name__ == "__main__":
    from {place} import Run

    run = Run("01", epochs=1)
    build_model()
"""


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        (
            'raise NotImplementedError("build_model")',
            1,
            "build_model is not written yet (exercises/ex01_mnist.py:5). `course hint 01` helps.\n",
        ),
        (
            'raise CourseError("The file x is cut short.", "Fetch it again.")',
            2,
            "The file x is cut short.\nFetch it again.\n",
        ),
    ],
)
def test_fault_in_a_line_or_two(tmp_path, body, status, said):
    done, file = run_module(tmp_path, body)
    assert done.returncode == status
    assert done.stderr == said.format(file=file)


def test_other_errors_keep_their_traceback(tmp_path):
    done, file = run_module(tmp_path, "return [][0]")
    assert done.returncode == 1
    assert f'File "{file}", line 5, in build_model' in done.stderr
    assert done.stderr.endswith("IndexError: list index out of range\n")


@pytest.mark.parametrize("place", ["course.running", "course.runs.run"])
def test_a_module_from_an_older_stub_runs(tmp_path, place):
    done, _ = run_module(tmp_path, "print('built')", place)
    assert (done.stdout.splitlines()[1:], done.returncode) == (["built"], 0), done.stderr


def run_module(folder: Path, body: str, place: str = "course.runs"):
    file = folder / "exercises" / "ex01_mnist.py"
    file.parent.mkdir()
    (file.parent / "__init__.py").touch()  # before the checkout's own exercises/
    file.write_text(MODULE.format(body=body, place=place))
    command = [sys.executable, "-m", "exercises.ex01_mnist"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(folder), str(paths.ROOT)])}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True), file


def test_what_has_no_explanation_keeps_its_traceback(tmp_path):
    def library():
        raise NotImplementedError("fork")  # not in the folder of the student's file

    with pytest.raises(NotImplementedError) as raised:
        library()
    assert command_line.explain(raised.value, raised.tb, tmp_path / "ex01_mnist.py", "01") is None
    assert command_line.explain(ValueError("x"), None, tmp_path / "ex01_mnist.py", "01") is None
    assert command_line.explain(KeyboardInterrupt(), None, None, "01") == 130


@pytest.fixture
def interrupts():
    """SIGINT as a terminal has it: a test run in the background is started with it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interrupts")
def test_one_ctrl_c_makes_the_epoch_the_last_one(capsys):
    epochs = []
    for epoch in new_run().epochs():
        epochs.append(epoch)
        if epoch == 1:
            signal.raise_signal(signal.SIGINT)
    assert epochs == [0, 1]
    assert "Stopped after 2 of 5 epochs." in capsys.readouterr().out
    with pytest.raises(KeyboardInterrupt):  # afterwards it does what it always did
        signal.raise_signal(signal.SIGINT)


@pytest.mark.usefixtures("interrupts")
def test_two_ctrl_c_stop_at_once():
    epochs = new_run().epochs()
    next(epochs)
    signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


@pytest.mark.skipif(not (paths.ROOT / "solutions").is_dir(), reason="this copy of the course has no solutions/")
def test_a_run_with_functions_of_a_notebook(runs, capsys, monkeypatch):
    """Those of the solution stand for the notebook's; `main` is that of the stub."""
    from course.catalog import project
    from course.runs.here import run_here
    from course.workspace import pristine_text

    entry, names = project("01"), {"__name__": "notebook"}
    exec((paths.ROOT / "solutions" / f"{entry.module}.py").read_text("utf-8"), names)
    arguments = sys.argv[:]
    pictures = run_here(entry, pristine_text(entry), names, ("--quick", "--data", "pocket"))
    assert {"learning_curves.png", "confusion_matrix.png"} <= {file.name for file in pictures}
    assert "validation accuracy 0.9" in capsys.readouterr().out
    assert sys.argv == arguments
    assert WATCHERS == []  # a notebook outlives its runs
    exec("def train_epoch(*_):\n    raise NotImplementedError('train_epoch')", names)
    with pytest.raises(CourseError, match="train_epoch is not written yet"):
        run_here(entry, pristine_text(entry), names, ("--quick", "--data", "pocket"))
    del names["validate"]
    with pytest.raises(CourseError, match="There is no validate yet"):
        run_here(entry, pristine_text(entry), names)
