"""What a student's process is told of the seed of a run, and what it is not."""

import numpy as np
import pytest

from course.catalog import project
from course.checks import wire
from course.checks.attachments import table
from course.checks.check import check
from course.checks.run import run
from course.checks.seeds import secret, told
from course.checks.session import InProcess
from course.checks.worker import Worker
from graders.kit.general import LETTERS, any_order, unseen_photos
from graders.kit.photos import door_scenes, unseen_at_the_door, unseen_fruit

SEED = 123_456_789_012_345


def test_a_worker_is_told_another_number():
    seeds = [secret() for _ in range(20)]
    assert len({told(seed) for seed in seeds}) == 20
    assert all(10**14 <= seed < 10**15 and 0 <= told(seed) < 2**31 for seed in seeds)
    assert told(0) == 0


@check("guess", points=1, hint="?")
def asked(student, lab):
    questions, _ = lab.exam(lambda count, seed: np.random.default_rng(seed).integers(0, 99, (2, count)), 5)
    lab.seeded(lab.seed).guess(questions.tolist())
    lab.attach(lambda: table(("question",), [(False, ("of the exam",))], "one"), exam=True)
    lab.attach(lambda: table(("question",), [(False, ("of the course",))], "other"))


@pytest.mark.parametrize(("shown", "tables"), [(None, 1), (True, 2)])
def test_the_runs_seed_and_the_labels_stay_with_the_judge(tmp_path, monkeypatch, shown, tables):
    file = tmp_path / "ex01_mnist.py"
    file.write_text("def guess(questions):\n    return questions\n", "utf-8")
    sent, pack = [], wire.pack
    monkeypatch.setattr(wire, "pack", lambda value, *rest: sent.append(value) or pack(value, *rest))
    (result,) = run(project("01"), InProcess(Worker(file)), [asked.__check__], seed=SEED, show_exam=shown).checks
    assert result.outcome == "passed", result.message
    assert str(told(SEED)) in repr(sent)
    assert str(SEED) not in repr(sent)
    truth = np.random.default_rng(SEED).integers(0, 99, (2, 5))[1].tolist()
    assert repr(truth) not in repr(sent)
    assert len(result.attachments) == tables  # pictures of the exam only where that was asked for
    (own,) = run(project("01"), InProcess(Worker(file)), [asked.__check__]).checks
    assert len(own.attachments) == 2


def test_the_place_of_a_question_says_nothing_of_its_answer(monkeypatch):
    """The makers draw class by class; whoever counts the questions would know all answers."""
    monkeypatch.setattr("course.datasets.hands.photo", lambda *_: __import__("PIL.Image").Image.new("RGB", (4, 4)))
    monkeypatch.setattr("course.datasets.door.photo_bytes", lambda *_: b"")
    monkeypatch.setattr("course.datasets.fruit.photo_bytes", lambda *_: b"")
    monkeypatch.setattr("graders.kit.photos._drawn", lambda *_: wire.Photo(b""))
    monkeypatch.setattr("graders.kit.photos._known", lambda *_: True)
    for of in (
        lambda seed: [LETTERS.index(letter) for letter, _ in unseen_photos.__wrapped__(seed)],
        lambda seed: unseen_at_the_door.__wrapped__(seed)[1],
        lambda seed: unseen_fruit.__wrapped__(seed)[1],
        lambda seed: [name.startswith("dog") for name, _ in door_scenes.__wrapped__(seed)],
    ):
        one, other = of(SEED), of(SEED + 1)
        assert sorted(one) == sorted(other)
        same = np.mean(np.array(one) == np.array(other))
        chance = sum(one.count(kind) ** 2 for kind in set(one)) / len(one) ** 2
        assert same < chance + 0.25, (same, chance)
    assert sorted(any_order(SEED, 50)) == list(range(50)) != any_order(SEED, 50)


@check("name", points=1, hint="?")
def placed(student, lab):
    lab.files({"a.png": b"-"})
    lab.path("model.pt")


def test_a_worker_that_names_another_file_is_not_believed(tmp_path, monkeypatch):
    file = tmp_path / "ex01_mnist.py"
    file.write_text("def name():\n    pass\n", "utf-8")
    (honest,) = run(project("01"), InProcess(Worker(file)), [placed.__check__], seed=SEED).checks
    assert honest.outcome == "passed"
    first = Worker._do_file
    monkeypatch.setattr(Worker, "_do_file", lambda self, name, content: first(self, "folder1", None))
    (forged,) = run(project("01"), InProcess(Worker(file)), [placed.__check__], seed=SEED).checks
    assert (forged.outcome, "nobody asked for" in forged.message) == ("failed", True)
