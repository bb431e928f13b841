"""Evidence about files of a network's numbers, shared by the graders of 04a, 04b and 07."""

import io

import torch

from course.checks.builders import linear_net
from course.checks.expect import expect, expect_equal, expect_same, fail
from course.checks.probes import copy_parameters
from course.checks.seeds import drawn
from course.checks.wire import Handle
from graders.kit.networks import expect_left_alone, standing_of
from graders.kit.worker.compiling import beside
from graders.kit.worker.networks import modes_of, set_modes
from graders.kit.worker.specimens import a_path, named_net

CLASSES = 4


def numbers_in_file(content: bytes) -> dict[str, torch.Tensor]:
    """The state dict in a saved file, opened without running anything in it."""
    try:
        found = torch.load(io.BytesIO(content), weights_only=True)
    except Exception as fault:
        fail(
            "torch.load(..., weights_only=True) cannot read the saved file: {text}",
            text=str(fault).splitlines()[0][:160],
        )
    expect(
        isinstance(found, dict) and all(type(v) is torch.Tensor for v in found.values()),
        "the saved file holds more than a state dict",
    )
    return dict(found)


def expect_saved_whole(student, lab) -> None:
    """Every number under its name, frozen, shared or a statistic; nothing else in the folder; the model is left as it was.

    The network is in single or in double precision, and its names look like prefixes; the path is a string or a `Path`, with a
    space in it, and an ending that nobody knows or none.
    """
    for training in (True, False):
        model, own = _both(lab, named_net, seed=drawn(4), double=not training)
        set_modes(model, list(modes_of(model)) if training else [])
        name = "weights.v2" if training else "weights"
        path = lab.path(f"kept {training}/{name}")
        before = standing_of(model)
        student.save_model(model, path if training else a_path(text=path))
        expect_equal(beside(model, path), [name], "files in the folder after saving")
        expect_same(numbers_in_file(lab.read(path)), own, "saved numbers")
        expect_left_alone(model, before, "after saving")


def expect_replaced(student, lab) -> None:
    """Of two models that are saved to one path the second is in the file, and nothing of what was there before.

    And so is one that is saved a second time, after it has learned.
    """
    for old in (b"yesterday", long_file()):
        path = lab.file(f"{len(old)}/old.pt", old)
        for seed in (1, 2):
            model, own = _both(lab, linear_net, features=16, classes=CLASSES, seed=drawn(seed))
            student.save_model(model, path)
        expect_same(numbers_in_file(lab.read(path)), own, "numbers after saving two models to one path")
        expect_equal(beside(model, path), ["old.pt"], "files in the folder after saving")
        learned, own = _both(lab, linear_net, features=16, classes=CLASSES, seed=drawn(3))
        copy_parameters(model, learned)
        student.save_model(model, path)
        expect_same(numbers_in_file(lab.read(path)), own, "numbers of a model that has learned since it was saved")


def _both(lab, builder, **form) -> tuple[Handle, dict[str, torch.Tensor]]:
    """A network on the student's side, and its numbers as the judge knows them, who has built it too."""
    return lab.build(builder(**form)), numbers_of(builder, **form)


def numbers_of(builder, **form) -> dict[str, torch.Tensor]:
    """The numbers of a network of ours, built by the judge: in a class, where its seed is drawn, nobody else knows them before."""
    return {name: value.detach().clone() for name, value in builder.build(**form).state_dict().items()}


def long_file() -> bytes:
    """A file of a larger network, of some 200 kB: what is not replaced as a whole shows."""
    buffer = io.BytesIO()
    torch.save({"old.weight": torch.arange(50_000.0)}, buffer)
    return buffer.getvalue()
