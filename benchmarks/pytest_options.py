"""What a student sees with each of pytest's options, before and after: writes docs/pytest-options.md.

    python benchmarks/pytest_options.py                 # the table
    python benchmarks/pytest_options.py --show=-x       # the whole output of one

All options run over one half-solved module, with this tree and with that of the commit BEFORE, which git unpacks into a folder of
its own. Each run is a fork of a process that has everything imported, so eighty of them take about two minutes.
"""

import argparse
import contextlib
import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from course import catalog, files, paths

BEFORE = "71bb02ff6303"  # the last commit before students' pytest, watch and notebook were gone over
GRADER = "graders/test_01_mnist.py"
PAGE = paths.ROOT / "docs" / "pytest-options.md"
ONE = f"{GRADER}::test_it_is_the_fraction_of_right_answers[batch_accuracy]"
OPTIONS = (
    ("", "all checks"),
    ("-q", "quieter"),
    ("-qq", "quieter still"),
    ("-v", "a line a check"),
    ("-vv", "a line a check"),
    ("-x", "up to the first failure"),
    ("--maxfail=2", "up to the second failure"),
    ("-k train_epoch", "the checks of a function"),
    ("-k 'batch_accuracy or validate'", "of two functions"),
    ("-k nosuch", "nothing is selected"),
    ("ID", "one check, by its id"),
    ("-m slow", "those that train"),
    ("-m 'not slow'", "those that do not"),
    ("--co", "what there is"),
    ("--co -q", "what there is, in ids"),
    ("--lf", "what failed last"),
    ("--ff", "what failed last comes first"),
    ("--nf", "new files first"),
    ("--sw", "goes on from the last failure"),
    ("--sw --sw-skip", "and leaves that one out"),
    ("--cache-show", "what the cache holds"),
    ("--cache-clear", "forgets it"),
    ("-rA", "a summary of all"),
    ("-rf", "a summary of failures"),
    ("--tb=short", "shorter tracebacks"),
    ("--tb=line", "tracebacks of a line"),
    ("--tb=native", "Python's own tracebacks"),
    ("--tb=no", "no tracebacks"),
    ("-l", "local variables"),
    ("-s", "prints go through"),
    ("--capture=fd", "prints are kept"),
    ("--show-capture=no", "and not shown"),
    ("--durations=3", "the slowest three"),
    ("--no-header", "no header"),
    ("--no-summary", "no summary"),
    ("--junitxml=report.xml", "a report for other programs"),
    ("-p no:cacheprovider", "no cache"),
    ("-W error", "warnings are errors"),
    ("--color=yes", "colours"),
    ("--pdb", "a debugger at each failure (here without a person)"),
    ("--setup-plan", "a plan"),
    ("--fixtures", "the fixtures"),
    ("-n 2", "in two processes"),
    ("Ctrl-C", "broken off"),
)


ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
PARTS = {
    "verdicts": r"[✓✗·…].{0,5} +(train_epoch|batch_acc|valid)",
    "message": r"weight|differ",
    "hint": r"Hint:",
    "prints": r"\| logits|^logits",
    "points": r"of \d+ points",
    "says what did not run": r"not run",
}


@dataclass(frozen=True)
class Seen:
    """What came of a run: exit status, all that was written, what a file that it made holds."""

    option: str
    what: str
    status: int
    text: str
    made: str = ""

    def rows(self) -> list[str]:
        """The lines that hold something."""
        return [line for line in ESCAPES.sub("", self.text).splitlines() if line.strip()]

    def told(self) -> str:
        """In words: what of a verdict is there, how long it is, and how it ends."""
        text, rows = ESCAPES.sub("", self.text), self.rows()
        parts = [name for name, pattern in PARTS.items() if re.search(pattern, text, re.M)]
        if "--pdb" in self.option:
            stands = re.findall(r"^> .*?([\w]+)\.py\(\d+\)(\w+)", text, re.M)
            parts.append(f"stands in {stands[0][1]} of {stands[0][0]}.py" if stands else "no debugger")
        if self.made:
            parts += ["function and points in the file"] if 'name="function"' in self.made else []
            parts += ["base64 in the file"] if re.search("hypothesis|base64", self.made) else []
        last = re.sub(r"\d+\.\d+ ?s", "… s", rows[-1].strip()) if rows else ""
        last = (last if len(last) <= 60 else last[:59] + "…").replace("|", "\\|")
        return f"{', '.join(parts) or '*nothing of a verdict*'}; {len(rows)} lines: “{last}”"


