"""Follows a training from outside, whoever has written its loop: Ctrl-C, a checkpoint after each epoch, metrics as they come.

A student's `fit` knows nothing of all this, so torch is asked: which loader is begun, which optimizer steps,
which module is called.
An epoch has ended when its metrics were added to a `History`; the next loader that is begun is the place to save and to stop.
Between two epochs nothing but the network, the optimizer and the random numbers carries on, so a training that is taken up there
ends as an unbroken one. What a loop keeps in variables of its own (the best state so far) is not known here: a later stage, such as
fine-tuning, is therefore taken up at its beginning.
"""

import io
import random
import signal
import sys
import threading
import weakref
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_pre_hook
from torch.optim.optimizer import Optimizer, register_optimizer_step_pre_hook
from torch.utils.data import DataLoader

from course import training
from course.errors import CourseError
from course.files import replacing, shown
from course.training import History


class Stopped(KeyboardInterrupt):
    """Training has ended between two epochs, as Ctrl-C has asked. No error that a loop of a student's could catch by chance."""


class Following:
    """One run that is followed.

    Args:
        file: of the checkpoint.
        settings: what it was started with; kept beside the checkpoint.
        saw: called with a `History` after each epoch.
        resumed: the checkpoint that it goes on from, or None.
    """

    def __init__(
        self, file: Path, settings: dict[str, Any], saw: Callable[[History], None], resumed: dict[str, Any] | None
    ) -> None:
        self.file, self.settings, self.saw = file, settings, saw
        self.asked = False  # has Ctrl-C been pressed?
        self.raises = True  # in a loop that is not ours there is no other way out
        self.history: History | None = None
        self.earlier: list[History] = [History(**resumed["history"])] if resumed else []
        self.stage: int = resumed["stage"] if resumed else 0
        self._model: Callable[[], nn.Module | None] = lambda: None
        self._optimizer: Callable[[], Optimizer | None] = lambda: None
        self._wanted: set[int] = set()  # ids of the parameters of the network that is looked for
        self._fresh = False  # an epoch has ended that no checkpoint holds
        self._training = False
        self._state: dict[str, torch.Tensor] | None = resumed["model"] if resumed else None
        self._moments: dict[str, Any] | None = resumed["optimizer"] if resumed else None
        self._rng = resumed if resumed and resumed["optimizer"] else None
        self._skipped = resumed if resumed and not resumed["optimizer"] else None
        self._undo: list[Callable[[], Any]] = []

    # -- while it lasts -----------------------------------------------------------------------------------------------

    @property
    def done(self) -> int:
        """Epochs that have ended."""
        return len(joined(*self.earlier, self.history or History()).train_loss)

    def start(self) -> None:
        """Follow from now on."""
        original = DataLoader.__iter__

        def begin(loader: DataLoader) -> Any:
            self._begins()
            return original(loader)

        DataLoader.__iter__ = begin  # type: ignore[method-assign]
        self._undo.append(lambda: setattr(DataLoader, "__iter__", original))
        self._undo.append(register_module_forward_pre_hook(self._called).remove)
        self._undo.append(register_optimizer_step_pre_hook(self._steps).remove)
        training.WATCHERS.append(self._added)
        self._undo.append(lambda: training.WATCHERS.remove(self._added))
        if threading.current_thread() is threading.main_thread():
            before = signal.signal(signal.SIGINT, self._interrupted)
            self._undo.append(lambda: signal.signal(signal.SIGINT, before))

    def end(self, whole: bool = True) -> None:
        """Follow no longer; a training that is `whole` leaves no checkpoint."""
        while self._undo:
            self._undo.pop()()
        if whole:
            self.file.unlink(missing_ok=True)

    def stage_ends(self, history: History) -> None:
        """All metrics so far, at the end of a stage: a stage that may follow is taken up here."""
        if self._skipped is not None:  # it was left out, being in the checkpoint
            restore(self._skipped)
            self._skipped = None
            return
        self.stage, self.earlier, self.history, self._fresh = self.stage + 1, [history], None, False
        self.save(optimizer=False)

    def save(self, optimizer: bool = True) -> None:
        """Write the checkpoint; where the network is not known, none."""
        model, moments = self._model(), self._optimizer()
        if model is None or (optimizer and moments is None):
            return
        history = joined(*self.earlier, self.history or History()) if optimizer else joined(*self.earlier)
        content = {
            "settings": self.settings,
            "stage": self.stage,
            "history": asdict(history),
            "model": model.state_dict(),
            "optimizer": moments.state_dict() if optimizer and moments is not None else None,
            "torch": torch.get_rng_state(),
            "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else [],
            "python": random.getstate(),
            "numpy": [part.tolist() if isinstance(part, np.ndarray) else part for part in np.random.get_state()],  # noqa: NPY002
        }
        stream = io.BytesIO()
        torch.save(content, stream)
        with replacing(self.file) as new:
            new.write_bytes(stream.getvalue())

    # -- what torch tells ---------------------------------------------------------------------------------------------

    def _begins(self) -> None:
        """A loader is begun."""
        if self._rng is not None:
            restore(self._rng)
            self._rng = None
        if self._fresh:
            self._fresh = False
            if self.stage == 0:
                self.save()
            if self.asked and self.raises:
                raise Stopped

    def _called(self, module: nn.Module, _: Any) -> None:
        """A module is about to be called: perhaps it is the network."""
        if self._state is not None:
            own = module.state_dict()
            if own.keys() == self._state.keys() and all(own[k].shape == v.shape for k, v in self._state.items()):
                module.load_state_dict(self._state)
                self._model, self._state = weakref.ref(module), None
        elif self._wanted and self._wanted <= {id(parameter) for parameter in module.parameters()}:
            self._model, self._wanted = weakref.ref(module), set()

    def _steps(self, optimizer: Optimizer, *_: Any) -> None:
        """An optimizer is about to step."""
        self._training = True
        if self._state is not None:
            raise CourseError(
                f"{shown(self.file)} holds another network than the one that is trained now.",
                "Undo what you have changed in it since, or begin anew: the same command without --resume.",
            )
        if optimizer is not self._optimizer():
            self._optimizer = weakref.ref(optimizer)
            known = self._model()
            parameters = {id(p) for group in optimizer.param_groups for p in group["params"]}
            if known is None or not parameters <= {id(p) for p in known.parameters()}:
                self._wanted = parameters
            if self._moments is not None:
                optimizer.load_state_dict(self._moments)
                self._moments = None

    def _added(self, history: History) -> None:
        """The metrics of an epoch are known."""
        self.history, self._fresh = history, True
        self.saw(history)

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        if self.asked or not self._training:
            raise KeyboardInterrupt
        self.asked = True
        print("\nThis epoch is the last; Ctrl-C again stops at once.", file=sys.stderr, flush=True)


