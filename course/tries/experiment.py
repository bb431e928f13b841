"""What an experiment is, and which there are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec

from course import catalog
from course.catalog import Project
from course.errors import CourseError
from course.tries.bench import Bench

Answer = float | str


@dataclass(frozen=True)
class Outcome:
    """What came out.

    Args:
        answer: to the question: a share from 0 to 1, or one of the choices.
        also: {what: how much}, further figures for people.
    """

    answer: Answer
    also: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Experiment:
    """One thing that is changed, and a question about what follows from it.

    Args:
        name: an option of the command line, without its dashes.
        does: what is changed, for people; `{value}` stands for the number.
        asks: the question that the guess answers.
        measure: (bench, value) -> outcome.
        why: one sentence that explains what comes out.
        value: the number that the lesson suggests; None for an experiment without one.
        least: the least number that makes sense.
        whole: whether the number is an integer.
        choices: the possible answers; none if it is a share from 0 to 1.
        usual: of which curve the last value is the answer if nothing is changed ("valid_accuracy"); "" where that is not known.
    """

    name: str
    does: str
    asks: str
    measure: Callable[[Bench, float], Outcome]
    why: str
    value: float | None = None
    least: float = 0.0
    whole: bool = False
    choices: tuple[str, ...] = ()
    usual: str = ""

    def number(self, said: str | float | None) -> float:
        """The number of this try: what was said, else the lesson's; 0.0 where it has none.

        Raises:
            CourseError: it makes no sense.
        """
        if self.value is None:
            if said is not None:
                raise CourseError(f"--{self.name} takes no number.", f"Type --{self.name} alone.")
            return 0.0
        if said is None:
            return self.value
        try:
            found = float(said)
        except ValueError:
            found = float("nan")
        if not found >= self.least or (self.whole and found != int(found)):
            kind = "a whole number" if self.whole else "a number"
            raise CourseError(
                f"--{self.name} takes {kind} from {self.least:g}, not {said}.", f"The lesson takes {self.value:g}."
            )
        return found

    def told(self, value: float) -> str:
        """What is changed, with the number in it."""
        return self.does.format(value=f"{value:g}")

    def typed(self, value: float | None = None) -> str:
        """The option as a person types it."""
        number = self.value if value is None else value
        return f"--{self.name}" if self.value is None else f"--{self.name} {number:g}"


def experiments(entry: Project) -> tuple[Experiment, ...]:
    """Those of a project; none where none make sense."""
    name = f"course.tries.p{entry.id}"
    return import_module(name).EXPERIMENTS if find_spec(name) else ()


def experiment(entry: Project, name: str) -> Experiment:
    """The experiment of that name.

    Raises:
        CourseError: there is none.
    """
    known = experiments(entry)
    for one in known:
        if one.name == name:
            return one
    there = ", ".join(f"--{one.name}" for one in known)
    raise CourseError(f"Project {entry.id} has no experiment --{name}.", f"It has {there}.")


def with_experiments() -> list[Project]:
    """The projects that have some."""
    return [entry for entry in catalog.projects() if experiments(entry)]
