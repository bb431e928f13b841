"""docs/mistakes.md: every known mistake, the check that catches it, and what the student then reads.

`course author prove` writes it; a run for one project replaces that project's section only.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from course import files, paths
from course.authoring.proofs.fingerprints import count_named
from course.authoring.proofs.variants import Proof, alternatives_of
from course.catalog import Project, projects
from course.checks.diagnosis import SAID_AT_ONCE, WRONG

FILE = Path("docs", "mistakes.md")
HEAD = """\
<!-- Made by `course author prove`; do not edit. -->
# Known mistakes

A check that nobody has seen fail proves nothing. So each check of this course is tried on wrong solutions that students really
write: they stand in `graders/proofs/`, with the check that must catch each. `make test` runs every one of them, and
alternative solutions, which must all pass. [grading.md](grading.md) says how a check is written,
[authoring.md](authoring.md) how a project is.

The sentence below a mistake's name is what the student reads when the outputs of the function are those of the mistake
(`course.checks.diagnosis`), between the check's own message, which stands in the last column, and the check's hint. Mistakes that
look alike from outside are named together, up to {at_once}; where there are more, the message stands alone.

{table}
"""


def row(proof: Proof) -> str:
    """The row of one mistake."""
    variant = proof.variant
    source = f" *({_cell(variant.source)})*" if variant.source else ""
    check = variant.caught_by.removeprefix("test_").replace("_", " ")
    return f"| `{variant.name}`<br>{_cell(variant.says)}{source} | {_cell(check)} | {_cell(message_of(proof))} |"


def section(entry: Project, proofs: Sequence[Proof]) -> str:
    """The part of one project: a table for each function, and below it the checks' hints."""
    parts = [f"## {entry.id} {entry.title}"]
    for function in entry.functions:
        own = [proof for proof in proofs if proof.variant.task == function.name]
        parts.append(f"### {entry.id} {function.name}\n\n| mistake | check | message |\n|---|---|---|")
        parts[-1] += "".join("\n" + row(proof) for proof in own)
        hints = {r.title: r.hint for proof in own for r in proof.results}
        parts.append("Hints:\n\n" + "\n".join(f"- *{_cell(title)}*: {_cell(hint)}" for title, hint in hints.items()))
    return "\n\n".join(parts) + "\n"


def write(sections: dict[str, str], root: Path | None = None) -> None:
    """Write the page with these sections, {project id: text}, in the place of what it had of them."""
    file = (root or paths.ROOT) / FILE
    kept = _sections(files.read(file) or "") | sections
    body = "\n".join(kept[entry.id] for entry in projects() if entry.id in kept)
    files.write(file, head() + "\n" + body)


def head() -> str:
    """What stands above the sections: the numbers of all projects."""
    lines = ["| project | mistakes | caught by the check that they name | named in the feedback | right alternatives |"]
    lines.append("|---|---:|---:|---:|---:|")
    total = [0, 0, 0]
    for entry in projects():
        said, known = count_named(entry)
        numbers = [known, said, len(alternatives_of(entry))]
        total = [a + b for a, b in zip(total, numbers, strict=True)]
        lines.append(f"| {entry.id} | {numbers[0]} | {numbers[0]} | {said} | {numbers[2]} |")
    lines.append(f"| **all** | {total[0]} | {total[0]} | {total[1]} | {total[2]} |")
    return HEAD.format(at_once=SAID_AT_ONCE, table="\n".join(lines))


def message_of(proof: Proof) -> str:
    """What the named check says, in the words of the student's file."""
    told = next((r.message for r in proof.results if r.name == proof.variant.caught_by and r.outcome in WRONG), "")
    return re.sub(r"(?:/[\w.\-]+){2,}/", "…/", told)  # folders of one run


def _sections(page: str) -> dict[str, str]:
    """{project id: its section} of a page."""
    parts = re.split(r"^(?=## )", page, flags=re.MULTILINE)[1:]
    return {part.split()[1]: part.rstrip("\n") + "\n" for part in parts}


def _cell(text: str) -> str:
    """Text in a cell of a Markdown table."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|").replace("*", "\\*").replace("_", "\\_")
    return "<br>".join(line.strip() for line in text.splitlines() if line.strip())
