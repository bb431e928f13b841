"""Commands that train for hours: what the embedded data teach, and the pre-trained networks."""

import json
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click

from course import catalog, files, paths
from course.authoring.commands import options
from course.authoring.commands.options import FILE, FOLDER, leave
from course.catalog import Project
from course.errors import CourseError

PARTS = ("things", "formulas", "fruit")


@click.command()
@options.projects
@click.option("--seeds", type=click.IntRange(1), default=5, show_default=True, help="How many, from 0.")
@click.option("--seed", type=click.IntRange(0), help="Only this one.")
@click.option("--kept", is_flag=True, help="Measure nothing: the page from what is kept.")
@options.jobs(2)
@click.option("--out", type=FILE, help="The page.  [default: docs/lessons.md]")
@click.option("--real", is_flag=True, help="On the real data that COURSE_REAL names; goes on where it was.")
def lessons(
    projects: list[Project], seeds: int, seed: int | None, kept: bool, jobs: int, out: Path | None, real: bool
) -> None:
    """Do the embedded data teach the lesson?

    Trains the solutions' networks with several seeds, keeps what each reaches, and says whether it lies in its band; the page is
    made of all that is kept. With --real the same networks are trained on real data, one after the other, and what they reach is
    added to the page.
    """
    from course.lessons import real as on_real
    from course.lessons import table

    if real:
        on_real.measure(seeds, [entry.id for entry in projects], click.echo)
        page = out or paths.ROOT / "docs" / "lessons.md"
        text = (files.read(page) or "").partition("\n## On real data")[0].rstrip("\n")
        files.write(page, "\n".join([text, *on_real.section()]) + "\n")
        click.echo(f"written to {files.shown(page)}")
        return

    ids = [entry.id for entry in projects]
    faults = [] if kept else table.measure(range(seeds) if seed is None else [seed], ids, jobs)
    found = table.kept()
    click.echo("\n".join(table.plain(table.table(found, ids)[0])))
    if faults:
        raise CourseError("\n".join(faults), "The page is not written.")
    page = out or paths.ROOT / "docs" / "lessons.md"
    lines, holds = table.table(found)
    files.write(page, table.document(lines, len(found), files.read(page) or ""))
    click.echo(f"written to {files.shown(page)}")
    leave(holds)


@click.command()
@click.option("--before", metavar="COMMIT", help="Count the lessons of this commit too, and keep that for the page.")
@click.option("--check", is_flag=True, help="Only say whether the page is fresh.")
@click.option(
    "--chapter", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Only count this chapter of d2l."
)
def readability(before: str | None, check: bool, chapter: Path | None) -> None:
    """What do the lessons hold, and how hard are they to read?

    Counts words, formulas, figures, worked examples, questions, experiments and links of each, and Flesch and Kincaid's grade;
    writes docs/readability.md.
    """
    from course.authoring import readability as counting

    if chapter:
        click.echo(json.dumps(asdict(counting.of_chapter(chapter.read_text("utf-8")))))
        return
    if before:
        counting.keep_before(before)
    page = counting.page(counting.now())
    if check:
        fresh = files.read(counting.PAGE) == page
        click.echo("Fresh." if fresh else "Stale: `course author readability` makes it anew.")
        leave(fresh)
        return
    files.write(counting.PAGE, page)
    click.echo(f"written to {files.shown(counting.PAGE)}")


@click.command()
@options.projects
@click.option("--seeds", type=click.IntRange(2), default=3, show_default=True, help="How many.")
def bands(projects: list[Project], seeds: int) -> None:
    """Between which curves do the solutions train?

    Trains each with several seeds. `course report` draws the band beside a student's curves (course/reports/bands.json).
    """
    from course.lessons import bands as measuring
    from course.lessons import quiet_run

    for entry in projects or [e for e in catalog.projects() if quiet_run.settings(e.id).get("epochs")]:
        found = measuring.measure(entry, range(seeds))
        measuring.keep({entry.id: found})
        least, greatest = found["valid_accuracy"][-1]
        click.echo(f"{entry.id}  validation accuracy after the last epoch: {least:.3f} to {greatest:.3f}")


@click.group()
def pretrain() -> None:
    """Make the embedded pre-trained networks anew.

    The defaults are the recipes of the weights in the repository. A training that was cut off goes on where it was.
    """


@pretrain.command()
@click.option("--folder", type=FOLDER, default=None, help="Of pictures and checkpoint.  [default: runs/pretrain]")
@click.option("--out", type=FOLDER, default=None, help="Where weights and card go.  [default: course/models/weights]")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--things", type=int, default=28000, show_default=True, help="Pictures of the course's catalogue.")
@click.option("--formulas", type=int, default=12000, show_default=True, help="Pictures of the formulas.")
@click.option("--fruit", type=int, default=9000, show_default=True, help="Pictures of rendered fruit.")
@click.option("--parts", type=click.Choice(PARTS), multiple=True, default=PARTS, help="To train on; again for another.")
@click.option("--sizes", type=int, nargs=2, default=(72, 88), show_default=True, help="px; the second from 70 % on.")
@click.option("--steps", type=int, default=16000, show_default=True)
@click.option("--batch", type=int, default=64, show_default=True)
@click.option("--rate", type=float, default=2.5e-3, show_default=True, help="Peak learning rate of AdamW.")
@click.option("--category", type=float, default=1.0, show_default=True, help="Weight of this question.")
@click.option("--kind", type=float, default=0.5, show_default=True, help="Weight.")
@click.option("--deep", type=float, default=0.5, show_default=True, help="Weight.")
@click.option("--causes", type=float, default=2.0, show_default=True, help="Weight.")  # Huber is about half of squares
@click.option("--statistics", type=float, default=1.0, show_default=True, help="Weight.")
@click.option("--every", type=int, default=200, show_default=True, help="Steps between checkpoints.")
@click.option("--threads", type=int, default=1, show_default=True)
@options.jobs(2)
def backbone(**given: Any) -> None:
    """Train the pocket backbone on pictures made by formulas."""
    from course.authoring.pretraining import backbone as recipe
    from course.models.pocket import FOLDER as embedded

    given["folder"] = given["folder"] or paths.runs_folder() / "pretrain"
    given["out"] = given["out"] or embedded
    recipe.train(SimpleNamespace(**{**given, "parts": list(given["parts"]), "sizes": list(given["sizes"])}))


@pretrain.command()
@click.option("--folder", type=FOLDER, default=None, help="Of the checkpoint.  [default: runs/bert]")
@click.option("--out", type=FOLDER, default=None, help="Where it goes.  [default: course/models/weights/bert]")
@click.option("--seed", type=int, default=None, help="[default: that of the recipe]")
@click.option("--steps", type=int, default=None, help="In all; a multiple of 200.  [default: those of the recipe]")
def bert(folder: Path | None, out: Path | None, seed: int | None, steps: int | None) -> None:
    """Train the pocket BERT on stories told by a grammar."""
    from course.authoring.pretraining import bert as recipe
    from course.models.bert import FOLDER as embedded

    changes = {name: value for name, value in (("seed", seed), ("steps", steps)) if value is not None}
    checkpoint = (folder or paths.runs_folder() / "bert") / "checkpoint.pt"
    recipe.train(recipe.Recipe(**changes), out or embedded, checkpoint)
