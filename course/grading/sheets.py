"""A table as a platform or a spreadsheet has saved it: comma, semicolon or tab, UTF-8 or UTF-16; read whatever it is, and
written so that it comes back the same.

Nothing here knows a platform. A text that a spreadsheet would compute is made harmless by `harmless`; whoever writes a column by
which a platform finds its student asks `computes` first, since an apostrophe there would be somebody else's id.
"""

import csv
import io
import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path

from course.errors import CourseError

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # what makes a spreadsheet compute a cell
LARGEST = 20_000_000  # bytes; a class of a thousand with a hundred columns has 2,000,000
MARKS = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"\xef\xbb\xbf", "utf-8"))


@dataclass(frozen=True)
class Sheet:
    """A table.

    Args:
        rows: the header first; every row as long as the file has it.
        delimiter: between cells.
        encoding: how it is written; `mark`: with a byte order mark before it.
        quoted: every cell in quotation marks, as Blackboard wants it.
    """

    rows: tuple[tuple[str, ...], ...]
    delimiter: str = ","
    encoding: str = "utf-8"
    mark: bool = False
    quoted: bool = False

    @property
    def header(self) -> tuple[str, ...]:
        """The names of the columns."""
        return self.rows[0] if self.rows else ()

    def with_rows(self, rows: list[list[str]]) -> "Sheet":
        """Other rows, written the same way."""
        return replace(self, rows=tuple(tuple(row) for row in rows))

    def bytes(self) -> bytes:
        """As a file."""
        text = io.StringIO()
        writer = csv.writer(text, delimiter=self.delimiter, lineterminator="\r\n")
        if self.quoted:
            writer = csv.writer(text, delimiter=self.delimiter, lineterminator="\r\n", quoting=csv.QUOTE_ALL)
        writer.writerows(self.rows)
        mark = "\N{ZERO WIDTH NO-BREAK SPACE}" if self.mark else ""
        return (mark + text.getvalue()).encode(self.encoding, "replace")


def read(file: Path) -> Sheet:
    """Read a table.

    Raises:
        CourseError: there is no such file, it is too large, a workbook of Excel's, or no table.
    """
    try:
        size = file.stat().st_size
        data = file.read_bytes() if size <= LARGEST else b""
    except OSError as fault:
        raise CourseError(
            f"{file} cannot be read: {fault.strerror}.", "Name the table that you have downloaded."
        ) from fault
    if size > LARGEST:
        raise CourseError(f"{file} has {size} bytes.", f"A class's table has at most {LARGEST}; is it the right file?")
    if data[:2] == b"PK" or data[:4] == b"\xd0\xcf\x11\xe0":
        raise CourseError(f"{file} is a workbook.", "Save it as CSV (UTF-8), or download the CSV in the first place.")
    text, encoding, mark = _decoded(data)
    rows, delimiter = _split(text)
    if not rows or len(rows[0]) < 2:
        raise CourseError(
            f"{file} is no table.", "It needs a first line with the names of the columns, and a line a student."
        )
    quoted = text.lstrip().startswith('"') and all(
        line.startswith('"') for line in text.split("\n")[:3] if line.strip()
    )
    return Sheet(tuple(tuple(row) for row in rows), delimiter, encoding, mark, quoted)


def _decoded(data: bytes) -> tuple[str, str, bool]:
    """(text, encoding, is there a mark before it)."""
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace"), encoding, True
    if data[1:2] == b"\0":  # Blackboard's, when an editor has lost the mark
        return data.decode("utf-16-le", "replace"), "utf-16-le", False
    try:
        return data.decode("utf-8"), "utf-8", False
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace"), "utf-8", False  # Excel's; written back as UTF-8


def _split(text: str) -> tuple[list[list[str]], str]:
    """The rows without empty ones, and what stands between cells: what makes most columns of the first line."""
    first = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(",;\t", key=lambda sign: len(next(csv.reader([first], delimiter=sign), [])))
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    except csv.Error:
        return [], delimiter
    return [row for row in rows if any(cell.strip() for cell in row)], delimiter


def computes(text: str) -> bool:
    """Would a spreadsheet compute this cell?"""
    return text.lstrip(" ").startswith(FORMULA)


def harmless(text: str) -> str:
    """A text in a cell: no control characters but the end of a line, and an apostrophe before what would be computed."""
    clean = "".join(c if c.isprintable() or c in "\n\t\r" else "\N{REPLACEMENT CHARACTER}" for c in text)
    return "'" + clean if computes(clean) else clean


def folded(name: str) -> str:
    """A column's name, or a person's, without what editors change: Unicode form, capitals, blanks at its ends."""
    return " ".join(unicodedata.normalize("NFC", name).replace("\N{ZERO WIDTH NO-BREAK SPACE}", "").split()).casefold()
