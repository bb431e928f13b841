"""A learning rate that falls from epoch to epoch, whoever has written the loop: what `course.training.fit` does, for a run.

At a constant learning rate the network that a run ends with is that of whichever epoch happened to be the last, a lucky one or not.
So a run lowers the rate of the optimizer that it sees stepping: epoch by epoch, along half a cosine, from the student's own value
to nearly 0. A loop that has a plan of its own keeps it: an optimizer with a scheduler, or one whose rate somebody else has changed,
is left alone. So is a second optimizer, that of fine-tuning, whose epochs nobody has told and which keeps its best state anyway.
"""

import math
import weakref
from collections.abc import Callable
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Self

from torch.optim.optimizer import Optimizer, register_optimizer_step_pre_hook

from course import training
from course.training import History

ASKED: ContextVar[list["Falling"] | None] = ContextVar(
    "ASKED", default=None
)  # inside a notebook, which outlives its runs: these
OURS = "falls"  # of a parameter group: [first rate, rate that was set last], or None if it is left alone; checkpoints keep it


class Falling:
    """The rate of one training, from `start` to `end` or within a `with`.

    Args:
        total: epochs from the first rate to nearly 0.
        done: epochs of them that an earlier run has had; its optimizer's state brings the first rate along.
    """

    def __init__(self, total: int, done: int = 0) -> None:
        self.total, self.epoch = total, done
        self._optimizer: Callable[[], Optimizer | None] | None = None
        self._undo: list[Callable[[], Any]] = []

    def start(self) -> None:
        """Watch from now on; after whatever else changes an optimizer before its step."""
        if self.epoch >= self.total:
            return
        self._undo.append(register_optimizer_step_pre_hook(self._steps).remove)
        training.WATCHERS.append(self._ended)
        self._undo.append(lambda: training.WATCHERS.remove(self._ended))

    def end(self) -> None:
        """Watch no longer."""
        while self._undo:
            self._undo.pop()()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def _ended(self, history: History) -> None:
        """An epoch's metrics are known."""
        self.epoch += 1

    def _steps(self, optimizer: Optimizer, *_: Any) -> None:
        """An optimizer is about to step."""
        if self._optimizer is None:
            self._optimizer = weakref.ref(optimizer)
        if optimizer is not self._optimizer():
            return
        share = (1 + math.cos(math.pi * min(self.epoch, self.total - 1) / self.total)) / 2
        for group in optimizer.param_groups:
            ours = group.setdefault(OURS, [group["lr"], group["lr"]])
            if ours is None or "initial_lr" in group or group["lr"] != ours[1]:  # a scheduler notes the first one there
                group[OURS] = None
                continue
            group["lr"] = ours[1] = ours[0] * share
