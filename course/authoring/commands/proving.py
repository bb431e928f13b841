"""Commands that prove the checks: mistakes and alternatives, how mistakes are recognised, other seeds, mutants, chance."""

from pathlib import Path
from typing import Any

import click

from course import files, paths
from course.authoring.commands import options
from course.authoring.commands.options import FILE, graded, leave
from course.catalog import Project
from course.errors import CourseError


@click.command()
@options.projects
def proofs(projects: list[Project]) -> None:
    """Show what the checks say of mistakes and alternatives.

    All of them are run. A row for each mistake: the check that it names, the sentence, the check's message, what else fails. Each
    alternative has to pass every check of its function, those that train too. Nothing is written.
    """
    from course.authoring.proofs import table

    faults = 0
    for entry in graded(projects):
        for holds, text in table.rows(entry):
            faults += not holds
            click.echo(text)
    click.echo(f"{faults} faults" if faults else "all proven")
    leave(not faults)


@click.command()
@options.projects
def prove(projects: list[Project]) -> None:
    """Write docs/mistakes.md and the fingerprints anew.

    All known mistakes are run. The fingerprints are what students' mistakes are recognised by. About five minutes for all projects
    on one core.
    """
    from course.authoring.proofs import prove as proving

    for line in proving.write(graded(projects)):
        click.echo(line)


@click.command()
@options.projects
@click.pass_context
def ready(ctx: click.Context, projects: list[Project]) -> None:
    """Take all the steps from a solution to what is handed out.

    `make`, `check --run`, `proofs` and `prove`, one after another; the first that does not hold ends it and says what to mend. Then
    `course release` makes what students get. Minutes for a project.
    """
    from course.authoring.commands import writing

    steps: tuple[tuple[str, click.Command, dict[str, Any]], ...] = (
        ("make", writing.make, {"check": False}),
        ("check --run", writing.check, {"projects": projects, "run": True}),
        ("proofs", proofs, {"projects": projects}),
        ("prove", prove, {"projects": projects}),
    )
    for name, command, given in steps:
        click.echo(f"$ course author {name}")
        ctx.invoke(command, **given)
    click.echo("Now `course release`, and commit what all of this wrote.")


@click.command()
@options.projects
def recognition(projects: list[Project]) -> None:
    """Count how well mistakes are recognised.

    The known ones; those of a project's rewritten.py, in other code; and each known one as if the catalogue lacked it.
    """
    from course.authoring.proofs import recognition as counting

    for line in counting.count(graded(projects)):
        click.echo(line)


@click.command()
@options.projects
@click.option("--sample", type=click.IntRange(0), default=40, show_default=True, help="Pairs of each project; 0: all.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the sample.")
@click.option("--triples", is_flag=True, help="Three mistakes at once.")
@click.option("--write", "written", is_flag=True, help="Write these projects' rows of docs/pairs.md.")
def pairs(projects: list[Project], sample: int, seed: int, triples: bool, written: bool) -> None:
    """Count what is said of two mistakes at once.

    A name that is given as a fact must be that of one of the two. About a quarter of a second of a processor a pair.
    """
    from course.authoring.proofs import pairs as counting
    from course.authoring.proofs import pairs_page as page

    untrue = 0
    for entry, total, told in counting.count(graded(projects), sample, seed, triples):
        for line in told:
            click.echo(line)
        click.echo(f"{entry.id} ({total.total()}): {page.in_words(total)}")
        if written:
            page.write(entry, total, triples)
        untrue += len(told)
    leave(not untrue)


@click.command("secret-seeds")
@options.projects
@click.option("--seed", "seeds", type=int, multiple=True, default=(1,), show_default=True, help="May be given again.")
def secret_seeds(projects: list[Project], seeds: tuple[int, ...]) -> None:
    """Are mistakes caught under other seeds of the checks?

    Some four minutes of a processor for each seed and all projects.
    """
    from course.authoring.proofs import secret_seeds as proving

    leave(proving.run(seeds, graded(projects), click.echo))


@click.command()
@options.projects
@click.option("--task", metavar="FUNCTION", help="Only the mutants of this function.")
@click.option("--sample", type=click.IntRange(1), metavar="N", help="Only so many, spread over the functions.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the sample.")
@options.jobs(1)
@click.option("--only", type=click.Choice(["fast"]), help="Leave out the checks that train.")
@click.option("--thorough", is_flag=True, help="Ask the checks that train about recorded mutants too.")
@click.option("--anew", is_flag=True, help="Ask again what is known already.")
@click.option("--keep", is_flag=True, help="Take old verdicts as they are, though checks have changed.")
@click.option("--list", "listed", is_flag=True, help="Print the mutants and try none.")
@click.option("--write", is_flag=True, help="Try none; write docs/mutation.md from what is known of all.")
def mutation(
    projects: list[Project],
    task: str | None,
    sample: int | None,
    seed: int,
    jobs: int,
    only: str | None,
    thorough: bool,
    anew: bool,
    keep: bool,
    listed: bool,
    write: bool,
) -> None:
    """Which small changes of the solutions does no check notice?

    Verdicts are kept in .course/mutation.jsonl; a second run asks only for what has changed.
    """
    if write and (projects or task or sample):
        raise CourseError("The page is about all mutants.", "Leave out --write, or what narrows it down.")
    from course.authoring.mutation import search

    entries = graded(projects)
    every = search.every(entries)
    chosen = search.chosen(every, task, sample, seed)
    if listed:
        click.echo("\n".join(f"{m.id}  {m.operator}: {m.change}" for m in chosen))
        return
    if write:
        search.write(entries, every, click.echo)
    else:
        search.search(chosen, jobs=jobs, train=only is None, thorough=thorough, anew=anew, keep=keep)
    leave(search.report(entries, chosen, every, click.echo))


