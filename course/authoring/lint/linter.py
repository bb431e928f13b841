"""The author's linter: what must hold of graders, mistakes, alternatives, contracts and the catalog, and where it does not.

Rustlings has one for its exercises; the idea is from there. `reader` imports what a project consists of, then comes one module for
each family of rules; only `trial` runs the graders. That each mistake is caught and each alternative passes is shown by
`course.authoring.proofs.variants`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from course import paths
from course.authoring.lint import contracts, lessons, names, numbers, prose
from course.authoring.lint.reader import Finding, Sources, read
from course.authoring.lint.trial import runs
from course.catalog import Project, projects
from course.errors import CourseError

RULES: tuple[Callable[[Sources], Iterator[Finding]], ...] = (
    names.names,
    names.points,
    names.words,
    names.proofs,
    contracts.contracts,
    lessons.lessons,
    prose.lesson,
)


@dataclass(frozen=True)
class Report:
    """What was looked at, and what does not hold.

    Args:
        counts: ("checks", 185) and so on.
    """

    findings: tuple[Finding, ...]
    counts: tuple[tuple[str, int], ...]


def lint(entries: Sequence[Project] | None = None, *, root: Path | None = None, run: bool = False) -> Report:
    """Look at these projects, or at all of them and at what they share: graders/kit/ and the tests of the repository.

    Args:
        root: the checkout; `run` always takes the one that this package is from.
        run: also grade solutions and stubs.

    Raises:
        CourseError: there are no graders here; or data and weights are missing, which only `run` needs.
    """
    root = root or paths.ROOT
    if not (root / "graders" / "proofs").is_dir():
        raise CourseError(
            f"There is no graders/proofs/ in {root}.", "This is for authors; take a whole copy of the course."
        )
    sources = [read(entry, root) for entry in entries or projects()]
    findings = [finding for one in sources for finding in _of_project(one, run)]
    if not entries:
        findings += names.strangers(root)
        findings += prose.pages(root)
        findings += _of_files(root, sorted(root.glob("graders/kit/**/*.py")), numbers.reasons, numbers.clocks)
        findings += _of_files(root, sorted((root / "tests").rglob("*.py")), numbers.clocks)
    counts = (
        ("project", len(sources)),
        ("function", sum(len(one.entry.functions) for one in sources)),
        ("check", sum(len(one.checks) for one in sources)),
        ("mistake", sum(len(one.mistakes) for one in sources)),
        ("alternative", sum(len(one.alternatives) for one in sources)),
        ("sentence", sum(len(contracts.sentences_of(node)) for one in sources for node in one.written())),
    )
    return Report(tuple(dict.fromkeys(findings)), counts)


def _of_project(one: Sources, run: bool) -> Iterator[Finding]:
    yield from one.unread
    for rule in RULES if not one.unread else ():
        yield from rule(one)
    yield from _of_files(one.root, [one.root / one.grader], numbers.reasons, numbers.clocks)
    if run and not one.unread:
        yield from runs(one)


def _of_files(
    root: Path, files: Sequence[Path], *rules: Callable[[numbers.Module], Iterator[Finding]]
) -> Iterator[Finding]:
    for file in files:
        if file.is_file() and (module := numbers.load(file, root)) is not None:
            for rule in rules:
                yield from rule(module)
