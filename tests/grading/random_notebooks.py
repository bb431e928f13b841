"""Random notebooks of project 01, and the three who judge them: their own checks, nbgrader, `course grade`.

Functions are written in several ways, right and wrong, alone or with helpers; helpers, imports, trials and mistakes stand in own
cells anywhere; cells are split, doubled, moved, without their metadata; what was run is the file, another order of it, or more or
less of it.
"""

import ast
import contextlib
import copy
import io
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hypothesis import strategies as st
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from course import catalog
from course.authoring.rehearsal import mock_class
from course.cells import kernel
from course.cells.cell import Work
from course.cells.notebook import Book, book_of, source_of
from course.cells.plan import Plan
from course.checks import notebook as checks_in_it
from course.checks.check import checks_of
from course.checks.run import run
from course.checks.session import InProcess
from course.checks.target import reference_file
from course.checks.worker import Worker
from course.grading.handed_in import handed_in

ENTRY = catalog.project("01")
TASKS = ("make_transforms", "make_loaders", "batch_accuracy", "train_epoch", "validate")  # build_model trains for long

LOOP = """\
    model.train()
    total, hits, items = 0.0, 0.0, 0
    for images, labels in loader:
        logits = model(images)
        loss = loss_function(logits, labels)
        {zero}
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)
        hits += {hits}
        items += len(labels)
    return {metrics}"""
MEASURE = """\
    {mode}
    total, hits, items = 0.0, 0.0, 0
    with torch.no_grad():
        for images, labels in loader:
            logits = model(images)
            total += loss_function(logits, labels).item() * len(labels)
            hits += {hits}
            items += len(labels)
    return {metrics}"""