@click.command()
@options.projects
@click.option("--runs", type=click.IntRange(0), default=200, show_default=True, help="Of each check on the solution.")
@click.option("--alternatives", type=click.IntRange(0), default=0, show_default=True, help="Runs of each alternative.")
@click.option("--only", type=click.Choice(["fast", "slow"]), help="The checks that train nothing, or those that do.")
@click.option("--first", type=int, default=0, show_default=True, help="Begin with this run, to share runs out.")
@options.jobs(1)
@click.option("--minutes", type=float, help="Start nothing new after so many.")
@click.option("--write", is_flag=True, help="Write docs/stability.md, which is about all projects.")
@click.option("--ledger", type=FILE, help="Another ledger than .course/stability/runs.jsonl.")
@click.option("--grader", type=FILE, help="A grader of your own, outside the catalog.")
@click.option("--target", type=FILE, help="The solution that it grades.")
@click.option("--check", metavar="NAME", help="One check once more, nothing kept; the options below belong to it.")
@click.option("--alternative", metavar="NAME", default="", help="On this alternative solution.")
@click.option("--seed", type=int, default=0)
@click.option("--threads", type=click.IntRange(1), default=1)
@click.option("--hash-seed", type=int, default=0)
def stability(
    projects: list[Project],
    runs: int,
    alternatives: int,
    only: str | None,
    first: int,
    jobs: int,
    minutes: float | None,
    write: bool,
    ledger: Path | None,
    grader: Path | None,
    target: Path | None,
    check: str | None,
    alternative: str,
    seed: int,
    threads: int,
    hash_seed: int,
) -> None:
    """Does a right solution pass whatever the luck?

    Each grader on its solution under many seeds, threads and hash seeds; what moved is named with the command that repeats it.
    Runs are kept; one that was cut off goes on. The checks that train take hours.
    """
    from course.authoring.stability import page, report, schedule
    from course.authoring.stability.ledger import Circumstances, Ledger, Subject
    from course.authoring.stability.run import digest_of

    if write and projects:
        raise CourseError("The page is about all projects.", "Leave out their ids, or leave out --write.")
    if grader or target:
        if not (grader and target and grader.is_file() and target.is_file()):
            raise CourseError(
                "A grader and what it grades go together.", "Name a file after --grader and one after --target."
            )
        subjects = [Subject(grader.stem, grader.resolve(), target.resolve())]
    else:
        entries = graded(projects)
        subjects = schedule.solutions(entries)
        subjects += schedule.alternatives(entries) if alternatives or alternative or write else []
    if check:
        chosen = [subject for subject in subjects if subject.alternative == alternative]
        if len(chosen) != 1:
            raise CourseError("That is not one solution.", "Name one project, and an alternative of it if you like.")
        passed, said = schedule.repeat(chosen[0], check, Circumstances(seed, threads, hash_seed))
        click.echo(said)
        leave(passed)
        return
    kept = Ledger(ledger)
    wanted = {"runs": runs, "alternatives": alternatives, "first": first}
    units = [*schedule.units(subjects, kept, only=only or "", **wanted)]
    for line in schedule.run(units, kept, jobs, 60 * minutes if minutes else float("inf")):
        click.echo(line, err=True)
    records = kept.of({(subject.key, subject.alternative): digest_of(subject) for subject in subjects})
    click.echo(report.text(subjects, records))
    if write:
        files.write(paths.ROOT / page.FILE, page.text(subjects, records))
    leave(not report.failures(records))


@click.command()
@options.projects
@click.option("--write", "written", is_flag=True, help="Write docs/evidence.md, which is about all projects.")
def evidence(projects: list[Project], written: bool) -> None:
    """What does each check rest on?

    On the exam, on numbers of its own run, or on what a cheat could know beforehand: the answers of one honest run are given in
    another one. About a minute and a half.
    """
    from course.authoring import evidence as found

    chosen = graded(projects)
    rows = [(entry, list(found.rows(entry))) for entry in chosen]
    for entry, of_project in rows:
        for row in of_project:
            asked = ", ".join(row.asked)
            click.echo(
                f"{entry.id:<4} {row.rests:<18} {row.check.points}  {row.check.task}: {row.check.name}  ({asked})"
            )
    if written:
        files.write(found.PAGE, found.page(rows))


@click.command()
@options.projects
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of both runs.")
@click.option(
    "--sample",
    type=click.IntRange(0),
    default=5,
    show_default=True,
    help="Mistakes, and alternatives, of each project.",
)
@click.option("--slow", is_flag=True, help="With the checks that train, of the solutions.")
def parity(projects: list[Project], seed: int, sample: int, slow: bool) -> None:
    """Does the wall change a verdict?

    Solutions, mistakes and alternatives in a student's own run and behind the wall, check by check.
    """
    from course.authoring import parity as comparing
    from course.wall import line

    try:
        same = comparing.compare_all(graded(projects), seed, sample, slow, click.echo)
    finally:
        line.stop()
    leave(same)
