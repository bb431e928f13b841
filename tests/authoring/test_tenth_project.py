"""A tenth project in a copy of the checkout, from `course author new` to a graded class: six files edited, and no engine touched.

An author's six edits stand here; all else is done by commands, as they are typed.
"""

import csv
import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from course import paths
from course.authoring import skeleton
from course.authoring.rehearsal.term import copy_checkout
from course.authoring.skeleton import Wishes
from course.catalog import projects
from course.errors import CourseError
from course.wall.line import best

NEW = 'course author new 08 audio --title "Sounds as pictures" --function make_spectrogram --function classify'
SOLUTION = '''\
# %% [markdown]
# # 08 Sounds as pictures
#
# A sound is cut into windows, and each window into frequencies: then it is a picture, and a picture can be read.

# %%
import torch

# %% [markdown]
# ## From sound to picture
# A row for each frequency, a column for each window of time.


# %%
def make_spectrogram(sound: torch.Tensor, width: int) -> torch.Tensor:
    """How loud each frequency is in each window of a sound.

    Args:
        sound: float32 (T,); left as it was.
        width: samples in a window, an even number. What is left over at the end is dropped.

    Returns:
        float32 (width // 2 + 1, T // width), none of them negative: row k is the frequency of k periods in a window.
    """
    ### BEGIN SOLUTION
    windows = sound[: len(sound) // width * width].reshape(-1, width)
    return torch.fft.rfft(windows).abs().T
    ### END SOLUTION


# %% [markdown]
# ## From picture to answer
# The row that is the loudest over all windows is the pitch.


# %%
def classify(spectrogram: torch.Tensor) -> int:
    """The frequency that is the loudest over all windows.

    Args:
        spectrogram: float32 (rows, windows), as `make_spectrogram` gives it.

    Returns:
        The number of its row, a Python int.
    """
    ### BEGIN SOLUTION
    return int(spectrogram.sum(dim=1).argmax())
    ### END SOLUTION
'''
GRADER = '''\
"""Grader of project 08: Sounds as pictures.

pytest graders/test_08_audio.py
"""

import math

import torch

from course.checks.check import check
from course.checks.expect import expect_close, expect_equal, expect_tensor


def tone(periods: int, windows: int, width: int = 16) -> torch.Tensor:
    """A sine of so many periods in a window, float32 (windows * width,)."""
    return torch.sin(2 * math.pi * periods * torch.arange(windows * width) / width)


@check("make_spectrogram", points=2, hint="Along which axis does time run in the picture?")
def test_a_tone_is_one_bright_row(student):
    """Whoever mixes up rows and columns reads a melody as a chord."""
    picture = student.make_spectrogram(tone(3, 4), 16)
    wanted = torch.zeros(9, 4)
    wanted[3] = 8.0
    # 1e-4: a sum of sixteen float32 products is right to about 1e-6
    expect_close(picture, wanted, "a tone of 3 periods in a window, 4 windows", rtol=0, atol=1e-4)


@check("make_spectrogram", points=1, hint="How many whole windows are in 70 samples?")
def test_what_is_left_over_is_dropped(student):
    """A window that is half silence looks like a softer sound."""
    expect_tensor(student.make_spectrogram(tone(3, 5)[:70], 16), "70 samples in windows of 16", shape=(9, 4))


@check("classify", points=2, hint="Over which axis do you add up?")
def test_the_loudest_row_is_the_answer(student):
    """A single loud moment is a knock and no pitch."""
    picture = torch.zeros(9, 6)
    picture[2] = 1.0
    picture[7, 4] = 4.0
    expect_equal(student.classify(picture), 2, "a soft tone and one loud knock")
'''
MISTAKES = '''\
"""What goes wrong in project 08: which axis is time, what happens at the end, over what is added up."""

import torch

from course.authoring.proofs.variants import Catalogue

MISTAKES = Catalogue("08")
ROWS = MISTAKES.caught_by("make_spectrogram", "test_a_tone_is_one_bright_row")
REST = MISTAKES.caught_by("make_spectrogram", "test_what_is_left_over_is_dropped")
LOUDEST = MISTAKES.caught_by("classify", "test_the_loudest_row_is_the_answer")

ROWS.patch(
    "windows_in_rows",
    "The windows lie in rows: time runs downwards, and a tone is a column.",
    (".abs().T", ".abs()"),
)


@REST.mistake("What is left over is filled up with silence and becomes a window of its own.")
def rest_filled_up(sound, width):
    sound = torch.cat([sound, torch.zeros(-len(sound) % width)])
    return torch.fft.rfft(sound.reshape(-1, width)).abs().T


LOUDEST.patch(
    "loudest_moment",
    "The loudest moment decides, and not the sound as a whole.",
    ("spectrogram.sum(dim=1)", "spectrogram.amax(dim=1)"),
)
'''
ALTERNATIVES = '''\
"""Project 08, right in other ways."""

import torch

from course.authoring.proofs.variants import Catalogue

ALTERNATIVES = Catalogue("08")
alternative = ALTERNATIVES.alternative


@alternative("make_spectrogram", how="window by window")
def window_by_window(sound, width):
    starts = range(0, len(sound) - width + 1, width)
    return torch.stack([torch.fft.rfft(sound[k : k + width]).abs() for k in starts], dim=1)


@alternative("classify", how="by means, sorted")
def by_sorted_means(spectrogram):
    means = spectrogram.mean(1).tolist()
    return sorted(range(len(means)), key=means.__getitem__)[-1]
'''
CONTRACT = """\
[make_spectrogram]
"How loud each frequency" = ["test_a_tone_is_one_bright_row"]
"sound: float32 (T,)" = { about = "what comes in" }
"sound: left as it was" = ["test_a_tone_is_one_bright_row"] # `student` compares every argument with what it was
"width: samples in a window" = { about = "what comes in" }
"width: What is left over" = ["test_what_is_left_over_is_dropped"]
"float32 (width // 2 + 1" = ["test_a_tone_is_one_bright_row", "test_what_is_left_over_is_dropped"]

[classify]
"The frequency that is the loudest" = ["test_the_loudest_row_is_the_answer"]
"spectrogram: float32" = { about = "what comes in" }
"The number of its row" = ["test_the_loudest_row_is_the_answer"]
"""
EDITS = {  # the author's six; of the catalog the lines of the own entry
    "solutions/ex08_audio.py": SOLUTION,
    "graders/test_08_audio.py": GRADER,
    "graders/proofs/08_audio/mistakes.py": MISTAKES,
    "graders/proofs/08_audio/alternatives.py": ALTERNATIVES,
    "graders/proofs/08_audio/contract.toml": CONTRACT,
}
POINTS = {
    "make_spectrogram": (3, "Which axis of a picture is time?"),
    "classify": (2, "What is loud: a moment or a row?"),
}


