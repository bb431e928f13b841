"""The device of a run: which one `--device` names, and what is to be said of it."""

import torch

from course.errors import CourseError

NAMES = ("cpu", "cuda", "mps", "auto")
NOTES = {
    "cpu": "a run with the same seed comes again, digit for digit, on this machine",
    "cuda": "seeded as well, but a GPU may add in another order: the last digits differ from run to run",
    "mps": "seeded as well, but a GPU may add in another order: the last digits differ from run to run",
}


def device_named(name: str) -> torch.device:
    """The device of this name; "auto" is the GPU if there is one.

    Raises:
        CourseError: this machine has no such device.
    """
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        name = next(kind for kind in ("cuda", "mps", "cpu") if there[kind])
    if not there[name]:
        kinds = ", ".join(kind for kind, is_there in there.items() if is_there)
        raise CourseError(
            f"PyTorch finds no {name} device here.", f"There is: {kinds}. `--device auto` takes the best."
        )
    return torch.device(name)


def note(device: torch.device) -> str:
    """The line about it."""
    return f"device: {device} ({NOTES[device.type]})"
