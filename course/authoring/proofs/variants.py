"""Proof that the checks work: known mistakes, each caught by the check that it names, and alternative solutions.

A mistake or an alternative is the solution with one function exchanged (`Mistakes.mistake`, `Catalogue.alternative`) or a few
words of it changed (`Mistakes.patch`). Each becomes a whole module file, so it can be graded over any transport.
The idea is that of mutation testing, with mutants that students really write: Simpson et al. 2015, "Thinking like a novice", and
Humbatova et al. 2020, "Taxonomy of Real Faults in Deep Learning Systems", say which. `table` shows what comes of them.
"""

import importlib
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from course import paths
from course.authoring.proofs.edits import ProofError, Replacement, exchanged, helped, words_changed
from course.catalog import Project, project, projects
from course.checks.check import Check, bonuses_of, checks_of
from course.checks.results import CheckResult
from course.checks.run import run
from course.checks.target import open_session

CRASHES = {"raised", "not loaded", "no answer", "no function", "unreadable"}  # kinds of failure


@dataclass(frozen=True)
class Variant:
    """The solution with one function exchanged.

    Args:
        task: the function that is exchanged.
        name: unique within the project.
        says: of a mistake, one sentence of what is misunderstood, to the student; of an alternative, how it is written.
        caught_by: the check that must fail; empty for an alternative.
        ready: of an alternative: its bonuses must hold, too.
        crashes: the mistake ends in an exception of the student's code, and is meant to.
        source: where students really write it.
        edit: from the solution's text to the wrong (or other) module's text.
        file: where it is registered.
        line: its line there, counted from 1.
    """

    project: str
    task: str
    name: str
    says: str
    edit: Callable[[str], str] = field(repr=False)
    caught_by: str = ""
    ready: bool = False
    crashes: bool = False
    source: str = ""
    file: str = ""
    line: int = 0

    def text(self) -> str:
        """The whole module."""
        return self.edit(solution_text(self.project))


class Catalogue(list[Variant]):
    """The mistakes, or the alternatives, of one project: what a module in graders/proofs/ holds."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self.project = project(key).id

    def caught_by(self, task: str, check: str) -> "Mistakes":
        """Where the wrong `task`s are registered that this check must catch."""
        return Mistakes(self, task, check)

    def rewritten(self, task: str, same_as: str, *, uses: Sequence[Any] = ()) -> Callable[[Any], Any]:
        """Register the function or class below as the known mistake `same_as`, made by somebody else in other code."""
        known = next((v for v in mistakes_of(project(self.project)) if (v.task, v.name) == (task, same_as)), None)
        if known is None:
            raise ProofError(f"project {self.project} knows no mistake {same_as} of {task}")
        return self._register(known, uses)

    def alternative(
        self, task: str, *, how: str, uses: Sequence[Any] = (), ready: bool = False
    ) -> Callable[[Any], Any]:
        """Register the function or class below as a right `task`, written another way; `ready` for every bonus as well."""
        return self._register(Variant(self.project, task, "", how, str, ready=ready), uses)

    def _register(self, about: Variant, uses: Sequence[Any]) -> Callable[[Any], Any]:
        def register(thing: Any) -> Any:
            edit = partial(exchanged, task=about.task, thing=thing, uses=uses)
            self.add(replace(about, name=thing.__name__, edit=edit), sys._getframe(1))
            return thing

        return register

    def add(self, variant: Variant, where: FrameType) -> None:
        """Enter a variant that is registered at `where`."""
        if any(variant.name == other.name for other in self):
            raise ProofError(f"two variants of project {self.project} are called {variant.name}")
        self.append(replace(variant, file=where.f_code.co_filename, line=where.f_lineno))


@dataclass(frozen=True)
class Mistakes:
    """The mistakes of one function that one check must catch, within a project's catalogue.

    Used as `FROZEN = MISTAKES.caught_by("freeze_backbone", "test_every_parameter_is_frozen")`, then `@FROZEN.mistake("…")` and
    `FROZEN.patch("…", …)`. What two projects share is a function in graders/proofs/shared/ that is handed such places.
    """

    catalogue: Catalogue
    task: str
    check: str

    def mistake(
        self, says: str, *, uses: Sequence[Any] = (), crashes: bool = False, source: str = ""
    ) -> Callable[[Any], Any]:
        """Register the function or class below as a wrong `task`; `uses` are helpers above it that it needs.

        An argument without a default has the one of the solution's function.
        """
        return self.catalogue._register(self._variant("", says, crashes, source), uses)

    def patch(
        self,
        name: str,
        says: str,
        *pairs: Replacement,
        within: str = "",
        uses: Sequence[Any] = (),
        crashes: bool = False,
        source: str = "",
    ) -> None:
        """Register the solution with these words changed; each must occur exactly once in `within` (the task)."""

        def edit(text: str) -> str:
            text = words_changed(text, within or self.task, pairs, name)
            return helped(text, within or self.task, uses) if uses else text

        self.catalogue.add(replace(self._variant(name, says, crashes, source), edit=edit), sys._getframe(1))

    def _variant(self, name: str, says: str, crashes: bool, source: str) -> Variant:
        return Variant(self.catalogue.project, self.task, name, says, str, self.check, crashes=crashes, source=source)


@dataclass(frozen=True)
class Proof:
    """What the checks of the task say about a variant.

    Args:
        failed: names of the checks that failed, in the order of the grader.
        message: that of the named check, or of the first that failed.
        crashed: the named check failed because the student's code raised.
        results: of every check that ran.
    """

    variant: Variant
    failed: tuple[str, ...]
    message: str
    crashed: bool
    results: tuple[CheckResult, ...]

    @property
    def caught_by_named(self) -> bool:
        """Did the check fail that the mistake names, with a message, and by an exception only if one is meant?"""
        return self.variant.caught_by in self.failed and bool(self.message) and self.crashed == self.variant.crashes

    @property
    def caught_by_any(self) -> bool:
        """Did any check of the task fail?"""
        return bool(self.failed)

    @property
    def passed(self) -> bool:
        """Did every check that ran pass?"""
        return all(result.outcome == "passed" for result in self.results)


def mistakes_of(entry: Project) -> list[Variant]:
    """The known mistakes of a project; none where nobody has written any."""
    return _catalogue(f"graders.proofs.{entry.folder}.mistakes", "MISTAKES")


def rewritten_of(entry: Project) -> list[Variant]:
    """Known mistakes of a project in somebody else's code: the diagnosis must recognise them by what they do."""
    return _catalogue(f"graders.proofs.{entry.folder}.rewritten", "REWRITTEN")