def files_of(root: Path) -> dict[str, str]:
    """{path: digest} of what git would see."""
    found = [f for f in root.rglob("*") if f.is_file() and not {"__pycache__", ".course", "build"} & set(f.parts)]
    return {f.relative_to(root).as_posix(): hashlib.sha256(f.read_bytes()).hexdigest() for f in found}


def differing(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


class Copy:
    """A copy of the checkout, in which commands are typed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environment = {
            **os.environ,
            "PYTHONPATH": str(root),
            "PYTHONIOENCODING": "utf-8",
            "OMP_NUM_THREADS": "1",
            "COURSE_DATA": str(paths.data_folder()),
            "COURSE_EXERCISES": str(root / "exercises"),
            "COURSE_PROGRESS": str(root / ".course" / "progress.json"),
        }

    def start(self, *words: str) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-u", "-m", *words],
            cwd=self.root,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )

    def type(self, *words: str) -> str:
        """What a command says; it has to end well."""
        process = self.start(*words)
        said, _ = process.communicate()
        assert process.returncode == 0, f"{' '.join(words)}\n{said}"
        return said


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    root = tmp_path_factory.mktemp("tenth") / "checkout"
    try:
        copy_checkout(root)
    except CourseError as fault:
        pytest.skip(str(fault))
    return Copy(root)


@pytest.mark.slow
def test_a_tenth_project_takes_six_files_and_no_change_of_the_engine(copy):
    root, before = copy.root, files_of(copy.root)

    # the skeleton
    words = NEW.replace('"Sounds as pictures"', "Sounds_as_pictures").split()
    said = copy.type(*[word.replace("_as_", " as ") for word in words])
    page = (paths.ROOT / "docs" / "authoring.md").read_text("utf-8")
    assert f"```\n$ {NEW}\n{said}```\n" in page
    begun = files_of(root)
    made = {"exercises/ex08_audio.py", "course/workspace/ex08_audio.stub", "source/ex08_audio/ex08_audio.ipynb"}
    assert differing(before, begun) == {*EDITS, *made, "course/catalog.toml", "README.md"}
    assert copy.type("course", "author", "check").endswith(": nothing to mend.\n")

    # what an author writes
    for name, text in EDITS.items():
        (root / name).write_text(text, "utf-8")
    catalog = root / "course" / "catalog.toml"
    others, own = catalog.read_text("utf-8").split('[[project]]\nid = "08"')
    for name, (points, todo) in POINTS.items():
        entry = next(entry for entry in own.splitlines() if f'"{name}"' in entry)
        own = own.replace(entry, f'    {{ name = "{name}", points = {points}, todo = "{todo}" }},')
    catalog.write_text(f'{others}[[project]]\nid = "08"{own}', "utf-8")
    edited = differing(begun, files_of(root))
    assert edited == {*EDITS, "course/catalog.toml"}
    assert len(edited) <= 6

    # made, told, checked, proven
    assert set(copy.type("course", "author", "make").splitlines()) == {f"made {name}" for name in made}
    assert copy.type("course", "author", "check").startswith(f"{len(projects()) + 1} projects")
    assert copy.type("course", "author", "check", "08") == (
        "1 project, 2 functions, 3 checks, 3 mistakes, 2 alternatives, 9 sentences: nothing to mend.\n"
    )
    assert copy.type("course", "author", "proofs", "08").endswith("\nall proven\n")
    assert "5 of 5 points: 3 passed" in copy.type("pytest", "graders/test_08_audio.py", "--target", "solutions")

    # a student's loop: the stub, then the solution saved over it
    exercise = root / "exercises" / "ex08_audio.py"
    stub = exercise.read_text("utf-8")
    watching = copy.start("course", "watch", "08", "--fast")
    try:
        assert "0 of 5 points" in until(watching, "Ctrl-C leaves.")
        exercise.write_text(SOLUTION, "utf-8")
        assert "All 5 points." in until(watching, "Ctrl-C leaves.")
        watching.send_signal(signal.SIGINT)
        until(watching, "goes on from here")
    finally:
        watching.kill()
        watching.communicate()
    exercise.write_text(stub, "utf-8")

    # what students get, and a class of two: a notebook that is right, a module that is half written
    assert "08   release/ex08_audio/ex08_audio.ipynb   2 functions, 5 points" in copy.type("course", "release", "08")
    hand_in = "from course.authoring.rehearsal.mock_class import Student, hand_in; from course.catalog import project; "
    hand_in += "from pathlib import Path; "
    hand_in += "hand_in(Path('submitted'), project('08'), [Student('ada', 'right'), Student('ben', 'half', 'module')])"
    subprocess.run([sys.executable, "-c", hand_in], cwd=root, env=copy.environment, check=True)
    copy.type("course", "grade", "submitted", "--project", "08", "--jobs", "1", "--isolation", best())
    with (root / "feedback" / "ex08_audio.csv").open(encoding="utf-8", newline="") as stream:
        assert {row["student"]: float(row["earned"]) for row in csv.DictReader(stream)} == {"ada": 5.0, "ben": 3.0}

    # of the engine nothing has changed
    touched = {name for name in differing(before, files_of(root)) if name.startswith("course/")}
    assert touched == {"course/catalog.toml", "course/workspace/ex08_audio.stub"}


def until(process: subprocess.Popen, words: str) -> str:
    """Read up to the line that holds `words`."""
    seen = ""
    for line in process.stdout:
        seen += line
        if words in line:
            return seen
    raise AssertionError(f"{words!r} did not come after:\n{seen}")


# -- what `new` refuses -------------------------------------------------------------------------------------------------

WISHES = Wishes("08", "audio", "Sounds", ("listen",))


@pytest.mark.parametrize(
    ("wishes", "says"),
    [
        (Wishes("01", "audio", "Sounds", ("listen",)), "There is a project 01 mnist already"),
        (Wishes("08", "mnist", "Sounds", ("listen",)), "There is a project 01 mnist already"),
        (Wishes("8", "audio", "Sounds", ("listen",)), "is no name of a project"),
        (Wishes("08", "Audio Files", "Sounds", ("listen",)), "is no name of a project"),
        (Wishes("08", "audio", 'A "loud" sound', ("listen",)), "is no title"),
        (Wishes("08", "audio", " ", ("listen",)), "is no title"),
        (Wishes("08", "audio", "Sounds", ("listen", "listen")), "cannot be a function's name"),
        (Wishes("08", "audio", "Sounds", ("return",)), "cannot be a function's name"),
        (Wishes("08", "audio", "Sounds", ("listen",), ("bats",)), "no data set called 'bats'"),
    ],
)
def test_a_name_that_is_taken_or_none_is_refused_and_nothing_is_written(tmp_path, wishes, says):
    with pytest.raises(CourseError, match=says) as refused:
        skeleton.write(wishes, tmp_path)
    assert refused.value.cure
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_stays_and_nothing_else_is_written(tmp_path):
    mine = tmp_path / "graders" / "test_08_audio.py"
    mine.parent.mkdir()
    mine.write_text("mine")
    with pytest.raises(CourseError, match="is there already"):
        skeleton.write(WISHES, tmp_path)
    assert [f for f in tmp_path.rglob("*") if f.is_file()] == [mine]
    assert mine.read_text() == "mine"


def test_a_title_is_quoted_as_toml_has_it():
    import tomllib

    title = "Sounds: 'loud', soft, ä"
    (entry,) = tomllib.loads(skeleton.entry_text(Wishes("08", "audio", title, ("listen",), ("asl",))))["project"]
    assert (entry["title"], entry["data"], entry["functions"][0]["name"]) == (title, ["asl"], "listen")
