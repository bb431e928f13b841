"""`course try`: a guess first, then the run; guess and outcome side by side, in the terminal, a notebook and the report."""

import json
import sys

import pytest
import torch
from click.testing import CliRunner
from torch import nn

from course import catalog, paths
from course.cli import main
from course.errors import CourseError
from course.reports import own
from course.tries import bench, changes, guesses, trying
from course.tries.experiment import Experiment, Outcome, experiment, experiments, with_experiments

ENTRY = catalog.projects()[0]
SHARE = Experiment(
    "width", "It has {value} units.", "What share?", lambda *_: Outcome(0.47), "Because.", value=16, least=1, whole=True
)
CHOICE = Experiment(
    "order", "Turned.", "Will it?", lambda *_: Outcome("no", {"also": "3"}), "So.", choices=("yes", "no")
)
needs_solutions = pytest.mark.skipif(not (paths.ROOT / "solutions").is_dir(), reason="a student's copy")


@pytest.fixture(autouse=True)
def runs(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_RUNS", str(tmp_path))
    return tmp_path


def tried(one, said=(), guess=None):
    """What is printed, and what is kept, where a person types this."""
    lines, typed = [], iter(said)
    asking = (lambda text: next(typed)) if said else None
    found = trying.predict(ENTRY, one, one.number(None), None, asking, guess, lines.append)
    return "\n".join(lines), found


# -- guesses ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "meant"), [("0.6", 0.6), ("60", 0.6), ("60 %", 0.6), ("0,6", 0.6), ("1", 1), ("0", 0), ("1%", 0.01)]
)
def test_a_share_may_be_typed_as_one_likes(said, meant):
    assert guesses.read(said, ()) == pytest.approx(meant)


@pytest.mark.parametrize("said", ["much", "-0.1", "101", "nan", "200%"])
def test_what_is_no_share_is_said(said):
    with pytest.raises(CourseError, match="is no share"):
        guesses.read(said, ())


@pytest.mark.parametrize("said", ["2", "no", "No ", "n"])
def test_a_choice_may_be_typed_as_one_likes(said):
    assert guesses.read(said, ("yes", "no")) == "no"


@pytest.mark.parametrize("said", ["3", "maybe", "0", ""])
def test_what_is_no_choice_is_said(said):
    with pytest.raises(CourseError, match=r'none of the answers.*\n?.*"yes" \(1\) or "no" \(2\)'):
        guesses.read(said, ("yes", "no"))


# -- one try ------------------------------------------------------------------------------------------------------------


def test_guess_and_outcome_stand_below_each_other():
    said, found = tried(SHARE, ["0.9"])
    assert "It has 16 units." in said
    assert "your guess  0.90\n      it was  0.47" in said
    assert "Your guess was 0.43 off. Because." in said
    assert (found.guess, found.answer) == (0.9, 0.47)


def test_a_near_guess_and_a_right_choice():
    assert "close: 0.03 off" in tried(SHARE, guess=0.5)[0]
    assert "Your guess was right. So." in tried(CHOICE, ["2"])[0]
    assert "It came out otherwise. So." in tried(CHOICE, ["yes"])[0]


def test_it_is_asked_again_until_it_is_a_guess_and_enter_skips():
    said, found = tried(SHARE, ["a lot", "0.5"])
    assert "'a lot' is no share." in said
    assert found.guess == 0.5
    said, found = tried(SHARE, [" "])
    assert found.guess is None
    assert "your guess  none" in said
    assert "off" not in said


def test_the_last_try_with_each_number_is_shown():
    tried(SHARE, guess=0.1)
    tried(CHOICE, ["yes"])
    tried(SHARE, guess=0.2)
    assert [(one.typed, one.guess) for one in guesses.last_of(ENTRY)] == [("--width 16", 0.2), ("--order", "yes")]


def test_a_spoilt_file_of_guesses_loses_no_run(runs):
    (runs / guesses.NAME).write_text("[{]")
    assert guesses.kept() == []
    tried(SHARE, guess=0.1)
    (runs / guesses.NAME).write_text(json.dumps([{"unknown": 1}]))
    assert guesses.kept() == []


def test_the_report_shows_them():
    tried(SHARE, guess=0.9)
    page = own.page()
    assert "What you predicted" in page
    assert f"course try {ENTRY.id} --width 16" in page
    assert '<th scope="row">your guess</th><td>0.90</td>' in page
    assert "Your guess was 0.43 off. Because." in page


# -- the command --------------------------------------------------------------------------------------------------------


def course(*words, **more):
    return CliRunner().invoke(main, ["try", *words], **more)


def test_alone_it_lists_all_of_them_and_with_a_project_its_own():
    shown = course().output
    for entry in catalog.projects():
        assert f"{entry.id} {entry.title}" in shown
        for one in experiments(entry):
            assert one.typed() in shown
    assert all(len(line) <= 80 for line in shown.splitlines())
    assert "--hidden 16" in course("02").output
    assert "--rate" not in course("02").output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["02", "--depth", "3"], "no experiment --depth"),
        (["02", "--hidden", "0"], "takes a whole number from 1, not 0"),
        (["02", "--hidden", "1.5"], "takes a whole number from 1, not 1.5"),
        (["02", "--hidden", "much"], "not much"),
        (["02", "--shuffle", "3"], "--shuffle takes no number"),
        (["02", "hidden", "16"], "hidden 16 is no experiment"),
        (["02", "--hidden", "16", "17"], "is no experiment"),
        (["02", "--hidden", "16", "--guess", "lots"], "'lots' is no share"),
    ],
)
def test_what_cannot_be_tried_is_said(words, said):
    done = course(*words)
    assert done.exit_code == 2
    assert said in " ".join(done.output.split())


