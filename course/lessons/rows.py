"""The lessons of the table: what each project's training must show on the embedded data, as rows with bands.

A further project adds a `lesson` here. Measuring itself is in `measures`; running and writing in `table`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

Found = dict[str, float]  # measured values of one seed, by key


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Args:
        what: for people.
        key: of the value in what the lesson measures; the row belongs to that lesson's project.
        minus: key of a value to subtract, perhaps of an earlier lesson: bands such as "at least the MLP + 0.10".
        least, most: the band, inclusive; a row without any is only shown.
    """

    what: str
    key: str
    minus: str | None = None
    least: float | None = None
    most: float | None = None

    def value(self, found: Found) -> float | None:
        """This row's value with one seed; None where something that it needs was not measured."""
        if self.key not in found or (self.minus is not None and self.minus not in found):
            return None
        return found[self.key] - (found[self.minus] if self.minus is not None else 0.0)

    def holds(self, values: Iterable[float]) -> bool:
        """Whether every value lies in the band. Accuracies are fractions of some thousand images: 1e-9 is rounding."""
        least = -float("inf") if self.least is None else self.least - 1e-9
        most = float("inf") if self.most is None else self.most + 1e-9
        return all(least <= value <= most for value in values)

    @property
    def band(self) -> str:
        """The band for people."""
        parts = [f"≥ {self.least:.2f}"] if self.least is not None else []
        return " and ".join([*parts, f"≤ {self.most:.2f}"] if self.most is not None else parts)


@dataclass(frozen=True)
class Lesson:
    """What one project shows.

    Args:
        project: its id.
        measure: (seed, work) -> values; run in a worker process with one thread. `work` is a folder for files that a lesson
            leaves to those that come `after` it with the same seed.
        rows: how the values are shown.
        data: pocket data sets that must be there.
        after: id of the lesson whose files this one reads; measured first, in the same process.
    """

    project: str
    measure: Callable[[int, Path], Found]
    rows: tuple[Row, ...]
    data: tuple[str, ...]
    after: str | None = None


LESSONS: dict[str, Lesson] = {}


def lesson(project: str, *rows: Row, data: Sequence[str], after: str | None = None) -> Callable:
    """Register a measuring function under its project."""

    def register(measure: Callable[[int, Path], Found]) -> Callable[[int, Path], Found]:
        LESSONS[project] = Lesson(project, measure, rows, tuple(data), after)
        return measure

    return register


# The bands are those of the design, section 4: a threshold of the project, or the lesson itself. Linear models stay 0.05 under the
# threshold, so that no cheap trick passes.


@lesson(
    "01",
    Row("dense network, unseen writers", "dense", least=0.95),
    Row("linear model, unseen writers", "linear", most=0.90),
    Row("dense above linear", "dense", minus="linear", least=0.05),
    data=["mnist"],
)
def _digits(seed: int, work: Path) -> Found:
    from course.lessons import measures as measure

    folder = _pocket("mnist")
    return {"dense": measure.digits(folder, seed), "linear": measure.digits(folder, seed, measure.linear_digits)}


@lesson(
    "02",
    Row("MLP, training", "mlp train", least=0.99),
    Row("MLP, unseen signers", "mlp", most=0.75),
    Row("the gap between them", "mlp train", minus="mlp"),
    data=["asl"],
)
def _mlp(seed: int, work: Path) -> Found:
    from course.lessons import measures as measure

    train, valid = measure.mlp(_signs(), seed)
    return {"mlp train": train, "mlp": valid}


@lesson(
    "03",
    Row("CNN, unseen signers", "cnn"),
    Row("CNN above MLP", "cnn", minus="mlp", least=0.10),
    data=["asl"],
)
def _cnn(seed: int, work: Path) -> Found:
    from course.lessons import measures as measure

    return {"cnn": measure.cnn(_signs(), seed)}


@lesson(
    "04a",
    Row("augmented, unseen signers", "augmented", least=0.90),
    Row("augmented above CNN", "augmented", minus="cnn", least=0.03),
    Row("the same network, not augmented", "not augmented"),
    data=["asl"],
)
def _augmented(seed: int, work: Path) -> Found:
    from course.lessons import measures as measure

    saved = work / f"04a-{seed}.pt"
    return {
        "augmented": measure.augmented(_signs(), seed, saved),
        "not augmented": measure.not_augmented(_signs(), seed),
    }


@lesson("04b", Row("photos of unseen people", "photos", least=0.85), data=["asl"], after="04a")
def _photos(seed: int, work: Path) -> Found:
    from course.lessons import measures as measure

    return {"photos": measure.photos(work / f"04a-{seed}.pt", _pocket("asl") / "photos")[0]}


@lesson(
    "05b",
    Row("head on the frozen pocket network", "door head"),
    Row("after fine-tuning", "door tuned", least=0.93),
    Row("fine-tuned above frozen", "door tuned", minus="door head", least=0.0),
    Row('saying "no" to everybody', "door no"),
    data=["presidential"],
)
def _door(seed: int, work: Path) -> Found:
    from course.lessons import photos as measure

    return measure.door(_pocket("presidential"), seed)


@lesson(
    "06",
    Row("masked word among the five likeliest", "masked", least=0.90),
    Row("next sentence", "next", least=0.90),
    data=[],
)
def _language(seed: int, work: Path) -> Found:
    from course.lessons import language as measure

    return measure.language(seed)


@lesson(
    "07",
    Row("head on the frozen pocket network", "fruit head"),
    Row("after fine-tuning", "fruit tuned", least=0.92),
    Row("fine-tuned above frozen", "fruit tuned", minus="fruit head", least=0.0),
    Row("head on the same network with random weights, frozen", "fruit random"),
    Row("frozen pre-trained above frozen random", "fruit head", minus="fruit random", least=0.20),
    Row("the whole network from random weights", "fruit scratch", most=0.919),
    data=["fruits"],
)
def _fruit(seed: int, work: Path) -> Found:
    from course.lessons import photos as measure

    return measure.fruit(_pocket("fruits"), seed)


def _pocket(name: str) -> Path:
    from course.datasets import store

    return store.ensure(name, quiet=True)


def _signs() -> Path:
    return _pocket("asl")
