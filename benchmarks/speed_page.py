"""Where benchmarks put their tables: docs/speed.md, between two marks for each."""

from collections.abc import Sequence
from pathlib import Path

from course import paths

PAGE = paths.ROOT / "docs" / "speed.md"
BEGIN, END = "<!-- Made by {}; do not edit. -->", "<!-- End of what was made. -->"


def write(maker: str, lines: Sequence[str], page: Path = PAGE) -> None:
    """Put lines between the marks of the command that has made them.

    Args:
        maker: the command, as the mark has it.

    Raises:
        ValueError: the page has no such marks.
    """
    begin = BEGIN.format(maker)
    before, mark, rest = page.read_text("utf-8").partition(begin)
    if not mark or END not in rest:
        raise ValueError(f"{page} has no place for {maker}")
    page.write_text("\n".join([before + begin, *lines, END]) + rest.partition(END)[2], "utf-8")
