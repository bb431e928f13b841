"""The epochs of a run: counted, shown as they come, stopped by Ctrl-C and gone on with, in one stage or several."""

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

from course.errors import CourseError
from course.falling import ASKED, Falling
from course.runs import command_line
from course.runs.following import Following, joined
from course.runs.live import Curves
from course.training import History, Metrics


class Epochs:
    """Those of one run.

    Args:
        total: how many there will be, without those of later stages.
        resumed: the checkpoint that it goes on from, or None.
        again: what a person types to go on.

    Attributes:
        history: metrics so far.
        stages: epochs of each stage that has ended.
        left: how many are still to come in the first stage.
    """

    def __init__(self, total: int, resumed: dict[str, Any] | None, again: str) -> None:
        self.total, self.again, self.history = total, again, History()
        self.stages: list[int] = []
        self.passes = self._done = 0
        self.following: Following | None = None
        self._resumed, self._before = resumed, History()
        self._printed = 0
        self._announced = 0
        self._live: Curves | None = None
        self._falling: Falling | None = None
        if resumed:
            self._before = History(**resumed["history"])
            self._done = len(self._before.train_loss) if resumed["stage"] == 0 else total
            self.passes = self._done
        self.left = total - self._done
        if resumed and resumed["stage"] == 0 and self.left <= 0:
            raise CourseError(
                f"All {total} epochs are done.", f"More: the same command with --epochs {total + self._done}."
            )

    def follow(self, following: Following) -> None:
        """Say how the training stands after each epoch, whoever has written its loop."""
        self.following, self._live = following, Curves()
        following.start()
        if self._resumed:
            print(f"Going on after epoch {len(self._before.train_loss)}.", flush=True)

    def fall(self) -> None:
        """Let the learning rate fall over the first stage; to be called after `follow`, which loads what a checkpoint holds."""
        self._falling = Falling(self.total, self._done)
        self._falling.start()
        if (asked := ASKED.get()) is not None:
            asked.append(self._falling)

    def label(self) -> str:
        """What the progress bar of the next pass says."""
        self.passes += 1
        return f"epoch {self.passes} of {self.total}"

    def loop(self) -> Iterator[int]:
        """Count them: 0, 1, … Ctrl-C lets the one that runs be the last; what was learned is measured and saved."""
        self.history, self._before = self._before, History()
        if self.following:
            self.following.raises, self.following.earlier = False, []
        with command_line.stop_asked() if self.following is None else nullcontext(self._asked) as asked:
            for epoch in range(self._done, self.total):
                yield epoch
                if asked() and epoch + 1 < self.total:
                    self.say_stopped(epoch + 1)
                    return
        self._done = self.total

    def say_stopped(self, done: int) -> None:
        """That the training has ended before its time."""
        print(f"Stopped after {done} of {self.total} epochs.", end="" if self.following else "\n")
        if self.following:
            print(f" `{self.again}` goes on from there.", flush=True)

    def add(self, train: Metrics, valid: Metrics | None = None) -> None:
        """Note the metrics of one epoch, and print its line of the table."""
        self.history.add(Metrics(*train), None if valid is None else Metrics(*valid))
        if self.following is None:
            self.print_table()

    def take(self, history: History) -> History:
        """Take over what a project's own `fit` gives back; a later one (fine-tuning) goes on in the same table and curves."""
        if not isinstance(history, History):
            raise CourseError(
                f"A course.training.History was expected of training, {type(history).__name__} came.",
                "Fill a History with .add(train_metrics, valid_metrics) after each epoch and return it.",
            )
        earlier = self.history if self.stages else self._before
        if self.following and self.following.history is not history and history.train_loss:
            self._printed = 0  # it is not what was seen
        if self.stages:
            self._announce(earlier)
        self.history = joined(earlier, history) if earlier.train_loss else history
        self.stages.append(len(self.history.train_loss) - sum(self.stages))
        self.print_table()
        self._done = self.total
        if self.following:
            self.following.stage_ends(self.history)
        return history

    def saw(self, history: History) -> None:
        """An epoch has ended, in a loop that is followed."""
        earlier = self.history if self.stages else self._before
        if self.stages:
            self._announce(earlier)
        whole = history if history is self.history else joined(earlier, history)
        if self._live:
            if self._asked():
                self._live.disturbed()  # by the word that this epoch is the last
            self._live.wipe()
        self.print_table(whole)
        if self._live:
            self._live.draw(whole, self.total)

    def print_table(self, history: History | None = None) -> None:
        """The lines of the table that are not there yet."""
        lines = (history or self.history).table().splitlines()
        for line in lines[self._printed :]:
            print(line, flush=True)
        self._printed = len(lines)

    def end(self, whole: bool | None = None) -> None:
        """Training is over; by default it is `whole`, which leaves no checkpoint, if all its epochs were done."""
        if self._falling:
            self._falling.end()
        if self.following:
            self.following.end(self._done >= self.total if whole is None else whole)

    def _asked(self) -> bool:
        return self.following is not None and self.following.asked

    def _announce(self, earlier: History) -> None:
        """That another stage begins, once."""
        if self._announced < len(self.stages):
            self._announced = len(self.stages)
            if self._live:
                self._live.wipe()
            print(f"fine-tuning, from epoch {len(earlier.train_loss) + 1}:", flush=True)


def resume(run: Any, found: dict[str, Any], epochs: int | None) -> int:
    """Take over the settings of a checkpoint; returns how many epochs there are, unless more are asked for."""
    said = found["settings"]
    run.seed, run.batch_size, run.lr, run.tier = said["seed"], said["batch_size"], said["lr"], said["tier"]
    return epochs or int(said["epochs"])
