"""What a check shows: made from evidence, bounded, plain, and without any say in the verdict."""

import base64
import io
import json
import pickle
from dataclasses import asdict

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from course.catalog import project
from course.checks import attachments
from course.checks.attachments import answered, confused, confusion, curves, picture, plain_numbers, table, views
from course.checks.cache import Once
from course.checks.check import check, check_of
from course.checks.expect import expect
from course.checks.results import CheckResult, Confusion, ProjectResult, SubmissionResult
from course.checks.run import run
from course.checks.session import ChildProcess, InProcess
from course.checks.wire import Photo
from course.checks.worker import Worker
from course.limits import ATTACHMENTS

CODE = "def scores(n):\n    import torch\n    return torch.eye(3)[torch.arange(n) % 3] * 5\n"


def one(function, session):
    (result,) = run(project("01"), session, [check_of(function)]).checks
    return result


@check("scores", points=2, hint="")
def shows_and_fails(student, lab):
    """A check that shows what it has measured, then fails."""
    logits = lab.remember("logits", lambda: student.scores(6))
    lab.attach(lambda: confusion([0, 1, 2, 0, 1, 1], logits, "abc"))
    lab.attach(lambda: confusion([0, 1], logits, "abc"))  # does not fit: there is none
    expect(False, "as it should be")


@pytest.mark.parametrize("transport", ["inprocess", "child"])
def test_it_is_there_over_both_transports_and_from_the_cache(tmp_path, transport):
    file = tmp_path / "module.py"
    file.write_text(CODE)
    session = ChildProcess(file) if transport == "child" else InProcess(Worker(file))
    session.cache = Once()
    try:
        first, again = (one(shows_and_fails, session) for _ in range(2))
    finally:
        session.close()
    assert first.outcome == "failed"
    assert first.message == "as it should be"
    assert first.attachments == again.attachments == (confusion([0, 1, 2, 0, 1, 1], [0, 1, 2, 0, 1, 2], "abc"),)
    assert first.attachments[0].counts == ((2, 0, 0), (0, 2, 1), (0, 0, 1))
    assert pickle.loads(pickle.dumps(first)) == first


def test_a_picture_decides_nothing_and_there_are_few(tmp_path):
    @check("scores", points=1, hint="")
    def test_shows_much(student, lab):
        """Whatever goes wrong in the making."""
        lab.attach(lambda: 1 / 0)
        lab.attach(lambda: student.no_such_function())
        for _ in range(20):
            lab.attach(lambda: curves({"a": [1.0, 2.0]}))

    file = tmp_path / "module.py"
    file.write_text(CODE)
    session = InProcess(Worker(file))
    result = one(test_shows_much, session)
    session.close()
    assert result.outcome == "passed"
    assert len(result.attachments) == ATTACHMENTS


def test_only_words_and_points_go_into_other_views():
    shown = Confusion("t", ("a",), ((1,),))
    one = CheckResult("01", "f", "test_f", "f", 1, 1, "passed", attachments=(shown,))
    whole = SubmissionResult("ada", "a.py", ProjectResult("01", "t", "a.py", (one, one)), "none")
    assert "attachments" not in one.plain()
    assert "counts" not in json.dumps(whole.plain())
    assert whole.plain()["result"]["checks"] == [one.plain()] * 2
    assert CheckResult.from_plain(one.plain()).attachments == ()


def opened(uri):
    return Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))


def test_a_confusion_counts_by_truth_and_answer():
    found = confusion([0, 0, 1, 1], torch.tensor([[2.0, 1], [0, 1], [0, 1], [0, 9]]), ["cat", "dog"])
    assert found.counts == ((1, 1), (0, 2))
    assert confusion([0, 1], [7, -1], ["cat", "dog"]).counts == ((0, 0), (0, 0))
    for truth, answers, classes in (([0], [0, 1], "ab"), ([0], [0.5], "ab"), ([0], [0], "a" * 99), ([0], [0], "")):
        with pytest.raises(ValueError):
            confusion(truth, answers, classes)


def test_the_most_confused_come_first_and_not_all_of_one_sort():
    truth, logits = [0] * 10 + [1, 1], torch.zeros(12, 3)
    logits[:9, 1] = torch.arange(9) + 1.0  # nine of class 0 taken for class 1, ever surer
    logits[9, 2] = 0.5  # one taken for class 2
    logits[10:, 1] = torch.tensor([1.0, 8.0])  # right: hardly, and surely
    shown = confused(torch.rand(12, 1, 8, 8), truth, logits, "abc")
    captions = [one.caption for one in shown.pictures]
    assert len(captions) == attachments.MOST_PICTURES
    assert captions[0] == "b 1.00\nis a"
    assert sum(c.startswith("c ") for c in captions) == 1
    few = confused(torch.rand(2, 1, 8, 8), truth[10:], logits[10:], "abc")
    assert [one.right for one in few.pictures] == [True, True]
    assert few.pictures[0].caption < few.pictures[1].caption  # the less sure one first


