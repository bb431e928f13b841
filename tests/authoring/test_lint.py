"""The author's linter: a made-up project in which all holds, one fault planted at a time; and the real tree, which is clean."""

import ast
import importlib
import os
import re
import subprocess
import sys
from dataclasses import replace

import pytest
from click.testing import CliRunner

import graders.proofs
from course import catalog, paths
from course.authoring.lint import linter, names
from course.authoring.lint.contracts import sentences_of
from course.authoring.notebooks.source import notebook_text
from course.catalog import Function, Project
from course.cli import main
from course.errors import CourseError

TOY = Project(
    "08",
    "toy",
    "A toy",
    (),
    (Function("double", 3, "What is twice three?"), Function("halve", 1, "What is left of a half?")),
    {"share": 0.9},
)
SOLUTION, GRADER = "solutions/ex08_toy.py", "graders/test_08_toy.py"
MISTAKES, ALTERNATIVES = "graders/proofs/08_toy/mistakes.py", "graders/proofs/08_toy/alternatives.py"
CATALOG, CONTRACTS, SUPPORT = "course/catalog.toml", "graders/proofs/08_toy/contract.toml", "graders/kit/toy.py"
NOTEBOOK, TEST = "source/ex08_toy/ex08_toy.ipynb", "tests/test_toy.py"
FILES = {
    CATALOG: """\
[[project]]
id = "08"
thresholds = { share = 0.90 }
functions = [
    { name = "double", points = 3, todo = "What is twice three?" },
    { name = "halve", points = 1, todo = "What is left of a half?" },
]
""",
    SOLUTION: '''\
# %% [markdown]
# # 08 A toy


# %%
def double(number: float) -> float:
    """Twice a number. Of any ten numbers at least 0.90 come out right.

    Args:
        number: any number; left as it was.

    Returns:
        Two times `number`, a Python float.

    Raises:
        ValueError: it is NaN.
    """
    ### BEGIN SOLUTION
    if number != number:
        raise ValueError("NaN")
    return 2.0 * number
    ### END SOLUTION


# %%
def halve(number: float) -> float:
    """Half of a number."""
    ### BEGIN SOLUTION
    return number / 2
    ### END SOLUTION
''',
    GRADER: '''\
"""Grader of a toy."""

from course.checks.check import check
from course.checks.expect import expect, expect_at_least, expect_close


@check("double", points=2, hint="What is twice three?")
def test_it_doubles(student):
    """A number that was not doubled is of no use to the next function."""
    # 1e-6: float32 is right to about 1e-7
    expect_close(student.double(3.0), 6.0, "twice three", rtol=0, atol=1e-6)
    right = sum(student.double(float(k)) == 2.0 * k for k in range(10))
    expect_at_least(right / 10, 0.9, "share of ten numbers")  # all but one


@check("double", points=1, hint="What is NaN not equal to?")
def test_nan_is_refused(student):
    """NaN goes on and on until somebody asks where it came from."""
    try:
        student.double(float("nan"))
    except Exception:
        return
    expect(False, "NaN was doubled")


@check("halve", points=1, needs=("double",), hint="What is left of a half?")
def test_it_halves(student):
    """What was doubled must be the same again, or nobody can go back."""
    expect(student.halve(student.double(3.0)) == 3, "half of twice three")
''',
    MISTAKES: '''\
"""What goes wrong in a toy."""

from course.authoring.proofs.variants import Catalogue

MISTAKES = Catalogue("08")
DOUBLES = MISTAKES.caught_by("double", "test_it_doubles")
REFUSED = MISTAKES.caught_by("double", "test_nan_is_refused")
HALVES = MISTAKES.caught_by("halve", "test_it_halves")

for factor, called in (("3", "three"), ("1", "one")):
    DOUBLES.patch(f"times_{called.lower()}", f"Times {factor} is not twice.", ("2.0 *", f"{factor} *"))


@REFUSED.mistake("NaN is a number like any other here.")
def nan_accepted(number):
    return 2.0 * number


@HALVES.mistake("The remainder is lost: // is for whole numbers.")
def whole_halves(number):
    return number // 2
''',
    ALTERNATIVES: '''\
"""Right in other hands."""

from course.authoring.proofs.variants import Catalogue

ALTERNATIVES = Catalogue("08")
alternative = ALTERNATIVES.alternative


@alternative("double", how="by adding")
def added(number):
    if number != number:
        raise ValueError("NaN")
    return float(number + number)


@alternative("halve", how="by multiplying")
def multiplied(number):
    return number * 0.5
''',
    CONTRACTS: """\
[double]
"Twice a number" = ["test_it_doubles"]
"Of any ten numbers" = ["test_it_doubles"]
"number: any number" = { about = "what comes in" }
"number: left as it was" = ["test_it_doubles"]
"Two times `number`" = ["test_it_doubles"]
"ValueError: it is NaN" = ["test_nan_is_refused"]

[halve]
"Half of a number" = ["test_it_halves"]
""",
    SUPPORT: """\
def near(a, b):
    return abs(a - b) < 1e-6  # 1e-6: float32 is right to about 1e-7
""",
    TEST: """\
import time


def test_it_is_there():
    began = time.monotonic()
    print(time.monotonic() - began)
    assert began is not None
""",
}
FILES[NOTEBOOK] = notebook_text(FILES[SOLUTION], TOY, SOLUTION)


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A checkout with the made-up project alone; returns its root."""
    for name, text in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    for module in (catalog, linter, names):
        monkeypatch.setattr(module, "projects", lambda: (TOY,))
    for package, folder in ((graders, "graders"), (graders.proofs, "graders/proofs")):
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path / folder)])
    yield tmp_path
    _forget_the_toy()


def _forget_the_toy():
    """So that the next look at its files imports them anew."""
    for name in [name for name in sys.modules if "08_toy" in name]:
        del sys.modules[name]
    importlib.invalidate_caches()


def test_nothing_is_found_where_all_holds(toy):
    report = linter.lint(root=toy)
    assert report.findings == ()
    assert dict(report.counts) == {
        "project": 1,
        "function": 2,
        "check": 3,
        "mistake": 4,
        "alternative": 2,
        "sentence": 7,
    }


HINT = 'hint="What is NaN not equal to?"'
NAN = "test_nan_is_refused"
FAULTS = {
    # names and ids
    "two checks of a name": (GRADER, "def test_it_halves", "def test_it_doubles", None, "the name of a check already"),
    "a test that is no check": (
        GRADER,
        '@check("halve", points=1, needs=("double",), hint="What is left of a half?")\n',
        "",
        "def test_it_halves",
        "test_it_halves is no check",
    ),
    "a check of nothing": (
        GRADER,
        '@check("halve"',
        '@check("half"',
        None,
        "names half, which project 08 does not have",
    ),
    "a need of nothing": (GRADER, 'needs=("double",)', 'needs=("treble",)', None, "names treble, which project 08"),
    "two mistakes of a name": (
        MISTAKES,
        "def whole_halves",
        "def nan_accepted",
        "@HALVES.mistake",
        "two variants of project 08 are called nan_accepted",
    ),
    "an alternative named as a mistake": (
        ALTERNATIVES,
        "def added",
        "def nan_accepted",
        '@alternative("double"',
        "the name of a mistake",
    ),
    "a mistake in nothing": (
        MISTAKES,
        'caught_by("halve"',
        'caught_by("half"',
        "@HALVES.mistake",
        "whole_halves is a variant of half",
    ),
    "words that the solution no longer has": (
        MISTAKES,
        '("2.0 *", f"{factor} *")',
        '("2 *", f"{factor} *")',
        "DOUBLES.patch",
        "times_one: '2 *' occurs 0 times in double, not once",
    ),
    "a name that is nothing": (
        MISTAKES,
        "@HALVES.mistake",
        "@THIRDS.mistake",
        "@THIRDS.mistake",
        "this cannot be imported: NameError: name 'THIRDS' is not defined",
    ),
    "a grader that stops": (
        GRADER,
        "import check\n",
        "import check\nfrom course.checks.check import no_such\n",
        "import no_such",
        "this cannot be imported: ImportError",
    ),
    "a marked body unknown to the catalog": (
        SOLUTION,
        "def halve",
        "def half",
        "def half",
        "the catalog has no such function",
    ),
    "no docstring": (SOLUTION, '    """Half of a number."""\n', "", "def halve", "has no docstring"),
    "markers that do not fit": (
        SOLUTION,
        "    return number / 2\n    ### END SOLUTION\n",
        "    return number / 2\n",
        None,
        "is never closed",
    ),
    "no Python": (ALTERNATIVES, "def added(number):", "def added(number:", "def added", "never closed"),
    "no notebook": (NOTEBOOK, '"cells": [', '"cells": [[', None, "this is no notebook"),
    "two cells of an id": (
        NOTEBOOK,
        '"id": "check_halve"',
        '"id": "check_double"',
        None,
        "the cell id 'check_double' stands twice",
    ),
    "two graded cells of an id": (
        NOTEBOOK,
        '"grade_id": "check_halve"',
        '"grade_id": "check_double"',
        None,
        "the grade_id 'check_double' stands twice",
    ),
    # points
    "points that do not add up": (GRADER, "points=2", "points=1", '"double"', "double is worth 3 points, its checks 2"),
    "points of the notebook": (
        NOTEBOOK,
        '"points": 3',
        '"points": 4',
        "check_double",
        "check_double is worth 4, in the catalog 3",
    ),
    # words
    "no hint": (GRADER, HINT, 'hint=""', 'hint=""', f"{NAN} has no hint"),
    "a hint that tells": (
        GRADER,
        HINT,
        'hint="NaN is not equal to itself."',
        'hint="NaN is not equal to itself."',
        "asks no question",
    ),
    "no reason": (
        GRADER,
        '    """NaN goes on and on until somebody asks where it came from."""\n',
        "",
        HINT,
        "does not say why it matters",
    ),
    # proofs
    "a check without a mistake": (
        MISTAKES,
        "@REFUSED.mistake",
        "@DOUBLES.mistake",
        HINT,
        f"no mistake names {NAN}",
    ),
    "a mistake caught by nothing": (
        MISTAKES,
        f'"{NAN}"',
        '"test_nan"',
        "@REFUSED.mistake",
        "to be caught by test_nan, which does not exist",
    ),
    "a mistake caught elsewhere": (
        MISTAKES,
        f'"{NAN}"',
        '"test_it_halves"',
        "@REFUSED.mistake",
        "but test_it_halves judges halve",
    ),
    "a mistake without a sentence": (
        MISTAKES,
        '"NaN is a number like any other here."',
        '"NaN"',
        "@REFUSED.mistake",
        "does not say in a sentence",
    ),
    "a function without an alternative": (
        ALTERNATIVES,
        '@alternative("halve"',
        '@alternative("double"',
        '"halve"',
        "halve has no alternative",
    ),
    # contracts
    "a sentence without an entry": (
        CONTRACTS,
        '"Two times `number`" = ["test_it_doubles"]\n',
        "",
        "Two times",
        "'Two times `number`, a Python float.' has no entry",
    ),
    "a new sentence": (
        SOLUTION,
        "Half of a number.",
        "Half of a number. Never rounded.",
        "Never rounded",
        "'Never rounded.' has no entry",
    ),
    "an entry whose sentence has gone": (
        SOLUTION,
        "        ValueError: it is NaN.",
        "        ValueError: this is no number.",
        None,
        "no sentence begins so any more",
    ),
    "an entry that fits two": (
        CONTRACTS,
        '"number: any number"',
        '"number: "',
        '"number: "',
        "several sentences begin so",
    ),
    "two entries of one sentence": (CONTRACTS, '"Of any ten numbers"', '"Twice a"', '"Twice a"', "is the sentence of"),
    "an entry of no check": (
        CONTRACTS,
        f'["{NAN}"]',
        f'["{NAN}", "test_nan"]',
        "ValueError",
        "there is no check test_nan of double",
    ),
    "an entry of another's check": (
        CONTRACTS,
        f'["{NAN}"]',
        f'["{NAN}", "test_it_halves"]',
        "ValueError",
        "there is no check test_it_halves of double",
    ),
    "a hole": (
        CONTRACTS,
        '"number: left as it was" = ["test_it_doubles"]',
        '"number: left as it was" = []',
        "left as it was",
        "demands something that no check proves",
    ),
    "an orientation without a reason": (
        CONTRACTS,
        '{ about = "what comes in" }',
        '{ about = "" }',
        "any number",
        "has neither checks nor a reason",
    ),
    "a check that proves nothing": (
        CONTRACTS,
        f'["{NAN}"]',
        '["test_it_doubles"]',
        HINT,
        "the student was not told",
    ),
    "a threshold that nobody is told": (
        SOLUTION,
        "at least 0.90 come out right",
        "most come out right",
        None,
        "tells the threshold share, 0.90",
    ),
    "no TOML": (CONTRACTS, "[halve]", "[halve", "halve", "at line"),
    # numbers
    "a tolerance without a reason": (
        GRADER,
        "    # 1e-6: float32 is right to about 1e-7\n",
        "",
        "atol=1e-6",
        "test_it_doubles: nothing says why 1e-6",
    ),
    "a threshold without a reason": (GRADER, "  # all but one", "", "0.9,", "nothing says why 0.9"),
    "a comment for the formatter": (GRADER, "  # all but one", "  # noqa: X1", "0.9,", "nothing says why 0.9"),
    "a bare comparison": (GRADER, "== 3, ", "- 3 < 1e-4, ", "1e-4", "test_it_halves: nothing says why 1e-4"),
    "a count": (GRADER, "== 3, ", "> 7, ", "> 7", "test_it_halves: nothing says why 7"),
    "torch's own tolerance": (
        GRADER,
        'expect(student.halve(student.double(3.0)) == 3, "',
        'expect(torch.allclose(student.halve(6.0), 3), "',
        "allclose",
        "nothing says why torch.allclose",
    ),
    "a tolerance in what graders share": (
        SUPPORT,
        "  # 1e-6: float32 is right to about 1e-7",
        "",
        "1e-6",
        "near: nothing says why 1e-6",
    ),
    # clocks
    "a check by the clock": (
        GRADER,
        '    expect(False, "NaN was doubled")',
        '    expect(time.perf_counter() < 3, "too slow")',
        "perf_counter",
        "asserts a time",
    ),
    "a test by the clock": (
        TEST,
        "assert began is not None",
        "assert time.monotonic() - began < 3",
        "assert",
        "asserts a time",
    ),
    "a time by another name": (
        TEST,
        "    print(time.monotonic() - began)\n    assert began is not None",
        "    took = time.monotonic() - began\n    fast = took\n    assert fast < 3",
        "assert",
        "asserts a time",
    ),
    "a mark": (TEST, "def test_it", "@pytest.mark.timeout(3)\ndef test_it", "@pytest", "a mark limits the time"),
    "a deadline": (
        TEST,
        "def test_it",
        "@settings(deadline=200)\ndef test_it",
        "@settings",
        "a deadline limits the time",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_named_where_it_stands(toy, fault):
    name, old, new, place, words = FAULTS[fault]
    assert FILES[name].count(old) == 1, f"{old!r} occurs {FILES[name].count(old)} times in {name}"
    (toy / name).write_text(FILES[name].replace(old, new), "utf-8")
    named = [finding for finding in linter.lint(root=toy).findings if words in finding.what]
    assert named
    for finding in named:
        line = (toy / finding.file).read_text("utf-8").splitlines()[finding.line - 1]
        assert place is None or place in line, f"{finding.file}:{finding.line} is {line!r}"
        assert finding.cure.endswith((".", "?"))
        assert not finding.what.endswith(".")


def test_a_catalog_that_asks_no_question_or_lists_twice(toy, monkeypatch):
    entry = replace(TOY, functions=(*TOY.functions, Function("halve", 1, "Halve it.")))
    monkeypatch.setattr(linter, "projects", lambda: (entry,))
    found = {finding.what: finding.line for finding in linter.lint(root=toy).findings}
    assert found["the TODO of halve asks no question"] == 6
    assert found["halve is listed twice"] == 6


def test_a_function_of_the_catalog_that_nobody_wrote(toy, monkeypatch):
    entry = replace(TOY, functions=(*TOY.functions, Function("treble", 1, "What is three times three?")))
    monkeypatch.setattr(linter, "projects", lambda: (entry,))
    found = [finding.what for finding in linter.lint(root=toy).findings]
    assert f"{SOLUTION} has no function treble with a marked body" in found
    assert "treble has no alternative" in found


@pytest.mark.parametrize("name", [SOLUTION, GRADER, MISTAKES, ALTERNATIVES, CONTRACTS, NOTEBOOK])
def test_a_missing_file_is_a_finding_and_no_crash(toy, name):
    (toy / name).unlink()
    assert any(f.file == name and "missing" in f.what for f in linter.lint(root=toy).findings)


def test_tables_of_strangers_are_named(toy):
    text = FILES[CONTRACTS] + '\n[treble]\n"What" = []\n'
    (toy / CONTRACTS).write_text(text, "utf-8")
    (toy / "graders/proofs/09_other").mkdir()
    found = {finding.what: finding.line for finding in linter.lint(root=toy).findings}
    assert found["project 08 has no function treble"] == text.splitlines().index("[treble]") + 1
    assert "the catalog has no project 09_other" in found


def test_a_students_copy_has_nothing_to_look_at(tmp_path):
    with pytest.raises(CourseError, match="graders/proofs"):
        linter.lint(root=tmp_path)


DOCSTRING = '''
class Thing:
    """What it is for. Of mode "L. Or not"; (a; b) stays.

    It gives `x; y`, e.g. 0.5 of it. Or not?

    Args:
        one: a number; changed
            in place.
        two, three: others: none.

    Returns:
        Nothing. `x` is left.

    Raises:
        ValueError: too bad.
    """

    def size(self):
        """How large."""

    def bare(self): ...
'''


def test_a_docstring_is_split_into_sentences():
    found = [(s.text, s.line) for s in sentences_of(ast.parse(DOCSTRING).body[0])]
    assert found == [
        ("What it is for.", 3),
        ('Of mode "L. Or not"', 3),
        ("(a; b) stays.", 3),
        ("It gives `x; y`, e.g. 0.5 of it.", 5),
        ("Or not?", 5),
        ("one: a number", 8),
        ("one: changed in place.", 8),
        ("two, three: others: none.", 10),
        ("Nothing.", 13),
        ("`x` is left.", 13),
        ("ValueError: too bad.", 16),
        ("size: How large.", 20),
    ]


# -- solutions and stubs ------------------------------------------------------------------------------------------------

RUN = """
import sys
from pathlib import Path

