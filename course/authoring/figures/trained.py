"""The solutions' own trainings, as `course run` does them, once for all figures of a command; and what several figures ask of them.

Seed 0: the one that a student's `course run` takes. What holds over five seeds says docs/lessons.md.
"""

import re
from functools import cache
from pathlib import Path
from typing import Any

import torch

from course import catalog, paths
from course.datasets.sets import asl
from course.datasets.store import ensure
from course.datasets.tensors import sign_tensors
from course.lessons import quiet_run
from course.lessons.lesson import solution
from course.lessons.quiet_run import QuietRun

NUMBER = re.compile(r"\d+(\.\d+)?")
SHIFTS = tuple(range(7))  # pixels; a hand in these pictures is some fourteen wide
LOSSES, ACCURACIES = ("train_loss", "valid_loss"), ("train_accuracy", "valid_accuracy")


def folder(name: str) -> Path:
    """The embedded data set of this name."""
    return ensure(name, quiet=True)


@cache
def trained(project: str, data: str) -> QuietRun:
    """The run of a project's solution: its history and its model."""
    return quiet_run.train(project, folder(data), seed=0)


def tried(project: str, data: str, changes: dict[str, Any] | None = None, **settings: Any) -> QuietRun:
    """A training with something changed: functions of the solution, or settings such as lr=0.1."""
    run = QuietRun(folder(data), **{**quiet_run.settings(project), **settings})
    return quiet_run.perform(solution(project), run, seed=0, changes=changes)


def experiments_of(project: str) -> dict[str, list[float | int]]:
    """What `course try` gives with the solution: {experiment: [outcome, the further figures that are numbers …]}."""
    from course.tries import bench
    from course.tries.experiment import experiments

    entry = catalog.project(project)
    own = bench.of_module(entry, paths.ROOT / "solutions" / f"{entry.module}.py")
    found = {}
    for one in experiments(entry):
        outcome = one.measure(own, one.number(None))
        words = [word for word in (str(outcome.answer), *outcome.also.values()) if NUMBER.fullmatch(word)]
        found[one.name] = [float(word) if "." in word else int(word) for word in words]
    return found


@cache
def signs(part: str) -> tuple[torch.Tensor, torch.Tensor]:
    """(images (N, 1, 28, 28), classes (N,)) of "train" or "valid"."""
    train, valid = asl.tables(folder("asl"))
    return sign_tensors(train if part == "train" else valid)


def moved(images: torch.Tensor, right: int) -> torch.Tensor:
    """The images moved to the right; the column at the edge is repeated, so that no black bar comes in.

    Args:
        images: (N, 1, 28, 28).
        right: pixels, from 0.
    """
    edge = images[..., :1].expand(*images.shape[:-1], right)
    return torch.cat([edge, images[..., : images.shape[-1] - right]], dim=-1)


def accuracy_when_moved(project: str) -> list[float]:
    """How many of its own training signs a trained network still reads when they are moved by 0, 1, … pixels."""
    model = trained(project, "asl").model
    assert model is not None
    model.eval()
    images, labels = signs("train")
    found = []
    with torch.no_grad():
        for shift in SHIFTS:
            batch = moved(images, shift)
            logits = model(batch.flatten(1) if project == "02" else batch)
            found.append(float((logits.argmax(dim=1) == labels).float().mean()))
    return found
