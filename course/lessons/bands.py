"""Between which curves the solutions' own trainings run, over several seeds: what a student's report draws beside the student's.

    course author bands             # all projects that train; writes course/reports/bands.json
    course author bands mnist       # one of them; the others stay as they are

Each is the training of `course run` on the embedded data (`quiet_run`). Kept are the least and the greatest value after each epoch.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from typing import Any

import torch

from course import files, paths
from course.catalog import Project
from course.datasets.store import ensure
from course.lessons import quiet_run
from course.training import History

FILE = paths.ROOT / "course" / "reports" / "bands.json"
DIGITS = 4


def measure(entry: Project, seeds: Sequence[int]) -> dict[str, Any]:
    """{"seeds", "train_loss": [[least, greatest], …], …}: one pair an epoch, all stages of the training one after the other."""
    torch.set_num_threads(1)
    folder = ensure(entry.data[0], quiet=True)
    histories = [_whole(quiet_run.train(entry.id, folder, seed).stages) for seed in seeds]
    found: dict[str, Any] = {"seeds": len(histories)}
    for name in (field.name for field in fields(History)):
        epochs = zip(*(history[name] for history in histories), strict=True)
        found[name] = [[round(min(values), DIGITS), round(max(values), DIGITS)] for values in epochs]
    return found


def keep(found: dict[str, Any]) -> None:
    """Write these beside those that are kept already."""
    known = json.loads(files.read(FILE) or "{}")
    lines = [f'"{key}": {json.dumps(value)}' for key, value in sorted((known | found).items())]
    files.write(FILE, "{\n" + ",\n".join(lines) + "\n}\n")


def _whole(stages: Sequence[History]) -> dict[str, list[float]]:
    def values(name: str) -> Iterator[float]:
        for stage in stages:
            yield from asdict(stage)[name]

    return {field.name: list(values(field.name)) for field in fields(History)}