PLAIN = {
    "zero": "optimizer.zero_grad()",
    "mode": "model.eval()",
    "hits": "(logits.argmax(dim=1) == labels).sum().item()",
    "metrics": "Metrics(total / items, hits / items)",
}
HEADS = {
    "make_transforms": "def make_transforms():",
    "make_loaders": "def make_loaders(train_set, valid_set, batch_size=32):",
    "batch_accuracy": "def batch_accuracy(logits, labels):",
    "train_epoch": "def train_epoch(model, loader, loss_function, optimizer):",
    "validate": "def validate(model, loader, loss_function):",
}
BODIES = {
    "make_transforms": [
        "    return v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])",
        "    return T.Compose(STEPS)",
        "    return v2.Compose([v2.PILToTensor(), v2.Lambda(scaled)])",
        "    return v2.Compose([v2.ToImage()])",
    ],
    "make_loaders": [
        "    return DataLoader(train_set, batch_size, shuffle=True), DataLoader(valid_set, batch_size)",
        "    return make(train_set, batch_size, shuffle=True), make(valid_set, batch_size)",
        "    return DataLoader(train_set, batch_size=batch_size, **SETTINGS), DataLoader(valid_set, batch_size=batch_size)",
        "    return DataLoader(train_set, batch_size), DataLoader(valid_set, batch_size)",
    ],
    "batch_accuracy": [
        "    return (logits.argmax(dim=1) == labels).float().mean().item()",
        "    return right(logits, labels) / len(labels)",
        "    return float(np.mean((logits.argmax(1) == labels).numpy()))",
        "    return (logits.argmax(dim=0) == labels).float().mean().item()",
    ],
    "train_epoch": [
        LOOP.format(**PLAIN),
        LOOP.format(**PLAIN | {"hits": "right(logits, labels)"}),
        LOOP.format(**PLAIN | {"zero": "clear(optimizer)", "metrics": "mean_of(total, hits, items)"}),
        LOOP.format(**PLAIN | {"zero": "pass"}),
    ],
    "validate": [
        MEASURE.format(**PLAIN),
        MEASURE.format(**PLAIN | {"hits": "right(logits, labels)", "metrics": "mean_of(total, hits, items)"}),
        MEASURE.format(**PLAIN | {"mode": "quiet(model)"}),
        MEASURE.format(**PLAIN | {"mode": "model.train()"}),
    ],
}
HELPERS = [
    "def right(logits, labels):\n    return (logits.argmax(dim=1) == labels).sum().item()",
    "right = lambda scores, truth: int((scores.argmax(1) == truth).sum())",
    "def right(logits, labels):\n    return (logits.argmax(dim=0)[: len(labels)] == labels[:1]).sum().item()",
    "import numpy as np",
    "from torchvision.transforms import v2 as T\nSTEPS = [T.ToImage(), T.ToDtype(torch.float32, scale=True)]",
    "STEPS = []\nfor step in (v2.ToImage(), v2.ToDtype(torch.float32, scale=True)):\n    STEPS.append(step)",
    "import torchvision.transforms.v2 as T",
    "def scaled(x):\n    return x.float() / FULL",
    "FULL = 255",
    "FULL = 256",
    "from functools import partial\nmake = partial(DataLoader)",
    "class make(DataLoader):\n    pass",
    "SETTINGS = {}\nSETTINGS['shuffle'] = True",
    "SETTINGS = dict(shuffle=False)",
    "def clear(optimizer):\n    optimizer.zero_grad(set_to_none=QUICK)",
    "QUICK: bool = True",
    "try:\n    QUICK\nexcept NameError:\n    QUICK = False",
    "def mean_of(total, hits, items):\n    return Metrics(total / items, hits / items)",
    "@staticmethod\ndef mean_of(total, hits, items):\n    return Metrics(total / items, hits / items)",
    "def quiet(model):\n    model.eval()",
    "if True:\n    def quiet(net):\n        net.train(False)",
]
TRIALS = [
    "batch_accuracy(torch.eye(3), torch.arange(3))",
    "score = batch_accuracy(torch.eye(3), torch.arange(3))",
    "1 / 0",
    "import not_installed_anywhere as sns\nsns.set()",
    "F = 3",
    "import torch.nn.functional as F",
    "right = None",
    "del right",
    "torch.manual_seed(3)",
    "for k in range(2):\n    print(k)",
    "%time x = 1",
    "%%capture\nprint(1)",
    "files = !true",
    "print?",
    "from math import *",
    "labels, logits = 1, 2",
    "np = 'numpy'",
    "def unused(:\n    pass",
    "'''\n%not a command\n'''",
    "raise SystemExit",
    "with open('notes.txt', 'w') as file:\n    file.write('x')",
    "",
]


@dataclass(frozen=True)
class Case:
    """A notebook, and what its student has run of it.

    Args:
        cells: of the file as it is saved.
        ran: the texts that were run, in order, checks among them.
        whole: it was run from top to bottom, as saved.
    """

    cells: tuple[dict[str, Any], ...]
    ran: tuple[str, ...]
    whole: bool


@st.composite
def cases(draw: Any) -> Case:
    """A random one."""
    cells = copy.deepcopy(mock_class.notebook(ENTRY, None)["cells"])
    own: list[str] = []
    for task in TASKS:
        body = draw(st.sampled_from(BODIES[task]))
        cell = next(c for c in cells if fields(c).get("grade_id") == task)
        cell["source"] = f"{HEADS[task]}\n{body}"
        needed = [text for text in HELPERS if _names(text) & _words(body)]
        for text in draw(st.lists(st.sampled_from(needed), max_size=3)) if needed else ():
            if draw(st.booleans()):
                own.append(text)
            else:
                cell["source"] = f"{text}\n\n{cell['source']}"
    own += draw(st.lists(st.sampled_from(HELPERS), max_size=4)) + draw(st.lists(st.sampled_from(TRIALS), max_size=4))
    for text in own:
        cells.insert(draw(st.integers(0, len(cells))), _own(text))
    _disturb(draw, cells)
    for number, cell in enumerate(cells):
        cell["id"] = f"c{number}"
    texts = _texts(cells)
    if draw(st.booleans()):
        return Case(tuple(cells), tuple(texts), True)
    return Case(tuple(cells), tuple(_as_run(draw, texts)), False)