def alternatives_of(entry: Project) -> list[Variant]:
    """The alternatives of a project."""
    return _catalogue(f"graders.proofs.{entry.folder}.alternatives", "ALTERNATIVES")


def solution_text(key: str) -> str:
    """The text of a project's solution."""
    return (paths.ROOT / "solutions" / f"{project(key).module}.py").read_text()


@contextmanager
def module_file(variant: Variant) -> Iterator[Path]:
    """The variant as a file of the solution's name, in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="course-proof-") as folder:
        file = Path(folder, f"{project(variant.project).module}.py")
        file.write_text(variant.text())
        yield file


def prove(variant: Variant, *, seed: int = 0, slow: bool = False, transport: str = "inprocess") -> Proof:
    """Run the checks of the variant's task on it.

    Args:
        slow: the checks that train run too; without it only if the mistake names one of them.

    A bonus runs where the variant is about it: a mistake that names it, an alternative that is said to be ready for it.
    """
    entry = project(variant.project)
    checks = [c for c in checks_of(entry) if c.task == variant.task]
    asked = [c for c in checks if slow or not c.slow or c.name == variant.caught_by]
    bonuses = [b for b in bonuses_of(entry) if b.task == variant.task]
    if named := [b for b in bonuses if b.name == variant.caught_by]:
        asked = named  # it may well pass all checks
    elif variant.ready:
        asked += bonuses
    with module_file(variant) as file:
        session = open_session(file, entry, transport=transport)
        try:
            results = run(entry, session, asked, seed=seed).results
        finally:
            session.close()
    failed = [result for result in results if result.outcome in ("failed", "advice")]
    told = next((r for r in failed if r.name == variant.caught_by), failed[0] if failed else None)
    crashed = told is not None and told.failure is not None and told.failure.kind in CRASHES
    return Proof(variant, tuple(r.name for r in failed), told.message if told else "", crashed, results)


def unproven(entry: Project) -> list[Check]:
    """Checks and bonuses of a project that no mistake names."""
    named = {variant.caught_by for variant in mistakes_of(entry)}
    return [check for check in (*checks_of(entry), *bonuses_of(entry)) if check.name not in named]


def graded() -> list[Project]:
    """The projects that have a solution and a grader already."""
    folders = paths.ROOT / "solutions", paths.ROOT / "graders"
    return [p for p in projects() if (folders[0] / f"{p.module}.py").is_file() and (folders[1] / p.grader).is_file()]


def _catalogue(name: str, attribute: str) -> list[Variant]:
    if str(paths.ROOT) not in sys.path:
        sys.path.insert(0, str(paths.ROOT))
    try:
        module: ModuleType = importlib.import_module(name)
    except ModuleNotFoundError as fault:
        if fault.name and (name + ".").startswith(fault.name + "."):
            return []
        raise
    return list(getattr(module, attribute))