def test_pictures_are_small_files_that_look_like_what_was_given():
    grey = torch.linspace(0, 1, 28 * 28).view(1, 28, 28)
    back = np.asarray(opened(picture(grey, "x").uri))
    assert back.shape == (28, 28)
    assert np.array_equal(back, (grey[0] * 255).round().byte().numpy())
    buffer = io.BytesIO()
    Image.new("RGB", (400, 200), (200, 30, 30)).save(buffer, "JPEG")
    shown = picture(Photo(buffer.getvalue()), "x")
    assert (shown.width, shown.height) == (attachments.SIDE, attachments.SIDE // 2)
    assert np.abs(np.asarray(opened(shown.uri)).astype(int)[10, 10] - (200, 30, 30)).max() < 8


@pytest.mark.parametrize(
    "values",
    [
        torch.full((3, 40, 40), float("nan")),
        torch.full((1, 5, 5), float("inf")),
        -1e30 * torch.ones(28, 28),
        torch.zeros(1, 6000, 6000),
        torch.ones(3, 1, 1),
    ],
    ids=["nan", "inf", "huge values", "huge sides", "one pixel"],
)
def test_hostile_pixels_make_an_ordinary_picture(values):
    shown = picture(values, "é" * 999)
    assert max(shown.width, shown.height) <= attachments.SIDE
    assert len(shown.uri) < 20_000
    assert len(shown.caption) <= 60


@pytest.mark.parametrize("shape", [(0,), (5,), (2, 9, 9), (3, 0, 9), (1, 1, 3, 9, 9), (1, 3, 5000)])
def test_what_is_no_picture_is_refused(shape):
    with pytest.raises(ValueError):
        picture(torch.zeros(shape), "x")


def test_only_finite_numbers_are_drawn():
    told = [0.5, float("nan"), float("inf"), 1, "0.7", True, None, 10**400]
    assert plain_numbers(told[:-1]) == [0.5, None, None, 1.0, None, None, None]
    assert len(plain_numbers([0.1] * 100_000)) <= attachments.MOST_EPOCHS
    assert curves({"a": told[:-1], "b": [None]}).lines == (("a", (0.5, None, None, 1.0, None, None, None)),)
    with pytest.raises(ValueError):
        curves({"a": [float("nan")], "b": []})


def test_views_show_the_original_first():
    drawn = [torch.rand(1, 28, 28) for _ in range(12)]
    shown = views(drawn[0], drawn, "t", undo=lambda x: x * 2)
    assert [one.caption for one in shown.pictures] == ["original", *(f"view {k}" for k in range(1, 9))]
    assert np.asarray(opened(shown.pictures[1].uri)).max() == 255


def test_wrong_answers_come_first():
    images = [(torch.zeros(1, 4, 4), str(k), k != 17) for k in range(20)]
    captions = [one.caption for one in answered(images, "t").pictures]
    assert captions[0] == "17"
    assert len(captions) == attachments.MOST_PICTURES
    assert int(captions[-1]) > 13  # of the right ones some from all over
    rows = [(k % 2 == 0, (f"{k}" * 999, "b", "cut off")) for k in range(40)]
    shown = table(("x", "y"), rows, "t")
    assert len(shown.rows) == attachments.MOST_ROWS
    assert shown.right == (False,) * attachments.MOST_ROWS
    assert {len(row) for row in shown.rows} == {2}
    assert max(len(cell) for row in shown.rows for cell in row) <= attachments.MOST_LETTERS


numbers = st.floats(width=32) | st.integers(-5, 40)


@given(st.lists(st.integers(0, 2), min_size=1, max_size=12), st.data())
def test_any_logits_make_plain_data_or_nothing(truth, data):
    rows = data.draw(st.lists(st.lists(numbers, min_size=3, max_size=3), min_size=len(truth), max_size=len(truth)))
    logits = torch.tensor(rows, dtype=torch.float32)
    with np.errstate(all="ignore"):
        for made in (confusion(truth, logits, "abc"), confused(torch.rand(len(truth), 1, 4, 4), truth, logits, "abc")):
            json.dumps(asdict(made), allow_nan=False)