def _disturb(draw: Any, cells: list[dict[str, Any]]) -> None:
    """Split, copy, move cells, or lose what nbgrader knows of them."""
    for what in draw(st.lists(st.sampled_from(["split", "copy", "move", "bare", "markdown", "locked"]), max_size=2)):
        task = draw(st.sampled_from(TASKS))
        homes = [c for c in cells if fields(c).get("grade_id") == task]
        if not homes:
            continue
        place = cells.index(homes[0])
        head = homes[0]["source"].find(HEADS[task])
        if what == "split" and head > 0:
            source = homes[0]["source"]
            cells.insert(place, _own(source[:head].rstrip()))
            homes[0]["source"] = source[head:]
        elif what == "copy":
            cells.insert(place + 1, copy.deepcopy(homes[0]))
        elif what == "move":
            cells.insert(draw(st.integers(0, len(cells) - 1)), cells.pop(place))
        elif what == "bare":
            homes[0]["metadata"] = {}
        elif what == "markdown":
            cells.insert(place, {"cell_type": "markdown", "metadata": {}, "source": "# Thoughts"})
        elif what == "locked":
            imports = next(c for c in cells if fields(c).get("grade_id") == "imports")
            imports["source"] = f"{source_of(imports)}\nimport numpy as np"


def _as_run(draw: Any, texts: list[str]) -> list[str]:
    """Some left out, some exchanged, some run in an earlier form or since changed; checks stay."""
    ran = []
    for text in texts:
        act = draw(st.sampled_from(["run"] * 8 + ["skip", "other before", "other now", "twice"]))
        check = _is_check(text)
        if act == "skip" and not check and "import" not in text:
            continue
        if act == "other before" and not check:
            ran.append(text.replace("right", "hits_of").replace("255", "254"))
        if act == "other now" and not check:
            text = text.replace("argmax(dim=1)", "argmax(-1)").replace("255", "254")
        ran.append(text)
        if act == "twice":
            ran.append(text)
    if draw(st.booleans()) and len(ran) > 3:
        a, b = (draw(st.integers(1, len(ran) - 1)) for _ in range(2))
        ran[a], ran[b] = ran[b], ran[a]
    for text in draw(st.lists(st.sampled_from(HELPERS), max_size=1)):
        ran.insert(draw(st.integers(1, len(ran))), text)
    return ran


def _own(text: str) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {}, "source": text, "outputs": [], "execution_count": None}


def _words(text: str) -> set[str]:
    return set("".join(c if c.isidentifier() or c.isdigit() else " " for c in text).split())


def _names(text: str) -> set[str]:
    return _words(text) & {
        "right",
        "T",
        "STEPS",
        "scaled",
        "FULL",
        "make",
        "SETTINGS",
        "np",
        "clear",
        "QUICK",
        "mean_of",
        "quiet",
    }


def fields(cell: dict[str, Any]) -> dict[str, Any]:
    """nbgrader's."""
    return cell.get("metadata", {}).get("nbgrader", {})


def _is_check(text: str) -> bool:
    return "from course.notebook import check" in text


@dataclass
class Verdicts:
    """{function: points}, and {function: what the notebook said with them}."""

    points: dict[str, int]
    said: dict[str, str]


def in_the_notebook(case: Case, folder: Path) -> Verdicts:
    """What the check cells say in the student's own kernel, with the file as it is saved."""
    return _run(case.ran, case.cells, folder)


def autograded(case: Case, folder: Path) -> Verdicts:
    """What nbgrader's autograde does: locked cells and checks as they were released, then everything from top to bottom."""
    cells = _restored(case)
    return _run(_texts(cells), cells, folder)


def _restored(case: Case) -> list[dict[str, Any]]:
    released = {fields(cell)["grade_id"]: cell for cell in mock_class._book("release", ENTRY)["cells"] if fields(cell)}
    ours = [released.get(fields(cell).get("grade_id", "")) for cell in case.cells]
    return [
        release if release and (fields(release)["locked"] or fields(release)["grade"]) else cell
        for release, cell in zip(ours, case.cells, strict=True)
    ]


