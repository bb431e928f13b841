"""What a student sees with each of pytest's options: runs them all over one half-solved module and writes docs/pytest-options.md.

    python benchmarks/pytest_options.py                 # the table
    python benchmarks/pytest_options.py --show "-x"     # the whole output of one

Each run is a fork of this process, which has everything imported, so forty of them take about a minute.
"""

import argparse
import contextlib
import os
import re
import shlex
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from course import catalog, files, paths

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


@dataclass(frozen=True)
class Seen:
    """What came of a run."""

    option: str
    what: str
    status: int
    text: str

    def has(self, pattern: str) -> bool:
        """Does it stand there?"""
        return re.search(pattern, self.text) is not None


def main() -> None:
    """Run, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--show", help="print what one option shows, and write nothing")
    said = parser.parse_args()
    prepare()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = half_solved(folder)
        chosen = [one for one in OPTIONS if said.show in (None, one[0])]
        seen = [run(option, what, file, folder) for option, what in chosen]
    if said.show is not None:
        print(seen[0].text)
        return
    files.write(PAGE, page(seen))
    print(f"written {files.shown(PAGE)}")


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
    body = re.search(r"(def build_model.*?\"\"\".*?\"\"\"\n).*?(?=\n\n\n)", text, re.S)
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
    arguments = [*wanted, "--target", str(file), "--rootdir", str(paths.ROOT), "-o", f"cache_dir={folder / 'cache'}"]
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
    return Seen(option, what, status, out.read_text("utf-8", errors="replace"))


def page(seen: list[Seen]) -> str:
    """The table."""
    lines = [
        "<!-- Made by `python benchmarks/pytest_options.py`; do not edit. -->",
        "# pytest's options, and what you see with them",
        "",
        f"`pytest {GRADER} OPTION` over a module of which one function is untouched, one wrong, one prints. In a pipe, 80 columns.",
        "*Verdict*: a line for each function. *Why*: message and hint. *Printed*: what the function prints. *Points*: the sum.",
        "",
        "| option | what for | status | verdict | why | printed | points | lines | the last of them |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for one in seen:
        rows = [row for row in re.sub(r"\x1b\[[0-9;]*m", "", one.text).splitlines() if row.strip()]
        marks = [
            "✓" if one.has(p) else "·"
            for p in (r"[✓✗·…].{0,5} +(train_epoch|batch_acc|valid)", "Hint:", r"\| logits|^logits", r"of \d+ points")
        ]
        last = re.sub(r"\d+\.\d+ ?s", "… s", rows[-1].strip()[:70]).replace("|", "\\|") if rows else ""
        name = f"`{one.option}`" if one.option else "none"
        lines.append(f"| {name} | {one.what} | {one.status} | {' | '.join(marks)} | {len(rows)} | {last} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
