"""The checks of a function on a mutant of it: the one that killed it last time first, then the fast ones, then those that train.

The first check that fails ends the trial. What a verdict depends on is put into a digest, so that it need not be asked for again.
"""

import ast
import functools
import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeGuard

import hypothesis
import torch

from course import paths
from course.authoring.mutation.mutants import Mutant
from course.authoring.proofs import variants
from course.authoring.proofs.variants import module_file
from course.catalog import Project, project
from course.checks.check import Check, checks_of
from course.checks.run import run
from course.checks.target import open_session

# Seconds of one call, on a quiet machine (`course.checks.time_limit`). Fast checks take a second or two, training some ten.
LIMIT, LIMIT_OF_TRAINING = 25.0, 240.0
# Of course/checks: what only says or shows a verdict, and does not make it.
SHOWS = {"notebook.py", "explain.py", "attachments.py", "diagnosis.py"}

# A mutant's verdict needs no smallest example: without shrinking a failure is found as surely, and sooner.
hypothesis.settings.register_profile(
    "mutation",
    parent=hypothesis.settings.get_profile("grading"),
    phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
)


@dataclass(frozen=True)
class Verdict:
    """How a mutant fared.

    Args:
        id, digest: of the mutant.
        killer: the check that failed, or empty.
        how: "failed", "hung" or "crashed"; "alive" where no check failed.
        trained: the checks that train were run too, or there are none.
        says: the first line of the check's message.
        stamp: digest of what the verdict depends on beside the mutant: of the killer, or of all checks that were passed.
    """

    id: str
    digest: str
    killer: str
    how: str
    trained: bool
    says: str
    stamp: str
    seconds: float = 0.0

    @property
    def killed(self) -> bool:
        """Did a check fail, or the process end?"""
        return self.how != "alive"

    def plain(self) -> dict[str, Any]:
        """As a dict for JSON."""
        return asdict(self)


def judge(mutant: Mutant, last: Verdict | None = None, *, train: bool = False) -> Verdict:
    """Run checks on a mutant until one fails: the fast ones, or those that train.

    Args:
        last: an earlier verdict; its killer is asked first, whichever kind it is of.
        train: the fast checks have let the mutant live: ask those that train.
    """
    entry = project(mutant.project)
    killer = last.killer if last else ""
    every = sorted(_checks(entry, mutant.task), key=lambda check: check.name != killer)
    asked = [check for check in every if check.slow == train or check.name == killer]
    with module_file(mutant.variant()) as file:
        session: Any = open_session(file, entry, seconds=LIMIT)
        hypothesis.settings.load_profile("mutation")

        def allow(check: Check) -> None:
            session.seconds = LIMIT_OF_TRAINING if check.slow else LIMIT

        try:
            ran = run(entry, session, asked, before=allow, each=lambda result: result.outcome != "passed").checks
        finally:
            session.close()
            hypothesis.settings.load_profile("grading")
    seconds = sum(result.seconds for result in ran)
    if ran and ran[-1].outcome != "passed":
        how = "hung" if ran[-1].failure is not None and ran[-1].failure.kind == "no answer" else "failed"
        return _verdict(mutant, ran[-1].name, how, train, ran[-1].message or ran[-1].outcome, seconds)
    return _verdict(mutant, "", "alive", train or not any(check.slow for check in every), "", seconds)


def crashed(mutant: Mutant) -> Verdict:
    """The verdict on a mutant that ended the process."""
    return _verdict(mutant, "", "crashed", True, "the process ended", 0.0)


def of_this_mutant(verdict: Verdict | None, mutant: Mutant) -> TypeGuard[Verdict]:
    """Is it a verdict on the mutant as it is, whatever has become of the checks?"""
    return verdict is not None and verdict.digest == mutant.digest


def fresh(verdict: Verdict | None, mutant: Mutant) -> TypeGuard[Verdict]:
    """Does the verdict still hold: same mutant, and the same checks as far as they decided?"""
    return of_this_mutant(verdict, mutant) and verdict.stamp == _stamp(
        mutant.project, mutant.task, verdict.killer, verdict.trained
    )


def load() -> None:
    """Import all graders and note what they are made of: from now on an edit of their files changes nothing in this process."""
    for entry in variants.graded():
        checks_of(entry)
        _surroundings(entry.id)
        _checks_as_written(entry.id)


def _verdict(mutant: Mutant, killer: str, how: str, trained: bool, says: str, seconds: float) -> Verdict:
    stamp = _stamp(mutant.project, mutant.task, killer, trained)
    return Verdict(
        mutant.id, mutant.digest, killer, how, trained, says.splitlines()[0][:200] if says else "", stamp, seconds
    )


def _checks(entry: Project, task: str) -> list[Check]:
    return [check for check in checks_of(entry) if check.task == task]


def _stamp(key: str, task: str, killer: str, trained: bool) -> str:
    """A digest of the killer, or of all checks of the task (the fast ones, if none trained), and of what they are made with."""
    digest, written = hashlib.sha256(_surroundings(key).encode()), _checks_as_written(key)
    for check in _checks(project(key), task):
        if check.name == killer or (not killer and (trained or not check.slow)):
            digest.update(written.get(check.name, "").encode())
    return digest.hexdigest()[:16]


@functools.cache
def _grader(key: str) -> ast.Module:
    return ast.parse((paths.ROOT / "graders" / project(key).grader).read_text("utf-8"))


@functools.cache
def _checks_as_written(key: str) -> dict[str, str]:
    """{name of a check: its code, comments aside}."""
    return {node.name: ast.dump(node) for node in _grader(key).body if _is_a_check(node)}


@functools.cache
def _surroundings(key: str) -> str:
    """What all checks of a project share: the rest of the grader, the graders' support, the grading, the library."""
    digest = hashlib.sha256(f"{torch.__version__} {LIMIT} {LIMIT_OF_TRAINING}".encode())
    rest = [node for node in _grader(key).body if not _is_a_check(node)]
    digest.update(ast.dump(ast.Module(rest, [])).encode())
    files = [*_support(_grader(key))]
    files += [file for file in sorted(Path(paths.ROOT, "course", "checks").glob("*.py")) if file.name not in SHOWS]
    files += [paths.ROOT / "course" / "training.py", paths.ROOT / "course" / "networks.py"]
    for file in files:
        digest.update(ast.dump(ast.parse(file.read_text("utf-8"))).encode())
    return digest.hexdigest()


def _support(tree: ast.Module) -> list[Path]:
    """The modules of graders/ that a grader imports, and those that they import."""
    found: dict[str, Path] = {}
    waiting = [tree]
    while waiting:
        for node in waiting.pop().body:
            name = node.module if isinstance(node, ast.ImportFrom) and node.module else ""
            # support_page makes the students' page: what is shown, not what is judged
            if name.startswith("graders.kit.general") and name not in found and name != "graders.kit.pages":
                found[name] = paths.ROOT / f"{name.replace('.', '/')}.py"
                waiting.append(ast.parse(found[name].read_text("utf-8")))
    return [found[name] for name in sorted(found)]


def _is_a_check(node: ast.stmt) -> TypeGuard[ast.FunctionDef]:
    return isinstance(node, ast.FunctionDef) and any(
        isinstance(d, ast.Call) and getattr(d.func, "id", "") == "check" for d in node.decorator_list
    )
