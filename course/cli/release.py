"""`course release`: what students get, made anew and scanned: nbgrader's source/ and release/, and the student bundle.

With --gradescope: what an instructor uploads to Gradescope instead.
"""

import sys

import click

from course import catalog, paths
from course.cli import author
from course.files import shown


@click.command()
@click.argument("ids", nargs=-1, metavar="[PROJECT ...]")
@click.option("--check", is_flag=True, help="Write nothing; name what is stale or leaks and leave with status 1.")
@click.option("--gradescope", is_flag=True, help="Make only the autograders for Gradescope, in build/gradescope/.")
@click.option(
    "--seed",
    type=click.IntRange(0),
    help="With --gradescope: of the test data; 0 takes those that students have. [default: one that nobody knows]",
)
@click.option(
    "--minutes",
    type=click.IntRange(5, 40),
    default=10,
    show_default=True,
    help="With --gradescope: the time limit of the assignment there.",
)
def release(ids: tuple[str, ...], check: bool, gradescope: bool, seed: int | None, minutes: int) -> None:
    """Make what students get.

    The nbgrader assignments in source/ and release/ (of all projects, or of those named), and the student bundle build/student.zip.
    Nothing of a solution is in it: that is looked for.
    """
    if check and gradescope:
        raise click.UsageError("--check looks at what students get; there is nothing to check for --gradescope.")
    author.require()
    from course.authoring.release import assignments as made
    from course.authoring.release import bundle, leaks
    from course.authoring.release import gradescope as autograder

    entries = [catalog.project(id) for id in ids] or list(catalog.projects())
    if gradescope:
        from course.checks import seeds

        seed = seeds.secret() if seed is None else seed
        for packed in autograder.build(entries, paths.ROOT / autograder.FOLDER, seed=seed, minutes=minutes):
            click.echo(f"{shown(packed)}   {packed.stat().st_size / 1e6:.1f} MB, seed {seed}, {minutes} minutes")
        click.echo("Upload a zip as the autograder of its assignment. Not for students: the solutions are in them.")
        if seed == 0:
            click.echo(
                "With seed 0 they grade on the embedded data, which students have as well; without --seed on others."
            )
        return
    folders = [paths.ROOT / "release"]
    if check:
        wrong = [f"{shown(file)} is stale" for file in made.stale(entries)]
        cure = "Run `course release`, and commit what it wrote in source/ and release/."
    else:
        made.make_sources(entries)
        for entry, file in zip(entries, made.generate(entries)):
            parts = f"{len(entry.functions)} functions, {entry.points} points"
            click.echo(f"{entry.id:<4} {shown(file)}   {parts}")
        for folder in made.sweep():
            click.echo(f"deleted {shown(folder)}: no project of the catalog")
        packed = bundle.build(paths.ROOT / "build" / "student")
        folders.append(packed.with_suffix(""))
        size = packed.stat().st_size / 1e6
        click.echo(f"student bundle: {shown(packed)}   {size:.1f} MB")
        wrong, cure = [], "Do not hand it out. Mend what holds it, and run `course release` again."
    wanted = leaks.secrets()
    found = [leak for folder in folders for leak in leaks.scan(folder, wanted)]
    wrong += [f"{shown(leak.file)}:{leak.line} holds {leak.secret.what}: {leak.secret.text}" for leak in found]
    for line in wrong:
        click.echo(line, err=True)
    if wrong:
        click.echo(cure, err=True)
        sys.exit(1)
    files = sum(1 for folder in folders for file in folder.rglob("*") if file.is_file())
    click.echo(
        f"{'All is fresh. ' if check else ''}Looked for {len(wanted)} lines and names in {files} files: none is there."
    )
