"""What hostile submissions of 04b get: behind the wall, in a plain child process, in pytest, by nbgrader. Writes docs/attacks.md.

    python benchmarks/attacks.py wall pytest                  # all of them; some ten minutes
    python benchmarks/attacks.py process nbgrader --each 2    # the first two of each class; every one starts two Pythons

The attacks are those of tests/wall/. What has no wall is run in a sandbox that stands for a teacher's machine: a copy of the
checkout that may be written to, another user, no network, limits of memory and processes, so that this machine survives. What was
found is kept in .course/attacks.json, so that the page can be made of several runs.
"""

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "wall")]

KEPT = ROOT / ".course" / "attacks.json"
PAGE = ROOT / "docs" / "attacks.md"
INSIDE = Path("/tmp/course")  # the copy, as the sandbox has it
STRANGER = 1_900_000_001
SECONDS = 40  # for one submission in the sandbox; nbgrader starts a kernel and imports torch for each
BY_NBGRADER = 100
CANARY = "CANARY-of-the-host"
WAYS = {
    "wall": "behind the wall",
    "process": "--isolation process",
    "pytest": "plain pytest",
    "nbgrader": "`nbgrader autograde`",
}
DEADLY = ("time and memory",)  # not run without a wall: they would take the machine down, sandbox and all
CACHES = (".git", ".venv", ".course", ".pytest_cache", ".hypothesis", "__pycache__")
NBGRADERS = ("submitted", "autograded", "gradebook.db", "gradebook.db-journal")  # what it writes itself
MODULE = "ex04b_deployment"


def attacks(each: int | None) -> Iterator[tuple[str, str, str, Any]]:
    """(class, name, suffix, content or what makes it)."""
    from test_attacks import FILES

    for kind, found in FILES.items():
        for name, (suffix, content) in list(found.items())[:each]:
            yield kind, name, suffix, content


