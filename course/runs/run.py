"""What stands around a project's `main(run)`: its command line, its data, progress, the table, the saved model and pictures.

It neither trains nor grades. Used at the end of each project's module, in solutions/ and in exercises/ alike:

    if __name__ == "__main__":
        main(Run(ID, epochs=5))        # python -m exercises.MODULE --data pocket --epochs 3
"""

import argparse
import io
import os
import random
import shutil
import sys
import textwrap
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import torch
from torch import nn

from course import catalog, paths
from course.datasets import registry
from course.datasets.sets import asl
from course.datasets.signs import LETTERS
from course.datasets.tiers import Located, locate
from course.errors import CourseError
from course.falling import ASKED
from course.files import replacing, shown
from course.runs import command_line, following
from course.runs.batches import Batches, live
from course.runs.device import device_named, note
from course.runs.epochs import Epochs, resume
from course.runs.evaluation import evaluate, most_confused
from course.runs.record import Record
from course.training import History, Metrics

AUGMENTED_ROWS = 5
CHECKPOINT = "checkpoint.pt"  # of a training that was stopped


class Run:
    """One run of a project: what the command line asked for, and what came of it.

    Args:
        project_id: as in the catalog.
        epochs: how many passes over the training data, unless --epochs says otherwise; None or 0 for a project that only uses
            a trained network, which then has no options of training.
        batch_size: items in a batch, unless --batch-size says otherwise.
        lr: learning rate, unless --lr says otherwise.
        compile: whether `main` shall compile the model, unless --compile says so; None where it cannot, which hides the option.
        argv: the command line; that of the process if None.

    Attributes:
        batch_size, lr, seed: what training uses.
        compile: whether the model should be compiled.
        device: where the network should be.
        letters: names of the 24 signs.
        out: the folder of the model and the pictures.
    """

    letters = LETTERS

    def __init__(
        self,
        project_id: str,
        *,
        epochs: int | None = None,
        batch_size: int = 32,
        lr: float = 1e-3,
        compile: bool | None = None,
        argv: Sequence[str] | None = None,
    ) -> None:
        self.project = catalog.project(project_id)
        self.package, self.file = command_line.caller()
        if self.file is not None:  # not where a test or a notebook makes a Run
            sys.excepthook = self._fault
        parser = command_line.parser(self.project, self.package, epochs, batch_size, lr, compile)
        self.add_options(parser)
        said = self._said = parser.parse_args(argv)
        self.tier: str | None = said.data
        self.compile: bool = said.compile
        self.seed: int = said.seed
        self.batch_size: int = said.batch_size
        self.lr: float = said.lr
        self.device = device_named(said.device)
        self.out: Path = said.out
        self._tiers: list[str] = []
        self._started = time.perf_counter()
        again = f"course run {self.project.id}"
        found = following.read(self.out / CHECKPOINT, again) if said.resume else None
        total = 1 if said.quick else said.epochs or epochs or 0
        if found:
            total = resume(self, found, 1 if said.quick else said.epochs)
        self.training = Epochs(total, found, f"{again} --resume")
        with self._writing():
            pass
        if self.file is not None:
            load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
            threads = command_line.threads_for(load, os.cpu_count() or 1, os.environ.get("OMP_NUM_THREADS"))
            if threads := (found or {}).get("settings", {}).get("threads") or threads:
                torch.set_num_threads(threads)
        print(note(self.device), flush=True)
        torch.manual_seed(self.seed)
        random.seed(self.seed)
        if self.file is not None and total and not self.compile:  # a compiled network is another module each time
            self.follow(found)
        if total and (self.file is not None or ASKED.get() is not None):
            self.training.fall()

    @property
    def n_epochs(self) -> int:
        """How many epochs there will be; of a run that goes on, how many are left."""
        return self.training.left

    @property
    def history(self) -> History:
        """Metrics of the epochs so far."""
        return self.training.history

    def follow(self, found: dict[str, Any] | None = None) -> None:
        """Follow the training: Ctrl-C ends it between two epochs, and it can go on from there (`found`)."""
        settings: dict[str, Any] = {"seed": self.seed, "batch_size": self.batch_size, "lr": self.lr, "tier": self.tier}
        settings |= {"epochs": self.training.total, "threads": torch.get_num_threads()}  # sums depend on their number
        where = self.out / CHECKPOINT
        self.training.follow(following.Following(where, settings, self.training.saw, found))

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Options besides those of any run."""
        parser.add_argument(
            "--weights", type=Path, help="model file to start from, in projects that use an earlier one's"
        )

    def data(self, name: str) -> Path:
        """The folder of a data set, of the tier that was asked for, ready to be opened; says in one line which it is."""
        return registry.find(name).ready(self._say(locate(name, self.tier, quiet=not live())).path)

    def signs(self) -> tuple[Path, Path]:
        """The CSV files of the signs for training and for validation, whatever the second one is called."""
        return asl.tables(self.data("asl"))

    def photos(self) -> Path:
        """The folder of colour photos, one a letter: a.png … y.png."""
        return self._say(asl.photos(self.tier, quiet=not live())).path

    def saved(self, project_id: str) -> Path:
        """The model file of an earlier project, or what --weights names.

        Raises:
            CourseError: it is not there.
        """
        made_by = catalog.project(project_id)
        path = self._said.weights or paths.runs_folder() / made_by.module / "model.pt"
        if not path.is_file():
            raise CourseError(
                f"{shown(path)} is not there.",
                f"Run `python -m {self.package}.{made_by.module}` first, or name a model file with --weights.",
            )
        print(f"model: {shown(path)}")
        return path

    def _say(self, located: Located) -> Located:
        self._tiers.append(located.tier)
        print(located.note, flush=True)
        return located

    def epochs(self) -> Iterator[int]:
        """Count the epochs: 0, 1, … Ctrl-C lets the one that runs be the last; what was learned is measured and saved."""
        return self.training.loop()

    def bar(self, batches: Any) -> Batches:
        """The same batches, with a progress bar for each pass over them where a person is watching."""
        return Batches(batches, self.training.label)

    def add(self, train: Metrics, valid: Metrics | None = None) -> None:
        """Note the metrics of one epoch, and print its line of the table."""
        self.training.add(train, valid)

    def take(self, history: History) -> History:
        """Take over the history that the project's own `fit` gives back, and print its table.

        A second one (fine-tuning) goes on where the first ended, in the table and the curves.
        """
        return self.training.take(history)

    def finish(
        self,
        model: nn.Module,
        valid_loader: Iterable[tuple[torch.Tensor, torch.Tensor]],
        names: Sequence[str],
        *,
        augment: Callable[[Any], Any] | None = None,
        originals: Sequence[Any] | None = None,
        plain: Callable[[torch.Tensor], torch.Tensor] | None = None,
        save: Callable[[nn.Module, Path], Any] | None = None,
    ) -> None:
        """Measure the model, print what it mistakes, save it and the pictures, and say where they are.

        Args:
            model: images to logits (B, K).
            valid_loader: gives (images, labels (B,)).
            names: of the K classes.
            augment: the random transform of training, from an image as the model reads it to another; some images of
                `valid_loader` are shown with what it makes of them.
            originals: shown instead of those, if `augment` takes something else than the model (photos).
            plain: makes of an image as the model reads it one to look at, if that is another (normalised photos).
            save: writes the model to a path (the project's own function); its state_dict by `torch.save` if None.
        """
        from course.runs import figures

        record = self._record()
        model = getattr(model, "_orig_mod", model)  # what torch.compile wraps; its names are those to save
        self.training.print_table()
        counts, tiles = evaluate(model, Batches(valid_loader, lambda: "measuring"), len(names))
        right, total = int(counts.trace()), int(counts.sum())
        took = time.perf_counter() - self._started
        print(f"validation accuracy {right / max(total, 1):.4f} ({right} of {total}), after {took:.0f} s")
        for line in most_confused(counts, names):
            print(line)

        title = f"{self.project.id} {self.project.slug}: "
        with self._writing():
            made = [self._save(model, save or _save_state)]
            if self.history.train_loss:
                where, what = self.out / "learning_curves.png", f"{title}learning curves"
                made.append(figures.learning_curves(self.history, where, what))
            where, what = self.out / "confusion_matrix.png", f"{title}{right} of {total} right"
            made.append(figures.confusion_matrix(counts, names, where, what))
            where, what = (
                self.out / "images_with_labels.png",
                f"{title}{total - right} of {total} wrong (✗), surest first",
            )
            images, truth, predicted, sure = zip(*tiles)
            images = images if plain is None else tuple(map(plain, images))
            record.answered(images, truth, predicted, names, sure)
            made.append(figures.images_with_labels(images, truth, predicted, names, where, sure, what))
            if augment is not None:
                where, what = self.out / "augmented.png", f"{title}what augmentation makes of a picture"
                shown = originals or images[-AUGMENTED_ROWS:]
                made.append(figures.augmented(shown, augment, where, title=what))
                record.augmented(shown, augment)
            record.trained(self.history, self.training.stages)
            record.measured(counts, names)
            record.save(self.out)
            self.training.end()
        self._say_where(made)

    def show(self, images: Sequence[Any], truth: Sequence[int], predicted: Sequence[int], names: Sequence[str]) -> None:
        """Save a sheet of images with truth and prediction (class numbers), and say how many are right and which are not."""
        from course.runs import figures

        wrong = [f"{names[t]} read as {names[p]}" for t, p in zip(truth, predicted) if t != p]
        print(f"{len(truth) - len(wrong)} of {len(truth)} right" + (f"; wrong: {', '.join(wrong)}" if wrong else ""))
        title = f"{self.project.id} {self.project.slug}: {len(truth) - len(wrong)} of {len(truth)} right"
        where = self.out / "images_with_labels.png"
        with self._writing():
            made = figures.images_with_labels(images, truth, predicted, names, where, title=title)
            record = self._record()
            record.answered(images, truth, predicted, names)
            record.save(self.out)
        self._say_where([made])

    def show_words(
        self, tokenizer: Any, model: Any, near: Mapping[str, Sequence[str]], encoding: Mapping[str, torch.Tensor]
    ) -> None:
        """Save a map of words and a picture of where each token of a sentence looks.

        Args:
            near: the nearest words of each of some words.
            encoding: of a sentence or pair, as the model reads it.
        """
        from course.runs import language

        title, record = f"{self.project.id} {self.project.slug}: ", self._record()
        places, looked = language.word_map(tokenizer, model, near), language.attention(tokenizer, model, encoding)
        made = []
        with self._writing():
            record.words(near, places)
            if places:
                made.append(language.draw_map(places, self.out / "words.png", f"{title}words near each other"))
            if looked:
                record.attention(*looked)
                what = f"{title}where each token looks ({looked[2]})"
                made.append(language.draw_attention(looked[0], looked[1], self.out / "attention.png", what))
            record.save(self.out)
        self._say_where(made)

    def _record(self) -> Record:
        settings: dict[str, Any] = {"data": "full" if "full" in self._tiers else "pocket", "seed": self.seed}
        if self.training.total:
            settings |= {"epochs": self.training.total, "batch size": self.batch_size, "learning rate": self.lr}
        return Record(self.project.id, settings)

    def _save(self, model: nn.Module, save: Callable[[nn.Module, Path], Any]) -> Path:
        path = self.out / "model.pt"
        with replacing(path) as new:  # a run that is killed leaves the old model or the new one, never half of one
            save(model, new)
        return path

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Faults of the folder of results, in words. Entered once before training too: hours must not end in them."""
        try:
            self.out.mkdir(parents=True, exist_ok=True)
            if not os.access(self.out, os.W_OK):
                raise PermissionError("no permission to write")
            yield
        except OSError as error:
            raise CourseError(
                f"Results cannot be written to {shown(self.out)}: {error.strerror or error}.",
                "Make it a folder that can be written, free some space, or name another folder with --out.",
            ) from error

    def _say_where(self, made: Sequence[Path]) -> None:
        if made:
            _say_filled(f"saved in {shown(self.out)}/: " + ", ".join(path.name for path in made))
        for path in made:
            if path.name == self.project.look:
                _say_filled(f"Look at {shown(path)}: {self.project.how_to_look}")

    def _fault(self, kind: type[BaseException], fault: BaseException, trace: TracebackType | None) -> None:
        """Faults of the world and TODOs in a line or two; the traceback of any other error, which the student needs."""
        if isinstance(fault, following.Stopped):
            self.training.say_stopped(self.training.following.done if self.training.following else 0)
            raise SystemExit(130)
        code = command_line.explain(fault, trace, self.file, self.project.id)
        if code is None:
            sys.__excepthook__(kind, fault, trace)
        else:
            sys.stdout.flush()
            raise SystemExit(code)  # out of sys.excepthook, this sets the exit status


def _say_filled(text: str) -> None:
    """In lines that fit the window; in a log, in one."""
    if sys.stdout.isatty():
        width = min(shutil.get_terminal_size().columns, 100)
        text = textwrap.fill(text, width, break_long_words=False, break_on_hyphens=False)
    print(text, flush=True)


def _save_state(model: nn.Module, path: Path) -> None:
    stream = io.BytesIO()  # torch.save to a path says RuntimeError on a full disk; write_bytes says what is wrong
    torch.save({name: value.cpu() for name, value in model.state_dict().items()}, stream)  # for machines without a GPU
    path.write_bytes(stream.getvalue())
