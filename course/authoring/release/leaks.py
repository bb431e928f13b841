"""The scan that proves a release: what only an instructor may have is looked for, and must not be found.

Looked for in every file: markers, each line of each solution's bodies, the name and the sentence of each known mistake, the names
of the alternatives and of mistakes in other code. It compares text, as a student with a search tool would; it does not notice a
solution that was rewritten.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course import paths
from course.authoring.stubs import find_regions
from course.catalog import projects

MARKERS = ("BEGIN SOLUTION", "END SOLUTION", "BEGIN HIDDEN TESTS", "BEGIN MARK SCHEME")
SHORT = 12  # characters; a shorter line, such as `else:` or `y = f(x)`, says nothing
FINGERPRINTS = (
    "fingerprints"  # the folder of course/grading/ that may hold what is said about a mistake, and nothing else of it
)
WORDS = 24  # a line of this many characters is also found inside a longer one
# Lines of bodies that stand in the course's own package or in the graders as well, and would in anybody's program.
IDIOMS = frozenset(
    """\
nn.Flatten(),
model.train()
model.eval()
return model
return model.eval()
for images, labels in loader:
loss = loss_function(logits, labels)
loss.backward()
optimizer.zero_grad()
optimizer.step()
schedule.step()
with torch.no_grad():
with Image.open(file) as photo:
with torch.inference_mode():
return len(self.labels)
return self.images[index], self.labels[index]
except Exception as fault:
history = History()
for _ in range(epochs):
history.add(train, valid)
return history
model = torchvision.models.get_model(name, weights=weights)
hook.remove()
for layer in model.modules():
raise ValueError(""".splitlines()
)


@dataclass(frozen=True)
class Secret:
    """Something that must not be in a release.

    Args:
        what: what it is, for people.
        text: a line or a sentence, without indentation; or a name, if `name` says so.
        sentence: what is said to a student who makes a mistake; the fingerprints (`course.checks.diagnosis`) may hold it.
    """

    what: str
    text: str
    name: bool = False
    sentence: bool = False


@dataclass(frozen=True)
class Leak:
    """A secret that was found: the file, the line (from 1; in a notebook of its texts, one after another), and what it is."""

    file: Path
    line: int
    secret: Secret

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.secret.what}: {self.secret.text}"


def secrets() -> list[Secret]:
    """All that is looked for."""
    return [*(Secret("a marker", text) for text in MARKERS), *_bodies(), *_catalogues()]


def scan(folder: Path, wanted: list[Secret] | None = None) -> list[Leak]:
    """Every secret in every file below `folder`."""
    wanted = secrets() if wanted is None else wanted
    names = {s.text: s for s in reversed(wanted) if s.name}  # the first, where several projects have one of a name
    lines = {s.text: s for s in wanted if not s.name}
    parts = [s for s in lines.values() if len(s.text) >= WORDS or s.text in MARKERS]
    found = []
    for file in sorted(f for f in folder.rglob("*") if f.is_file()):
        told = file.parent.name == FINGERPRINTS
        found += [leak for leak in _in(file, names, lines, parts) if not (told and leak.secret.sentence)]
    return found


def _in(file: Path, names: dict[str, Secret], lines: dict[str, Secret], parts: list[Secret]) -> Iterator[Leak]:
    for number, line in enumerate(_text(file).splitlines(), 1):
        bare = _bare(line)
        if bare in lines:
            yield Leak(file, number, lines[bare])
        elif len(bare) >= SHORT:
            yield from (Leak(file, number, s) for s in parts if s.text in bare)
        yield from (Leak(file, number, names[name]) for name in _names(line) if name in names)


def _names(line: str) -> set[str]:
    """What may be the name of a mistake: any name with an underscore; a mere word, such as `resized`, where a module defines it."""
    found = {word for word in re.findall(r"\w+", line) if "_" in word}
    return found | set(re.findall(r"^(?:def|class) (\w+)", line))


def _bodies() -> Iterator[Secret]:
    """The lines of the bodies, without those that the stubs give to the student anyway."""
    given: set[str] = set()
    bodies: dict[str, dict[str, None]] = {}
    for entry in projects():
        file = paths.ROOT / "solutions" / f"{entry.module}.py"
        if not file.is_file():
            continue
        lines = file.read_text("utf-8").splitlines()
        inside: set[int] = set()
        for region in find_regions("\n".join(lines) + "\n", file.name):
            inside |= set(range(region.first - 1, region.last))
            for line in lines[region.first : region.last - 1]:
                bodies.setdefault(_bare(line), {})[f"{entry.id} {region.task}"] = None
        given |= {_bare(line) for number, line in enumerate(lines) if number not in inside}
    for text, tasks in bodies.items():
        if len(text) >= SHORT and text not in given and text not in IDIOMS:
            yield Secret(f"a line of {', '.join(tasks)}", text)


def _catalogues() -> Iterator[Secret]:
    """Names and sentences of the known mistakes, names of rewritten ones and of alternatives."""
    from course.authoring.proofs.variants import alternatives_of, mistakes_of, rewritten_of

    for entry in projects():
        for what, variants in (
            ("a mistake", mistakes_of(entry)),
            ("a mistake in other code", rewritten_of(entry)),
            ("an alternative", alternatives_of(entry)),
        ):
            for variant in variants:
                yield Secret(f"{what} of {entry.id}", variant.name, name=True)
                if what == "a mistake":
                    yield Secret(f"{what} of {entry.id}", _bare(variant.says), sentence=True)


def _bare(line: str) -> str:
    """A line without indentation and double blanks."""
    return " ".join(line.split())


def _text(file: Path) -> str:
    """What a reader of the file sees: of a notebook every text in it, of anything else its characters."""
    content = file.read_bytes()
    if b"\0" in content[:4096]:  # weights and pictures: only what a marker would look like
        return "\n".join(marker for marker in MARKERS if marker.encode() in content)
    text = content.decode("utf-8", errors="replace")
    if file.suffix == ".ipynb":
        try:
            return "\n".join(_strings(json.loads(text)))
        except ValueError:
            pass
    return text


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        if all(isinstance(item, str) for item in value):
            yield "".join(value)  # the lines of a cell
        else:
            for item in value:
                yield from _strings(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _strings(item)