def behind_the_wall(each: int | None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Results of the wall, one for each attack, then that of an honest submission."""
    import test_attacks as suite

    from course.reports import html

    os.environ["COURSE_SECRET"] = CANARY
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "canary.txt").write_text(CANARY, "utf-8")
        before = _files(ROOT)
        for number, (kind, name, suffix, content) in enumerate(attacks(each)):
            row = suite.grade(Path(folder), f"a{number}", suffix, content)
            failed = row.result.of(["failed"])
            said = row.reason or (failed[0].message if failed else "not started")
            left = _files(ROOT) - before
            yield f"{kind}: {name}", _found(row.earned, said, CANARY in html.page(row), _alive(suite), len(left))
            before |= left
        solution = (ROOT / "solutions" / "ex04b_deployment.py").read_bytes()
        row = suite.grade(Path(folder), "honest", "py", solution, 600.0)
        left = _files(ROOT) - before
        yield "honest", _found(row.earned, f"{row.earned} of {row.points}", False, _alive(suite), len(left))


def _alive(suite: Any) -> int:
    """How many processes of a submission still run behind the wall, a moment after its verdict."""
    zygote = psutil.Process(suite.line.zygote()._process.pid)
    inside = [p for p in zygote.children(recursive=True) if p.name() != "bwrap"]
    return len(psutil.wait_procs([p for p in inside if p.cmdline()[-2:-1] != ["course.wall.zygote"]], timeout=2)[1])


def _found(earned: int, said: str, leaked: bool, processes: int, files: int) -> dict[str, Any]:
    line = said.strip().partition("\n")[0][:100]
    return {"earned": earned, "said": line, "leaked": leaked, "processes": processes, "files": files}


def sandboxed(way: str, each: int | None) -> Iterator[tuple[str, dict[str, Any]]]:
    """The results of a way without a wall, from inside the sandbox."""
    from course.authoring.rehearsal.term import copy_checkout
    from course.wall.inside import python

    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "course")
        copy_checkout(copy)
        (copy / "canary.txt").write_text(CANARY, "utf-8")
        subprocess.run(["chmod", "-R", "a+rwX", folder], check=True)
        words = "bwrap --ro-bind / / --dev /dev --proc /proc --perms 1777 --tmpfs /tmp --perms 1777 --tmpfs /dev/shm"
        words += " --unshare-pid --unshare-net --unshare-ipc --die-with-parent"
        home = Path.home()  # nobody else may enter it, but Python may lie there
        command = [*words.split(), "--bind", str(copy), str(INSIDE), "--perms", "0755", "--tmpfs", str(home)]
        for path in python():
            if path.is_relative_to(home):
                for folder in [f for f in reversed(path.parents) if f.is_relative_to(home)]:
                    command += ["--perms", "0755", "--dir", str(folder)] if folder != home else []
                command += ["--ro-bind", str(path), str(path)]
        command += ["--chdir", str(INSIDE), "--setenv", "PYTHONPATH", str(INSIDE), "--setenv", "COURSE_SECRET", CANARY]
        command += [sys.executable, "benchmarks/attacks.py", "--inside", way, "--each", str(each or 0)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            for line in process.stdout or ():
                if line.startswith("{"):
                    found = json.loads(line)
                    yield found.pop("name"), found


def inside(way: str, each: int | None) -> None:
    """In the sandbox: one fork as another user for each attack; a line of JSON for each on standard output."""
    import pytest  # noqa: F401 - imported once for all forks
    import test_attacks as suite
    import torch

    torch.set_num_threads(1)
    run = {"pytest": _by_pytest, "process": _by_process, "nbgrader": _by_nbgrader}[way]
    if way == "nbgrader":
        subprocess.run([sys.executable, "-m", "course", "release", "04b"], check=True, stdout=sys.stderr)
        subprocess.run(["chmod", "-R", "a+rwX", "."], check=True)
    before = _files(INSIDE)
    honest = ("honest", "", "py", (ROOT / "solutions" / "ex04b_deployment.py").read_bytes())
    for number, (kind, name, suffix, content) in enumerate([honest, *attacks(each)]):
        if kind in DEADLY or (suffix == "ipynb" and way == "pytest"):
            continue  # pytest grades modules alone
        place = Path(tempfile.mkdtemp())
        place.chmod(0o777)
        if way == "nbgrader" and suffix == "py":
            suffix, content = "ipynb", _as_notebook(kind, name)
        file = place / f"a{number}.{suffix}"
        file.write_bytes(content if isinstance(content, bytes) else content())
        most = BY_NBGRADER if way == "nbgrader" else SECONDS
        earned, said = _apart(lambda file=file, place=place: run(suite, file, place), place, most)
        if way == "nbgrader":
            earned, said = _by_the_gradebook(file, said)
        left, processes = _files(INSIDE) - before, _end_all()
        text = "".join(f.read_text("utf-8", "replace") for f in place.glob("*.json"))
        found = _found(earned, said, CANARY in text + said, processes, len(left))
        print(json.dumps({"name": f"{kind}: {name}" if name else kind, **found}), flush=True)
        for path in left:
            with suppress(OSError):
                path.unlink()


def _as_notebook(kind: str, name: str) -> Callable[[], bytes]:
    """The attack of a module, or the solution, in the cells of the release."""
    from attacks import ATTACKS
    from notebook_attacks import ENTRY, answered

    from course.authoring.rehearsal import mock_class

    return answered(ATTACKS[kind][name]) if name else lambda: json.dumps(mock_class.notebook(ENTRY)).encode()


def _apart(work: Callable[[], None], place: Path, seconds: float) -> tuple[int, str]:
    """(points, what was said) of a fork that does the work as a stranger, with limits and not longer than `seconds`."""
    child = os.fork()
    if child == 0:
        try:
            null = os.open(place / "said", os.O_RDWR | os.O_CREAT, 0o666)
            os.dup2(null, 0), os.dup2(null, 1), os.dup2(null, 2)
            os.setsid()
            for kind, most in (
                (resource.RLIMIT_NPROC, 200),
                (resource.RLIMIT_DATA, 8 << 30),
                (resource.RLIMIT_FSIZE, 1 << 28),
            ):
                resource.setrlimit(kind, (most, most))
            os.setgroups([])
            os.setresgid(STRANGER, STRANGER, STRANGER)
            os.setresuid(STRANGER, STRANGER, STRANGER)
            os.environ["HOME"] = str(place)
            work()
        finally:
            os._exit(0)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if os.waitpid(child, os.WNOHANG)[0]:
            break
        time.sleep(0.05)
    else:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return 0, f"the run hangs: ended after {seconds} s"
    return _read(place)


def _read(place: Path) -> tuple[int, str]:
    """What a teacher reads: pytest's JUnit file, or the judge's row."""
    if (place / "row.json").exists():
        row = json.loads((place / "row.json").read_text("utf-8"))
        return row["earned"], row["said"]
    if not (place / "junit.xml").exists():
        return 0, "the run is gone, without a report"
    try:
        tree = ET.parse(place / "junit.xml")
    except ET.ParseError as fault:
        return 0, f"the report cannot be read: {fault}"
    points = [int(node.get("value", 0)) for node in tree.iter("property") if node.get("name") == "earned"]
    failed = [node.get("message", "") for node in tree.iter("failure")]
    return sum(points), failed[0].partition("\n")[0] if failed else "no check failed"


def _by_pytest(suite: Any, file: Path, place: Path) -> None:
    import pytest

    names = " or ".join(check.name for check in suite.CHECKS)
    options = ["-q", "-p", "no:cacheprovider", "--no-cache", "--check-seconds", "3", "-k", names]
    pytest.main(
        ["graders/test_04b_deployment.py", "--target", str(file), "--junitxml", str(place / "junit.xml"), *options]
    )


def _by_process(suite: Any, file: Path, place: Path) -> None:
    from course.reports import html

    row = suite.grade(place, "own", file.suffix[1:], file.read_bytes(), 25.0, isolation="process")
    failed = row.result.of(["failed"])
    said = row.reason or (failed[0].message if failed else "no check failed")
    (place / "page.json").write_text(html.page(row), "utf-8")
    (place / "row.json").write_text(json.dumps({"earned": row.earned, "said": said}), "utf-8")


def _by_nbgrader(suite: Any, file: Path, place: Path) -> None:
    """In nbgrader's own layout, each submission by itself: what this command does is what a teacher would type."""
    handed_in = INSIDE / "submitted" / file.stem / MODULE / f"{MODULE}.ipynb"
    handed_in.parent.mkdir(parents=True)
    handed_in.write_bytes(file.read_bytes())
    os.environ["JUPYTER_RUNTIME_DIR"] = os.environ["IPYTHONDIR"] = str(place)
    os.execv(sys.executable, [sys.executable, "-m", "nbgrader", "autograde", MODULE, "--student", file.stem])


def _by_the_gradebook(file: Path, said: str) -> tuple[int, str]:
    """(points, what was said): the score that nbgrader has noted, and what the first failed cell has printed."""
    from nbgrader.api import Gradebook, MissingEntry

    book = INSIDE / "autograded" / file.stem / MODULE / f"{MODULE}.ipynb"
    with Gradebook(f"sqlite:///{INSIDE}/gradebook.db") as gradebook:
        try:
            earned = int(gradebook.find_submission(MODULE, file.stem).score)
        except MissingEntry:
            earned = 0
    if "the run hangs" in said:
        return earned, said
    if not book.exists():
        return earned, "the run is gone, without a report"
    cells = json.loads(book.read_text("utf-8"))["cells"]
    texts = [
        line for cell in cells for out in cell.get("outputs", []) for line in "".join(out.get("text", "")).splitlines()
    ]
    return earned, next((line for line in texts if "✗" in line), "no check failed")


def _files(checkout: Path) -> set[Path]:
    """Files of a checkout, without caches and what nbgrader writes."""
    aside = {*CACHES, *NBGRADERS}
    return {path for path in checkout.rglob("*") if path.is_file() and not aside & set(path.parts)}


def _end_all() -> int:
    """End every process of the stranger; how many there were a moment after the run had ended."""
    time.sleep(0.3)
    found = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    own = []
    for pid in found:
        with suppress(OSError, IndexError):
            status = Path("/proc", str(pid), "status").read_text("utf-8")
            if f"Uid:\t{STRANGER}\t" in status and "State:\tZ" not in status:
                own.append(pid)
    for pid in own:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return len(own)


def page(kept: dict[str, dict[str, dict[str, Any]]]) -> str:
    """docs/attacks.md of what is kept."""
    names = [f"{kind}: {name}" for kind, name, _, _ in attacks(None)]
    ways = [way for way in WAYS if kept.get(way)]
    rows: list[tuple[object, ...]] = [("", *(WAYS[way] for way in ways)), ("---",) * (1 + len(ways))]
    of = {way: [found for name, found in kept[way].items() if name in names] for way in ways}
    rows += [
        ("attacks tried", *(len(of[way]) for way in ways)),
        ("points earned", *(sum(found["earned"] for found in of[way]) for way in ways)),
        ("attacks that earn points", *(sum(found["earned"] > 0 for found in of[way]) for way in ways)),
        ("runs that end without a report, or hang", *(sum("the run " in f["said"] for f in of[way]) for way in ways)),
        ("processes left behind", *(sum(found["processes"] for found in of[way]) for way in ways)),
        ("files left in the checkout", *(sum(found["files"] for found in of[way]) for way in ways)),
        ("canaries leaked", *(sum(found["leaked"] for found in of[way]) for way in ways)),
        ("an honest one", *(kept[way].get("honest", {}).get("said", "") for way in ways)),
    ]
    parts = [INTRODUCTION, "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows), OUTCOMES]
    lines = [f"| attack | {' | '.join(WAYS[way] for way in ways)} |", f"|---|{'---|' * len(ways)}"]
    for name in names:
        lines.append(f"| {name} | {' | '.join(_told(kept[way].get(name)) for way in ways)} |")
    return "\n\n".join([*parts, "\n".join(lines)]) + "\n"


def _told(found: dict[str, Any] | None) -> str:
    if found is None:
        return "not run"
    more = [f"{found['earned']} points" if found["earned"] else ""]
    more += [f"{found[what]} {what} left" if found[what] else "" for what in ("processes", "files")]
    more += ["canary leaked" if found["leaked"] else ""]
    said = "".join(c if c.isprintable() and c not in "|<>`[]*_\\" else " " for c in found["said"])
    return f"**{', '.join(filter(None, more))}**; {said}" if any(more) else said


INTRODUCTION = """\
<!-- Made by `python benchmarks/attacks.py`; do not edit. -->
# Hostile submissions, and what they get

Submissions of 04b that deserve nothing (`tests/wall/attacks.py`, `tests/wall/notebook_attacks.py`), graded by two checks of each
function, worth 14 of 23 points; by nbgrader, which runs every check cell, by all 23. [The wall](wall.md) is what `course grade`
uses. The other ways were run in a sandbox of their own, as another user, without network, so that nothing was lost; what would have
taken the machine down was not run there."""

OUTCOMES = """\
## One by one

What the teacher reads: the first thing that failed, or what became of the run. "No check failed" or "not started" with no points
means that nothing was earned."""


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "ways", nargs="*", choices=[*WAYS, []], help="what to run; the page is made of all that is kept"
    )
    parser.add_argument("--each", type=int, default=0, help="the first so many of each class only")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    said = parser.parse_args()
    if said.inside:
        inside(said.inside, said.each or None)
        return
    kept = json.loads(KEPT.read_text("utf-8")) if KEPT.exists() else {}
    for way in said.ways:
        found = behind_the_wall(said.each or None) if way == "wall" else sandboxed(way, said.each or None)
        for name, one in found:
            kept.setdefault(way, {})[name] = one
            print(f"{way}  {name}: {_told(one)}", flush=True)
            KEPT.parent.mkdir(exist_ok=True)
            KEPT.write_text(json.dumps(kept, indent=1), "utf-8")
    PAGE.write_text(page(kept), "utf-8")


if __name__ == "__main__":
    main()
