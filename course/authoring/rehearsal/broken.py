"""Submissions that no upload should have made, by a fuzzer: cut, nested, mislabelled, oversized, with names of every script.

Each kind is a function that lays one submission below the class's folder; chance decides the rest, by a seed. What must come
of each is a row that says in words what is wrong, or a verdict. `benchmarks/broken_submissions.py` grades a thousand of them.
"""

import json
import os
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

from course.authoring.rehearsal import mock_class
from course.catalog import Project

Kind = Callable[[Path, Project, Random], None]
LARGE_BYTES = 100_000_000  # of outputs in one notebook
DEPTH = 100_000  # of JSON lists in lists
NAMES: tuple[str, ...] = (
    "ada b",
    "o'neil",
    'said "x"',
    "=1+1",
    "a,b;c",
    "źdźbło",
    "学生",
    "مرحبا",
    "\u202egnp.ada",
    "a\x1b[31mred",
    "::error::x",
    "-rf",
    "%s%n",
)
NAMES += ("\N{GRINNING FACE}", "<script>", "con", "a" * 120, "..ada", "a\nb", "\ufeffada", "e\u0301ve")


def hand_in(folder: Path, entry: Project, number: int, seed: int = 0, large: bool = True) -> list[str]:
    """So many broken submissions below `folder`; returns what kinds they are.

    Args:
        large: with notebooks whose outputs have 100 MB.
    """
    chance = Random(seed)
    kinds = [kind for kind in KINDS if large or kind is not outputs]
    chosen = [kinds[k % len(kinds)] for k in range(number)]
    for k, kind in enumerate(chosen):
        name = f"{k:04}" + (chance.choice(NAMES) if kind is names or chance.random() < 0.2 else "")
        place = folder / name
        with suppress(OSError, ValueError):  # a name that this file system refuses
            place.mkdir(parents=True)
            kind(place, entry, chance)
    return [kind.__name__ for kind in chosen]


def _book(entry: Project, chance: Random) -> dict[str, Any]:
    written = [f.name for f in entry.functions if chance.random() < 0.5]
    return mock_class.notebook(entry, written, f"# {chance.random()}")


def _lay(place: Path, entry: Project, content: str | bytes, kind: str = ".ipynb") -> Path:
    file = place / f"{entry.module}{kind}"
    file.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    return file


def cut(place: Path, entry: Project, chance: Random) -> None:
    """An upload has broken off."""
    text = json.dumps(_book(entry, chance))
    _lay(place, entry, text[: chance.randrange(len(text))])


def noise(place: Path, entry: Project, chance: Random) -> None:
    """Bytes."""
    _lay(place, entry, chance.randbytes(chance.randrange(4000)), chance.choice([".ipynb", ".py"]))


def flipped(place: Path, entry: Project, chance: Random) -> None:
    """A notebook in which some bytes are others."""
    content = bytearray(json.dumps(_book(entry, chance)).encode())
    for _ in range(chance.randrange(1, 30)):
        content[chance.randrange(len(content))] = chance.randrange(256)
    _lay(place, entry, bytes(content))


def nested(place: Path, entry: Project, chance: Random) -> None:
    """JSON that goes down without end."""
    depth = chance.randrange(500, DEPTH)
    form = chance.choice(['{"cells": %s1%s}', '{"cells": [], "metadata": {"a": %s1%s}}', "%s%s"])
    _lay(place, entry, form % ("[" * depth, "]" * depth))


def other_json(place: Path, entry: Project, chance: Random) -> None:
    """JSON that is no notebook."""
    values = [
        "null",
        "[]",
        "{}",
        '"x"',
        "1e999",
        '{"cells": null}',
        '{"cells": {}}',
        '{"cells": [null]}',
        '{"cells": [{"cell_type": []}]}',
    ]
    _lay(place, entry, chance.choice(values))


def fields(place: Path, entry: Project, chance: Random) -> None:
    """A notebook in which values are of other types."""
    book = _book(entry, chance)
    odd: tuple[Any, ...] = (None, -1, [], {}, "x", True, 1e308, ["a", 1], "\u202e\x00")
    for _ in range(chance.randrange(1, 6)):
        target = chance.choice([book["metadata"], *book["cells"]])
        target[chance.choice(list(target))] = chance.choice(odd)
    if chance.random() < 0.3:
        book[chance.choice(list(book))] = chance.choice(odd)
    _lay(place, entry, json.dumps(book))


def module(place: Path, entry: Project, chance: Random) -> None:
    """A module that is no Python, in some encoding."""
    text = mock_class.module(entry, [entry.functions[0].name])
    cut_off = text[: chance.randrange(len(text))] + chance.choice(["(", "\x00", "\n\tx = \n", "'''", "\u202edef"])
    _lay(place, entry, cut_off.encode(chance.choice(["utf-8", "utf-16", "latin-1", "utf-32"]), "replace"), ".py")


def packed(place: Path, entry: Project, chance: Random) -> None:
    """A zip in place of a notebook, whole or corrupt."""
    file = place / "work.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"../../{entry.module}.ipynb", "0" * chance.randrange(100_000))
    content = file.read_bytes()[: chance.randrange(20, 2000)]
    file.unlink()
    _lay(place, entry, content)


def links(place: Path, entry: Project, chance: Random) -> None:
    """A link in place of the file: to a secret, to itself, to a device, to nothing."""
    file = place / f"{entry.module}.ipynb"
    file.symlink_to(chance.choice(["/etc/passwd", file.name, "/dev/zero", "/nowhere", "..", "/proc/self/mem"]))


def odd_files(place: Path, entry: Project, chance: Random) -> None:
    """A folder or a pipe in place of the file."""
    file = place / f"{entry.module}.ipynb"
    if chance.random() < 0.5 or not hasattr(os, "mkfifo"):
        file.mkdir()
    else:
        os.mkfifo(file)


def doubled(place: Path, entry: Project, chance: Random) -> None:
    """Several files, of which nobody can say which one counts."""
    for name in (f"{entry.module} (1).ipynb", f"{entry.module}-final.ipynb", f"{entry.module}.py"):
        (place / name).write_text(json.dumps(_book(entry, chance))[: chance.choice([200, None])], "utf-8")


def outputs(place: Path, entry: Project, chance: Random) -> None:
    """A notebook with 100 MB of outputs."""
    book = _book(entry, chance)
    cell = next(cell for cell in book["cells"] if cell["cell_type"] == "code")
    cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "0123456789" * (LARGE_BYTES // 10)}]
    text = json.dumps(book)
    _lay(place, entry, text[: chance.choice([len(text), len(text) - 20])])


def names(place: Path, entry: Project, chance: Random) -> None:
    """Nothing wrong but the name, and a file of another kind."""
    (place / f"{chance.choice(['homework', 'x' * 60, 'a b'])}.pdf").write_bytes(b"%PDF")


KINDS: tuple[Kind, ...] = (
    cut,
    noise,
    flipped,
    nested,
    other_json,
    fields,
    module,
    packed,
    links,
    odd_files,
    doubled,
    outputs,
    names,
)
