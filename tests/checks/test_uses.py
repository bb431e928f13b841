"""What a function of a module uses: what is a change for it, and what is none."""

from pathlib import Path

import pytest

from course.checks.cache import Cache
from course.checks.uses import Uses, digests

TEXT = '''
import torch
from torch import nn

WIDTH = 3


class Block(nn.Module):
    """A block."""

    def forward(self, x):
        return x


def helper(x):
    return x + 1  # one more


def build(n):
    """Build it."""
    return Block(n, WIDTH)


def train(model):
    model.eval()
    return helper(build(2)(model))


def alone(x):
    return x
'''


def changed(old: str, new: str, folder: Path = Path("nowhere"), text: str = TEXT) -> set[str]:
    """Functions for which the change is one."""
    assert old in text
    names = ("Block", "helper", "build", "train", "alone")
    before, after = (Uses(t.encode(), folder) for t in (text, text.replace(old, new)))
    return {name for name in names if before.digest([name]) != after.digest([name])}


def test_what_uses_a_function_changes_with_it():
    assert changed("x + 1", "x + 2") == {"helper", "train"}
    assert changed("return Block(n, WIDTH)", "return Block(n, 4)") == {"build", "train"}
    assert changed("        return x\n", "        return -x\n") == {"Block", "build", "train"}
    assert changed("def alone(x):\n    return x", "def alone(x):\n    return 2 * x") == {"alone"}


@pytest.mark.parametrize(
    ("old", "new"), [("  # one more", ""), ("A block.", "Another one."), ("\n\ndef alone", "\n\n\n# more\n\ndef alone")]
)
def test_comments_docstrings_and_layout_are_no_change(old, new):
    assert changed(old, new) == set()


def test_what_stands_outside_of_functions_counts_for_all():
    assert len(changed("WIDTH = 3", "WIDTH = 4")) == 5
    assert len(changed("import torch\n", "import torch\n\ntorch.manual_seed(3)\n")) == 5


@pytest.mark.parametrize("line", ["globals()['helper']", "eval('helper')", "alone.__doc__"])
def test_a_module_that_looks_at_itself_counts_whole(line):
    text = TEXT.replace("    return x\n", f"    {line}\n    return x\n")
    assert len(changed("x + 1", "x + 2", text=text)) == 5


def test_a_docstring_counts_where_the_code_reads_it():
    assert changed("A block.", "Another.", text=TEXT.replace("return Block(n", "return Block(Block.__doc__, n"))


def test_own_modules_beside_count(tmp_path):
    (tmp_path / "mine.py").write_text("import further\n")
    (tmp_path / "further.py").write_text("X = 1\n")
    file = tmp_path / "ex.py"
    file.write_text("from mine import thing\n\n\ndef f():\n    return thing\n")
    before = digests(file, ["f"])
    (tmp_path / "further.py").write_text("X = 1  # a comment\n")
    assert digests(file, ["f"]) == before
    (tmp_path / "further.py").write_text("X = 2\n")
    assert digests(file, ["f"]) != before


def test_of_what_is_no_python_nothing_is_known(tmp_path):
    (tmp_path / "ex.py").write_text("def f(:\n")
    assert digests(tmp_path / "ex.py", ["f"]) == digests(tmp_path / "none.py", ["f"]) == {}


class Counting:
    """A training that calls functions of the student's; how often it ran."""

    def __init__(self, called: dict[str, None], *names: str) -> None:
        self.called, self.names, self.ran = called, names, 0

    def __call__(self) -> int:
        self.called.update(dict.fromkeys(self.names))
        self.ran += 1
        return self.ran


def test_training_runs_again_only_where_what_it_uses_has_changed(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))

    def value(text: str, names: tuple[str, ...] = ("build", "train"), name: str = "digits") -> int:
        called: dict[str, None] = {}
        return Cache(b"grader", uses=Uses(text.encode(), Path("nowhere"))).remember(
            name, Counting(called, *names), called
        )

    training = Counting({}, "build")
    cache = Cache(b"grader", uses=Uses(TEXT.encode(), Path("nowhere")))
    assert [cache.remember("x", training, training.called) for _ in range(3)] == [1, 1, 1]

    marks = []
    for text in (
        TEXT,
        TEXT.replace("  # one more", "  # a comment"),
        TEXT.replace("def alone(x):\n    return x", "def alone(x):\n    return 2 * x"),
        TEXT.replace("x + 1", "x + 2"),
        TEXT,
    ):
        called: dict[str, None] = {}
        counting = Counting(called, "build", "train")
        Cache(b"grader", uses=Uses(text.encode(), Path("nowhere"))).remember("digits", counting, called)
        marks.append(counting.ran)
    assert marks == [1, 0, 0, 1, 0]
    assert value(TEXT) == 1
    other = Counting({}, "build")
    assert (
        Cache(b"another grader", uses=Uses(TEXT.encode(), Path("nowhere"))).remember("digits", other, other.called) == 1
    )
    assert other.ran == 1


def test_two_checks_that_share_evidence_depend_on_what_both_call(tmp_path, monkeypatch):
    """The second has called `alone` before: a change of it is one for both."""
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    ran = []
    for text in (TEXT, TEXT, TEXT.replace("def alone(x):\n    return x", "def alone(x):\n    return 2 * x")):
        cache = Cache(uses=Uses(text.encode(), Path("nowhere")))
        for before in ((), ("alone",)):
            counting = Counting(dict.fromkeys(before), "build")
            cache.remember("shared", counting, counting.called)
            ran.append(counting.ran)
    assert ran == [1, 1, 0, 0, 1, 0]


def test_a_module_that_is_no_python_keeps_nothing():
    counting = Counting({})
    cache = Cache(uses=None)
    assert [cache.remember("x", counting), cache.remember("x", counting)] == [1, 2]
