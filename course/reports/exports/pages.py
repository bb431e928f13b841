"""Feedback as the zip that a platform takes back: Moodle's "Upload multiple feedback files in a zip", Canvas's "Re-Upload
Submissions".

Both find the student by the name of a file, so the names are those of the download that was graded, and the download is asked
for:

- Moodle (`is_valid_filename_for_import` of mod/assign/feedback/file/importziplib.php): `name_71_assignsubmission_file/` with
  any file behind it. The student's page goes there.
- Canvas (`infer_comment_context_from_filename` of app/models/assignment.rb): the two numbers in
  `lovelaceada_71_9134_ex01_mnist.ipynb`; the comment shows the file by the name under which it was handed in. So it gets the
  same kind of file: the notebook with the verdicts below its cells, or the module with the verdict above it.
"""

import io
import re
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath

import nbformat

from course import limits
from course.catalog import Project
from course.checks.results import SubmissionResult
from course.errors import CourseError
from course.grading import download
from course.grading.archive import Archive, Member, opened
from course.grading.attempts import HandIn, Listed
from course.grading.submissions import writable
from course.reports.exports.marks import Mark
from course.reports.feedback import marked
from course.reports.terminal import render

NO_TIME = (1980, 1, 1, 0, 0, 0)  # the same feedback gives the same bytes
_PREFIX = re.compile(
    r"(?P<before>(?:.*/)?)(?P<name>[^/]+?)(?P<after>_\d+_assignsubmission_\w+?(?:_?/|_))(?=[^/])", re.DOTALL
)


def packed(
    platform: str,
    file: Path,
    entry: Project,
    results: Mapping[str, SubmissionResult],
    marks: Mapping[str, Mark],
    roster: Sequence[Listed],
    page_of: Callable[[str], bytes | None],
) -> tuple[bytes, list[str]]:
    """The zip, and a sentence for each student who gets nothing by it.

    Args:
        platform: "Moodle" or "Canvas".
        file: the download that was graded.
        page_of: (student) -> the page that `course grade` has written.

    Raises:
        CourseError: the download is not of this platform, or cannot be read.
    """
    with tempfile.TemporaryDirectory(prefix="course-export-", ignore_cleanup_errors=True) as folder:
        held = download.read(file, Path(folder), [entry], roster)
    if held.form != platform:
        raise CourseError(
            f"{file.name} is not a download of {platform} but {held.form}.", "Name the zip that you have graded."
        )
    made: dict[str, bytes] = {}
    left = []
    with opened(file, file.name) as archive:
        for hand in held.table:
            if not hand.files:
                continue
            result = results.get(hand.student)
            if result is None:
                left.append(f"{hand.student} is in {file.name} and has no result: grade it with the same roster.")
                continue
            member = _member(hand)
            if platform == "Moodle":
                page = page_of(hand.student)
                name = _moodle_name(member.path, entry)
            else:
                page = _commented(archive, member, entry, result, marks[hand.student])
                name = member.info.filename
            if page is None or not name:
                left.append(
                    f"{hand.student} gets no file: {writable(member.name)} is not of a kind that can hold a verdict."
                )
            else:
                made[name] = page
    return _zip(made), left


def _member(hand: HandIn) -> Member:
    """The file that counted; where it was in a student's own zip, or none could be graded, the first that was handed in."""
    members = list(hand.files.values())
    return next((m for m in members if writable(m.path) == hand.counts or m.path == hand.counts), members[0])


def _moodle_name(path: str, entry: Project) -> str:
    """`Ada Lovelace_71_assignsubmission_file/ex01_mnist.html`. Moodle takes the second word between _ for the number."""
    match = _PREFIX.match(path)
    return f"{match['name'].replace('_', ' ')}{match['after']}{entry.module}.html" if match else ""


def _commented(archive: Archive, member: Member, entry: Project, result: SubmissionResult, mark: Mark) -> bytes | None:
    """What was handed in with the verdict in it; None for a kind of file that cannot hold one."""
    verdict = "\n".join([mark.said, "", *([] if result.reason else render(result.result).split("\n"))]).rstrip()
    suffix = PurePosixPath(member.path).suffix.lower()
    try:
        content = archive.read(member, limits.SUBMISSION_BYTES)
    except ValueError:
        content = b""
    if suffix == ".ipynb":
        return _notebook(content, entry, result, verdict)
    if suffix == ".py":
        lines = "".join(
            f"# {line}".rstrip() + "\n" for line in re.split(r"[\r\n\f\v\x1c-\x1e\x85\u2028\u2029]", verdict)
        )
        return lines.encode("utf-8", "replace") + b"\n" + content
    return None


def _notebook(content: bytes, entry: Project, result: SubmissionResult, verdict: str) -> bytes:
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", verdict)), default=0))
    head = nbformat.v4.new_markdown_cell(f"{fence}text\n{verdict}\n{fence}", id="verdict")
    try:
        book = marked(content, entry, result) if not result.reason else nbformat.v4.new_notebook()
    except (CourseError, ValueError):
        book = nbformat.v4.new_notebook()
    book.cells = [head, *book.cells]
    return (nbformat.writes(book) + "\n").encode("utf-8", "replace")


def _zip(made: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(made.items()):
            archive.writestr(zipfile.ZipInfo(name, NO_TIME), content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()
