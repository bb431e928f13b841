"""A group of commands whose help lists them under headings, in the order of their use; click's own is one list by the alphabet."""

from collections.abc import Sequence

import click


class Sections(click.Group):
    """A group of commands under headings."""

    def sections(self) -> dict[str, Sequence[click.Command]]:
        """{heading: its commands}; asked for when the help or a command is, so they may be loaded then."""
        raise NotImplementedError

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names, in the order of the headings."""
        return [command.name or "" for part in self.sections().values() for command in part]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command of that name."""
        return next((c for part in self.sections().values() for c in part if c.name == name), None)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the lists into the help."""
        parts = self.sections()
        width = max(len(name) for name in self.list_commands(ctx))
        for heading, commands in parts.items():
            with formatter.section(heading):
                limit = formatter.width - 6 - width
                formatter.write_dl([((c.name or "").ljust(width), c.get_short_help_str(limit)) for c in commands])