def main() -> None:
    """Run, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--show", help="print what one option shows, and write nothing")
    parser.add_argument("--rows", type=Path, help=argparse.SUPPRESS)  # for the tree before: where its rows go
    said = parser.parse_args()
    if said.show is not None or said.rows:
        seen = all_of(said.show)
        if said.rows:
            said.rows.write_text(json.dumps([asdict(one) for one in seen]), "utf-8")
        else:
            print(seen[0].text)
        return
    before, now = in_tree_before(), all_of()
    files.write(PAGE, page(before, now))
    print(f"written {files.shown(PAGE)}")


def all_of(only: str | None = None) -> list[Seen]:
    """Every option, or one, with the tree that this process imports."""
    prepare()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = half_solved(folder)
        return [run(option, what, file, folder) for option, what in OPTIONS if only in (None, option)]


def in_tree_before() -> list[Seen]:
    """Every option with the tree of BEFORE."""
    command = ["git", "archive", BEFORE]
    archive = subprocess.run(command, cwd=paths.ROOT, check=True, stdout=subprocess.PIPE).stdout
    with tempfile.TemporaryDirectory() as name:
        tree, rows = Path(name, "tree"), Path(name, "rows.json")
        with tarfile.open(fileobj=io.BytesIO(archive)) as packed:
            packed.extractall(tree, filter="data")
        environment = os.environ | {"PYTHONPATH": str(tree), "COURSE_DATA": str(paths.data_folder())}
        subprocess.run([sys.executable, __file__, "--rows", str(rows)], cwd=tree, env=environment, check=True)
        return [Seen(**row) for row in json.loads(rows.read_text("utf-8"))]


def prepare() -> None:
    """Import what every run needs, once."""
    sys.path[0] = str(paths.ROOT)  # beside this file lies another one called graders.py
    import torch

    from course.checks import target
    from course.checks.check import checks_of

    torch.set_num_threads(1)
    assert target
    checks_of(catalog.project("01"))


def half_solved(folder: Path) -> Path:
    """The first project with one function untouched, one wrong and one that prints."""
    from course.workspace import pristine_text

    entry = catalog.project("01")
    text = (paths.ROOT / "solutions" / f"{entry.module}.py").read_text("utf-8")
    text = text.replace("optimizer.zero_grad()", "pass")
    text = text.replace(
        "    return (logits.argmax", "    print('logits', tuple(logits.shape))\n    return (logits.argmax"
    )
    stub = pristine_text(entry)
    todo = re.search(r"\n    # TODO build_model.*?raise NotImplementedError\(\"build_model\"\)\n", stub, re.S)
    body = re.search(r"(def build_model.*?\"\"\".*?\"\"\"\n).*?(?=\n\n\n|\n# %%)", text, re.S)
    assert todo
    assert body
    text = text.replace(body.group(0), body.group(1) + todo.group(0).strip("\n"))
    file = folder / f"{entry.module}.py"
    file.write_text(text, "utf-8")
    return file


def run(option: str, what: str, file: Path, folder: Path) -> Seen:
    """One run of pytest, in a fork."""
    words = [] if option == "Ctrl-C" else shlex.split(option)
    wanted = [ONE] if option == "ID" else [GRADER, *words]
    arguments = [
        *wanted,
        "--target",
        str(file),
        "-c",
        str(paths.ROOT / "pyproject.toml"),
        "-o",
        f"cache_dir={folder / 'cache'}",
    ]
    arguments += [
        "-W",
        "ignore::pytest.PytestAssertRewriteWarning",
    ]  # only a fork has our modules imported before pytest comes
    out = folder / "out.txt"
    child = os.fork()
    if not child:
        with out.open("wb") as stream:
            os.dup2(stream.fileno(), 1)
            os.dup2(stream.fileno(), 2)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.environ |= {"COURSE_PROGRESS": str(folder / "progress.json"), "COLUMNS": "80"}
        signal.signal(signal.SIGINT, signal.default_int_handler)
        status = 2
        try:  # nothing of the parent's may run on here, its clearing up least of all
            with contextlib.chdir(folder if "junit" in option else paths.ROOT):
                if "junit" in option:
                    arguments[0] = str(paths.ROOT / GRADER)
                status = int(pytest.main(arguments))
        finally:
            sys.stdout.flush()
            os._exit(status)
    if option == "Ctrl-C":
        time.sleep(2.5)
        os.kill(child, signal.SIGINT)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    made = folder / "report.xml"
    held = made.read_text("utf-8") if "junit" in option and made.is_file() else ""
    return Seen(option, what, status, out.read_text("utf-8", errors="replace"), held)


def page(before: list[Seen], now: list[Seen]) -> str:
    """The table."""
    lines = [
        "<!-- Made by `python benchmarks/pytest_options.py`; do not edit. -->",
        "# pytest's options, and what you see with them",
        "",
        f"`pytest {GRADER} OPTION` over a module: one function untouched, one wrong, one prints; in a pipe, 80 columns.",
        f"*Before* is commit {BEFORE}. *Verdicts*: a line for each check or function. *Message*, *hint*: why a check failed, and a",
        "question. *Prints*: what the student's function printed. In quotes the last line.",
        "",
        "| option | what for | now | before |",
        "|---|---|---|---|",
    ]
    for old, new in zip(before, now, strict=True):
        name = f"`{new.option}`" if new.option else "none"
        lines.append(f"| {name} | {new.what} | {new.told()} | {old.told()} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
