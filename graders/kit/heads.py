"""A head that the solution trains, as the stage before a student's `fine_tune`: in a class once a batch, in the judge.

Its numbers hang on the solution and the seed alone. They may go behind the wall, where the solution's functions would have made the
very same ones.
"""

from collections.abc import Callable
from typing import Any

from course import paths
from course.catalog import project
from course.checks.probes import state_of
from course.checks.session import InProcess
from course.checks.student import Lab
from course.checks.worker import Worker
from graders.kit.loops import State
from graders.kit.worker.networks import modes_of, stand_as

Standing = tuple[State, list[str]]  # numbers, and the parts in train mode


def stood(lab: Lab, model: Any, make: Callable[[int], Standing]) -> bool:
    """Whether the network stands now as `make(seed)` says, which was worked out for the batch; else it has to be trained."""
    made = lab.of_batch(make)
    if made is not None:
        stand_as(model, *made)
    return made is not None


def trained_here(key: str, train: Callable[[Any, Lab], Any], seed: int) -> Standing:
    """How the network stands that `train(student, lab)` returns, the solution of a project being the student.

    Args:
        seed: of the run.
    """
    entry = project(key)
    session = InProcess(Worker(paths.ROOT / "solutions" / f"{entry.module}.py"))
    session.alone = True  # our own code: nothing of it need be kept from ending this process
    try:
        lab = Lab(session, seed)
        session.request("begin", task="", needs=[], seed=lab.seed)
        model = train(lab.student, lab)
        return state_of(model), [name for name, training in modes_of(model).items() if training]
    finally:
        session.close()
