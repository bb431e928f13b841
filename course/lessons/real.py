"""What the solutions reach on real data, with several seeds: `course author lessons --real`, where COURSE_REAL names the data.

Each project declares its own as REAL in `graders/proofs/<id>_<slug>/lesson.py`. A seed takes minutes, so each is kept as soon as it
is measured (`real.json` beside this file), and the next run goes on from there. Only figures are kept, nothing of the data.
"""

import json
import statistics
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from course import catalog, files, paths
from course.errors import CourseError
from course.lessons.lesson import lesson_module

KEPT = Path(__file__).with_name("real.json")
HELD_OUT = 5  # of photos that have no validation part: every fifth one of a class
FEW = 3  # seeds that say anything about luck
LUCK = 0.03  # no run may end further below the mean of all seeds


@dataclass(frozen=True)
class Real:
    """What a project's training reaches on real data.

    Args:
        what: for people: the network, and what it is measured on.
        data: the name of the data set.
        measure: (folder, seed) -> accuracy on held-out data at the end.
        limits: for people: what was tried to do better, what came of it, and what limits it; a paragraph of Markdown.
    """

    what: str
    data: str
    measure: Callable[[Path, int], float]
    limits: str = ""


def declared() -> dict[str, Real]:
    """{project id: its REAL} of the projects that have one."""
    found = {}
    for entry in catalog.projects():
        if (paths.ROOT / "graders" / "proofs" / entry.folder / "lesson.py").is_file():
            real = getattr(lesson_module(entry.id), "REAL", None)
            if real is not None:
                found[entry.id] = real
    return found


def measure(seeds: int, only: Sequence[str], say: Callable[[str], object]) -> None:
    """Measure what is not kept yet, seed by seed, and keep each.

    Raises:
        CourseError: there are no real data here.
    """
    root = paths.real_folder()
    if root is None:
        raise CourseError(
            "There are no real data here.", "Let COURSE_REAL name their folder; docs/data.md has the layout."
        )
    torch.set_num_threads(1)
    found = kept()
    with tempfile.TemporaryDirectory() as work:
        for seed in range(seeds):
            for project_id, real in declared().items():
                values = found.setdefault(project_id, {})
                if (only and project_id not in only) or str(seed) in values:
                    continue
                values[str(seed)] = round(real.measure(FOLDERS[real.data](root, Path(work)), seed), 4)
                files.write(KEPT, json.dumps(found, indent=1) + "\n")
                say(f"{project_id} {real.what}, seed {seed}: {values[str(seed)]:.4f}")


def kept() -> dict[str, dict[str, float]]:
    """{project id: {seed: accuracy}}."""
    return json.loads(files.read(KEPT) or "{}")


def section() -> list[str]:
    """The lines of docs/lessons.md about real data; none where nothing has been measured."""
    found = kept()
    lines, limits = [], []
    for project_id, real in declared().items():
        values = list(found.get(project_id, {}).values())
        if not values:
            continue
        mean, worst = statistics.mean(values), min(values)
        calm = "yes" if worst >= mean - LUCK else "no"
        calm = calm if len(values) >= FEW else f"{len(values)} of 10 seeds so far"
        row = (project_id, real.what, str(len(values)), f"{mean:.3f}", f"{worst:.3f}", f"{max(values):.3f}", calm)
        lines.append(f"| {' | '.join(row)} |")
        if real.limits:
            limits += ["", f"**{project_id}.** {' '.join(real.limits.split())}"]
    if not lines:
        return []
    return [
        "",
        "## On real data",
        "",
        "What the same solutions end with on real data, by `course author lessons --real`. The data are not part of the",
        "course; no picture that is measured on is a copy of one that was trained on: MNIST's test digits; Sign Language",
        "MNIST, split by shot; 30 photos of the real door; every fifth photo of each class of fruit. The last column:",
        f"does no seed end more than {LUCK:.2f} below the mean?",
        "",
        "| project | what | seeds | mean | worst | best | no unlucky end |",
        "|---|---|---|---|---|---|---|",
        *lines,
        *(["", "### What limits them, and what did not help", *limits] if limits else []),
    ]


# -- the data -----------------------------------------------------------------------------------------------------------


def _mnist(root: Path, work: Path) -> Path:
    from course.datasets.idx import unpack_gz

    folder = work / "mnist"
    raw = folder / "MNIST" / "raw"
    if not raw.is_dir():
        raw.mkdir(parents=True)
        for packed in sorted((root / "mnist").glob("*.gz")):
            unpack_gz(packed, raw / packed.stem)
    return folder


def _asl(root: Path, work: Path) -> Path:
    """Two CSV files; no shot is in both."""
    from course.datasets.sets.asl import TRAIN_CSV, VALID_CSVS
    from course.datasets.signs import read_signs, split_by_shot, write_signs

    folder = work / "asl"
    if not folder.is_dir():
        folder.mkdir()
        images, labels = read_signs(root / "asl" / TRAIN_CSV)
        for name, rows in zip((TRAIN_CSV, VALID_CSVS[0]), split_by_shot(images, labels), strict=True):
            write_signs(folder / name, images[rows], labels[rows])
    return folder


def _fruits(root: Path, work: Path) -> Path:
    """Links to the photos: every fifth one of a class is held out."""
    folder = work / "fruits"
    if not folder.is_dir():
        for kind in sorted((root / "fruits" / "train").iterdir()):
            for number, photo in enumerate(sorted(kind.iterdir())):
                place = folder / ("train" if number % HELD_OUT else "valid") / kind.name / photo.name
                place.parent.mkdir(parents=True, exist_ok=True)
                place.symlink_to(photo)
    return folder


FOLDERS: dict[str, Callable[[Path, Path], Path]] = {
    "mnist": _mnist,
    "asl": _asl,
    "presidential": lambda root, work: root / "presidential",
    "fruits": _fruits,
}