def joined(*histories: History) -> History:
    """One after the other, in a new one."""
    whole = History()
    for history in histories:
        for name, values in asdict(history).items():
            getattr(whole, name).extend(values)
    return whole


def read(file: Path, command: str) -> dict[str, Any]:
    """The checkpoint in a file.

    Raises:
        CourseError: there is none, or it is spoilt.
    """
    if not file.is_file():
        raise CourseError(
            f"There is nothing to go on from: {shown(file)} is not there.",
            f"Only a run that was stopped leaves it. Begin with `{command}`.",
        )
    try:
        found = torch.load(file, map_location="cpu", weights_only=True)
        History(**found["history"])
        found["settings"]["epochs"], found["stage"], found["model"], found["optimizer"], found["torch"]
    except Exception as fault:  # whatever is wrong with such a file
        raise CourseError(
            f"{shown(file)} cannot be read: {fault}.", f"Delete it and begin with `{command}`."
        ) from fault
    return found  # type: ignore[no-any-return]


def restore(found: dict[str, Any]) -> None:
    """Every generator as it was when this was saved."""
    torch.set_rng_state(found["torch"])
    if found["cuda"] and torch.cuda.is_available() and len(found["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(found["cuda"])
    version, state, gauss = found["python"]
    random.setstate((version, tuple(state), gauss))
    name, keys, *rest = found["numpy"]
    np.random.set_state((name, np.array(keys, np.uint32), *rest))  # noqa: NPY002