from course import catalog, paths
from course.authoring.lint import linter
from course.catalog import Function, Project

paths.ROOT, catalog.projects = Path(sys.argv[1]), lambda: (TOY,)
solution = paths.ROOT / "solutions" / "ex08_toy.py"
right = solution.read_text("utf-8")
for old, new in (("", ""), ("2.0 * number", "2.0 * number + number"), ("    ### BEGIN SOLUTION\\n    return n", EARLY)):
    solution.write_text(right.replace(old, new) if old else right, "utf-8")
    for finding in linter.lint([TOY], run=True).findings:
        print(finding.file, finding.what)
    print("--")
"""
EARLY = "    if number == 6:\n        return 3.0\n    ### BEGIN SOLUTION\n    return n"


@pytest.mark.slow
def test_solutions_pass_and_stubs_do_not(toy):
    """All holds; then the solution doubles three times over; then a stub answers before it comes to its TODO."""
    (toy / "graders" / "__init__.py").touch()
    code = RUN.replace("EARLY", repr(EARLY)).replace("TOY", repr(TOY))
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(paths.ROOT)}
    command = [sys.executable, "-P", "-c", code, str(toy)]
    done = subprocess.run(command, cwd=toy, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "--",
        f"{SOLUTION} the solution does not pass test_it_doubles: failed: twice three: expected 6, got 9",
        f"{SOLUTION} the solution does not pass test_it_halves: failed: half of twice three",
        "--",
        f"{GRADER} test_it_halves says of the stub: passed: no message",
        "--",
    ]


# -- the command, and the real tree -------------------------------------------------------------------------------------


def test_the_command_says_file_line_and_cure(toy, monkeypatch):
    monkeypatch.setattr(paths, "ROOT", toy)
    done = CliRunner().invoke(main, ["author", "check", "08"])
    assert done.exit_code == 0
    assert done.output == (
        "1 project, 2 functions, 3 checks, 4 mistakes, 2 alternatives, 7 sentences: nothing to mend.\n"
    )
    (toy / GRADER).write_text(FILES[GRADER].replace(HINT, 'hint=""'), "utf-8")
    _forget_the_toy()
    done = CliRunner().invoke(main, ["author", "check", "toy"])
    assert done.exit_code == 1
    line = FILES[GRADER].splitlines().index(f"def {NAN}(student):")
    cure = "Ask what leads on, without the answer; end with a question mark."
    assert done.output.splitlines()[0] == f"{GRADER}:{line}  {NAN} has no hint  → {cure}"
    assert done.output.splitlines()[1].endswith(": 1 to mend.")


def test_the_page_for_authors_quotes_the_tree():
    """docs/authoring.md: each line of a quoted block stands in the file that was named last before it."""
    page = (paths.ROOT / "docs" / "authoring.md").read_text("utf-8")
    quoted = 0
    for before, block in zip(*[iter(page.split("```\n"))] * 2, strict=False):
        if not block.startswith("$ "):
            file = re.findall(r"`((?:solutions|graders|course)/[\w/]+\.(?:py|toml))`", page[: page.index(block)])[-1]
            lines = (paths.ROOT / file).read_text("utf-8").splitlines()
            assert [line for line in block.splitlines() if line not in lines] == [], f"{file}, after {before[-60:]!r}"
            quoted += 1
    assert quoted == 7


def test_the_course_itself_is_clean():
    assert [f"{f.file}:{f.line}  {f.what}" for f in linter.lint().findings] == []
