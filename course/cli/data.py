"""Commands for data: what is there, fetching the real ones, comparing checksums."""

import sys

import click

from course.errors import CourseError


@click.group(invoke_without_command=True)
@click.pass_context
def data(ctx: click.Context) -> None:
    """The data sets: which are there, how large, and whose.

    The embedded (pocket) data are made on first use. The real (full) ones are fetched, or dropped into data/.
    """
    if ctx.invoked_subcommand is None:
        from course.datasets import inventory

        click.echo(inventory.table())


@data.command()
@click.argument("names", nargs=-1, metavar="NAME...")
def fetch(names: tuple[str, ...]) -> None:
    """Fetch real data sets into data/; `course data` says which there are."""
    from course.datasets import fetch as fetching
    from course.datasets import registry
    from course.files import shown

    known = registry.names()
    if not names:
        raise CourseError(
            "Which data set?", f"Say it like this: `course data fetch {known[0]}`. There are {', '.join(known)}."
        )
    for name in names:
        registry.find(name)
        click.echo(f"{name}: fetching")
        click.echo(f"{name}: in {shown(fetching.fetch(name))}")


@data.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
def verify(names: tuple[str, ...]) -> None:
    """Compare every file with its checksum; status 1 where something is damaged."""
    from course.datasets import inventory, registry

    for name in names:
        registry.find(name)
    if not names:
        click.echo(inventory.table(verify=True))
    held = [h for h in inventory.holdings(verify=True) if h.files and (not names or h.name in names)]
    for holding in held if names else []:
        click.echo(f"{holding.name} ({holding.tier}): {holding.state}")
    damaged = [h for h in held if not h.ok]
    if names and not held:
        click.echo(f"Nothing is there of {', '.join(names)}; the embedded data are made on first use.")
    if damaged:
        click.echo(
            "Delete what is damaged: embedded data are made anew on next use, real ones come back with `course data fetch`."
        )
        sys.exit(1)