def test_a_function_at_its_todo_is_said_and_no_module_too(tmp_path, monkeypatch):
    from course.workspace import pristine_text

    monkeypatch.setenv("COURSE_EXERCISES", str(tmp_path))
    assert "is not there" in course("06", "--order").output
    for id, option, missing in (("06", "--order", "is_next_sentence"), ("02", "--hidden", "SignDataset")):
        entry = catalog.project(id)
        (tmp_path / f"{entry.module}.py").write_text(pristine_text(entry))
        done = course(id, option)
        assert done.exit_code == 2
        assert f"{missing} is not written yet" in done.output


@needs_solutions
def test_without_a_terminal_nothing_is_asked():
    done = course("06", "--order", "--from", str(paths.ROOT / "solutions"))
    assert done.exit_code == 0
    assert "your guess  none" in done.output
    assert "Your guess," not in done.output
    assert "yes" in done.output


# -- the experiments ----------------------------------------------------------------------------------------------------


def test_each_project_has_two_and_each_says_what_it_needs():
    assert [entry.id for entry in with_experiments()] == [entry.id for entry in catalog.projects()]
    for entry in catalog.projects():
        found = experiments(entry)
        assert len(found) >= 2
        assert len({one.name for one in found}) == len(found)
        for one in found:
            assert one.asks.rstrip(")").endswith(("?", "."))
            assert "{value}" in one.does or one.value is None
            assert one.why[0].isupper()
            assert one.why.endswith(".")
            assert one.number(None) == (one.value or 0)
    assert trying.usual(catalog.project("02"), experiment(catalog.project("02"), "random")) == pytest.approx(
        1.0, abs=0.02
    )


def test_a_network_is_narrowed_and_straightened_whatever_it_is_made_of():
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.act, self.rest = (
                nn.Linear(9, 5),
                nn.GELU(),
                nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 3)),
            )

        def forward(self, x):
            return self.rest(self.act(self.first(x)))

    model = changes.narrowed(2)(Own())
    assert [tuple(p.shape) for p in model.parameters() if p.dim() == 2] == [(2, 9), (2, 2), (3, 2)]
    assert model(torch.rand(4, 9)).shape == (4, 3)
    straight = changes.without(changes.NON_LINEAR, "non-linearity")(Own())
    a, b = torch.rand(2, 4, 9)
    middle = straight((a + b) / 2)
    torch.testing.assert_close(middle, (straight(a) + straight(b)) / 2)
    with pytest.raises(CourseError, match="no hidden layer"):
        changes.narrowed(2)(nn.Linear(3, 2))
    with pytest.raises(CourseError, match="no non-linearity"):
        changes.without(changes.NON_LINEAR, "non-linearity")(nn.Linear(3, 2))


def test_a_convolution_that_is_blind_to_neighbours_stays_so():
    layer = changes.blind_to_neighbours(nn.Sequential(nn.Conv2d(1, 2, 3, padding=1)))
    image = torch.zeros(1, 1, 5, 5)
    image[..., 2, 2] = 1
    optimizer = torch.optim.SGD(layer.parameters(), 0.1)
    for _ in range(2):
        layer(torch.rand(2, 1, 5, 5)).square().sum().backward()
        optimizer.step()
    moved = (layer(image) - layer(torch.zeros_like(image)))[0].abs().sum(0)
    assert moved.nonzero().tolist() == [[2, 2]]
    with pytest.raises(CourseError, match="no convolution"):
        changes.blind_to_neighbours(nn.Linear(2, 2))


@needs_solutions
@pytest.mark.parametrize(("id", "name"), [("02", "hidden"), ("02", "random"), ("07", "photos")])
def test_an_experiment_trains_with_the_functions_of_a_file(id, name, monkeypatch, runs):
    """One epoch of each kind of change; what it leaves is in no file but that of the guesses."""
    entry = catalog.project(id)
    solution = bench.of_module(entry, paths.ROOT / "solutions" / f"{entry.module}.py")
    train = bench.Bench.train
    once = lambda self, *options, **more: train(self, *options, "--epochs", "1", **more)  # noqa: E731
    monkeypatch.setattr(bench.Bench, "train", once)
    one = experiment(entry, name)
    outcome = one.measure(solution, 2)
    assert 0 <= outcome.answer <= 1
    assert list(runs.iterdir()) == []


@needs_solutions
def test_a_change_reaches_what_other_functions_call_and_is_undone():
    """`train_augmented` calls `make_transforms` by its name in the student's module."""
    entry, seen = catalog.project("04a"), []
    solution = bench.of_module(entry, paths.ROOT / "solutions" / f"{entry.module}.py")
    own = solution.names["make_transforms"]

    def noted(make_transforms):
        def made(train):
            seen.append(train)
            raise CourseError("That is enough.")

        return made

    with pytest.raises(CourseError, match="That is enough"):
        solution.train("--epochs", "1", make_transforms=noted)
    assert seen == [True]
    assert solution.names["make_transforms"] is own


def test_in_a_notebook_it_asks_for_the_guess_in_the_cell(monkeypatch, capsys):
    from course import notebook

    monkeypatch.setitem(vars(sys.modules["__main__"]), "is_next_sentence", lambda *_: False)
    notebook.predict("06", "order")
    assert 'Write your guess ("yes" (1) or "no" (2)) into the cell' in capsys.readouterr().out
    notebook.predict("06", "order", guess="yes")
    assert "It came out otherwise." in capsys.readouterr().out
    notebook.predict("06", "days", guess="monday")
    assert "There is no predict_masked yet." in capsys.readouterr().out
    notebook.predict("06", "order", guess="perhaps")
    assert "none of the answers" in capsys.readouterr().out
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    notebook.predict("06", "order", guess="yes")
    assert capsys.readouterr().out == ""