def _texts(cells: Any) -> list[str]:
    return [source_of(cell) for cell in cells if cell["cell_type"] == "code" and source_of(cell).strip()]


def _file(cells: Any) -> bytes:
    return json.dumps({"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def _run(texts: Any, cells: Any, folder: Path) -> Verdicts:
    """Run texts in a new IPython that has the notebook open."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{ENTRY.module}.ipynb"
    file.write_bytes(_file(cells))
    seen: dict[str, Any] = {}
    before, here = checks_in_it.grade_task, Path.cwd()

    def graded(entry: Any, task: str, *rest: Any, **named: Any) -> Any:
        whole = before(entry, task, *rest, **named)
        seen[task] = whole
        return whole

    said: dict[str, str] = {}
    points: dict[str, int] = {}
    saved = {name: getattr(sys, name) for name in ("displayhook", "excepthook")}
    main = sys.modules["__main__"]  # a shell puts its own in this place
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"hist_file": ":memory:"}}))
    try:
        checks_in_it.grade_task = graded
        os.environ["JPY_SESSION_NAME"] = str(file)
        os.chdir(folder)
        for text in texts:
            printed = io.StringIO()
            long = "import run" in text or (_is_check(text) and '"build_model"' in text)
            with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
                if long:  # it would train for ten seconds
                    shell.history_manager.store_inputs(shell.execution_count, text, text)
                    shell.execution_count += 1
                    continue
                done = shell.run_cell(text, store_history=True)
            if _is_check(text):
                task = text.split('"')[3]
                points[task] = done.result if isinstance(done.result, int) else -1
                said[task] = " ".join(seen[task].notes) if task in seen else ""
                words = " ".join(printed.getvalue().split())
                assert " ".join(said[task].split()) in words.replace(" Note: ", " "), (said[task], words)
    finally:
        checks_in_it.grade_task = before
        os.environ.pop("JPY_SESSION_NAME", None)
        os.chdir(here)
        InteractiveShell.clear_instance()
        sys.modules["__main__"] = main
        for name, value in saved.items():
            setattr(sys, name, value)
    return Verdicts(points, said)


def at_hand_in(case: Case) -> Verdicts:
    """What `course grade` gives; its worker runs in this process, so that hundreds take minutes."""
    content = _file(case.cells)
    with tempfile.TemporaryDirectory(prefix="course-truth-") as folder:
        file = Path(folder) / f"{ENTRY.module}.ipynb"
        made = handed_in(file, content, ENTRY, None, {})
        target = made.write(Path(folder) / "work", ENTRY)
        session = InProcess(Worker(target, reference_file(ENTRY, target)))
        checks = [check for check in checks_of(ENTRY) if check.task in TASKS and check.task not in made.faults]
        try:
            whole = run(ENTRY, session, checks)
        finally:
            session.close()
    points = dict.fromkeys(TASKS, 0)
    for result in whole.checks:
        points[result.task] += result.earned
    return Verdicts(points, {})


def disagreement(case: Case) -> str:
    """What the three do not agree on, though the notebook has not said so beforehand; empty where all is well."""
    with tempfile.TemporaryDirectory(prefix="course-truth-") as folder:
        mine = in_the_notebook(case, Path(folder) / "mine")
        theirs = autograded(case, Path(folder) / "autograded")
    final = at_hand_in(case)
    wrong = []
    for task, points in mine.points.items():
        here = [points, theirs.points.get(task, 0), final.points.get(task, 0)]
        if task in TASKS and len(set(here)) > 1 and not _announced(mine.said[task]):
            wrong.append(
                f"{task}: in the notebook {here[0]}, autograded {here[1]}, at hand-in {here[2]}; it said: {mine.said[task]!r}"
            )
    return "\n".join(wrong)


def unlike(case: Case) -> str:
    """As `disagreement`, without running what is the same: who judges the same statements in the same order gives the same points.

    So it takes a fraction of the time. Where the statements differ, and nothing has announced it, the checks decide.
    """
    mine = _books(case.ran, case.cells)
    restored = _restored(case)
    theirs = _books(_texts(restored), restored)
    final = book_of(_file(case.cells), ENTRY)
    wrong = []
    for task, book in mine.items():
        judged = [book, theirs.get(task, final), final]
        if task not in TASKS or len({_needed(one, task) for one in judged}) == 1 or _announced(" ".join(book.notes)):
            continue
        points = [_points(one, task) for one in judged]
        if len(set(points)) > 1:
            wrong.append(
                f"{task}: in the notebook {points[0]}, autograded {points[1]}, at hand-in {points[2]}; it said: {book.notes}"
            )
    return "\n".join(wrong)


def _books(ran: Sequence[str], cells: Any) -> dict[str, Book]:
    """{function: the cells by which its check judges}, of a kernel that has run these texts and a file that holds these cells."""
    shell = SimpleNamespace(history_manager=SimpleNamespace(input_hist_raw=[""]), user_ns={})
    found: dict[str, Book] = {}
    before = kernel._shell
    with tempfile.TemporaryDirectory(prefix="course-truth-") as folder:
        file = Path(folder) / f"{ENTRY.module}.ipynb"
        file.write_bytes(_file(cells))
        try:
            kernel._shell = lambda: shell
            os.environ["JPY_SESSION_NAME"] = str(file)
            for text in ran:
                shell.history_manager.input_hist_raw.append(text)
                if _is_check(text):
                    task = text.split('"')[3]
                    found[task] = kernel.opened().book(ENTRY, task)
        finally:
            kernel._shell = before
            os.environ.pop("JPY_SESSION_NAME", None)
    return found


def _needed(book: Book, task: str) -> tuple[Any, ...]:
    """What decides about one function: its statements in order, save imports that change nothing, and why there are none."""
    plan = Plan(book.cells, [function.name for function in ENTRY.functions])
    meaning: dict[str, str] = {}
    texts = []
    for step in sorted(plan.of(task), key=lambda step: (step.cell, step.number)):
        statement = step.statement
        again = isinstance(statement.node, ast.Import | ast.ImportFrom)
        again = again and all(meaning.get(name) == _origin(statement.node, name) for name in statement.binds)
        for name in statement.binds:
            meaning[name] = _origin(statement.node, name) or statement.text
        if not again:
            texts.append(statement.text)
    return (book.faults.get(task), *texts)


def _origin(node: ast.stmt, name: str) -> str:
    """What an import binds to a name; empty for any other statement."""
    if not isinstance(node, ast.Import | ast.ImportFrom):
        return ""
    alias = next((one for one in node.names if (one.asname or one.name.split(".")[0]) == name), None)
    return f"{getattr(node, 'module', '')}:{alias.name}" if alias else f"{ast.unparse(node)}"


def _points(book: Book, task: str) -> int:
    if task in book.faults:
        return 0
    with tempfile.TemporaryDirectory(prefix="course-truth-") as folder:
        target = Path(folder) / f"{ENTRY.module}.json"
        Work(tuple(function.name for function in ENTRY.functions), book.cells).write(target)
        session = InProcess(Worker(target, reference_file(ENTRY, target)))
        try:
            return run(ENTRY, session, [check for check in checks_of(ENTRY) if check.task == task]).earned
        finally:
            session.close()


def _announced(said: str) -> bool:
    return any(word in said for word in ("hand it in", "hand in", "nbgrader", "save it"))


def shown(case: Case) -> str:
    """A case for a person."""
    cells = [
        f"[{fields(cell).get('grade_id', 'own')}]\n{source_of(cell)}"
        for cell in case.cells
        if cell["cell_type"] == "code"
    ]
    return "\n----\n".join(cells) + "\n==== ran\n" + ("as saved" if case.whole else "\n----\n".join(case.ran))
