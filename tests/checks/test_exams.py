"""The exam of a batch: made once, the same for every judge, and never where students' code could see it."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from course.checks import exams
from course.checks.session import Session
from course.checks.student import Lab
from course.grading import judge
from course.grading.judge import Job
from course.grading.submissions import Submission
from graders.kit.heads import trained_here
from graders.kit.worker.networks import stand_as
from graders.kit.worker.photos import headed, tiny_backbone

drawn = []


def exam(size, seed):
    drawn.append(seed)
    return list(range(size)), seed


@pytest.fixture(autouse=True)
def anew(monkeypatch):
    drawn.clear()
    monkeypatch.setattr(exams, "_known", {})


def test_the_second_judge_finds_what_the_first_has_made(tmp_path, monkeypatch):
    folder = tmp_path / "exams"
    folder.mkdir(mode=0o700)
    first = exams.made(exam, (3,), 7, folder)
    monkeypatch.setattr(exams, "_known", {})  # another process
    assert exams.made(exam, (3,), 7, folder) == first == ([0, 1, 2], 7)
    assert drawn == [7]
    assert exams.made(exam, (3,), 8, folder)[1] == 8
    assert exams.made(exam, (4,), 7, folder)[0] == [0, 1, 2, 3]
    assert drawn == [7, 8, 7]


def test_a_folder_in_which_others_may_write_is_not_opened(tmp_path):
    folder = tmp_path / "exams"
    folder.mkdir()
    folder.chmod(0o777)
    for place in (folder, tmp_path / "nowhere", None):
        assert exams.made(exam, (1,), 7, place) == ([0], 7)
    assert drawn == [7, 7, 7]
    assert not list(folder.iterdir())


@pytest.mark.parametrize(("isolation", "keeps"), [("wall", True), ("process", False)])
def test_beside_students_code_in_a_plain_process_no_exam_lies_on_the_disk(isolation, keeps, tmp_path, monkeypatch):
    made = SimpleNamespace(files=lambda *_, **__: {}, write=lambda *_: tmp_path / "x.json")
    job = Job(Submission("ada", "04b", None), isolation=isolation, exams=Path(tmp_path))
    with judge._session(made, job) as session:
        assert (session.exams is not None) == keeps


def head(seed):
    drawn.append(seed)
    return [seed]


def test_what_the_solution_alone_decides_is_made_once_for_a_batch(tmp_path):
    folder = tmp_path / "exams"
    folder.mkdir(mode=0o700)
    session = Session()
    lab = Lab(session, seed=7)
    assert lab.of_batch(head) is None
    session.exams = folder
    assert lab.of_batch(head) is None  # a student's own functions may stand upstream
    session.reference = tmp_path / "solution.py"
    assert lab.of_batch(head) == [7]
    assert Lab(session, seed=7).of_batch(head) == [7]
    assert drawn == [7]


def test_a_network_stands_as_the_solution_has_trained_it():
    def trained(student, lab):
        model = lab.build(tiny_backbone(seed=lab.seed % 5))
        student.freeze_backbone(model)
        return lab.build(headed(backbone=model, width=8, classes=2, seed=1))

    numbers, training = trained_here("05b", trained, 3)
    assert numbers.keys() >= {"1.weight", "0.0.1.running_mean"}
    assert "" in training
    assert "0.0.1" not in training
    model = headed.build(backbone=tiny_backbone.build(seed=9), width=8, classes=2, seed=4)
    stand_as(model, numbers, training)
    assert all(torch.equal(value, numbers[name]) for name, value in model.state_dict().items())
    assert [name for name, part in model.named_modules() if part.training] == training
