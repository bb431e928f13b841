"""What a figure of a lesson is, and which there are.

    @figure("learning-curves", measure=curves)
    def learning_curves(data): ...

`measure` may train, and returns plain data; the function below draws what was kept of it. So a picture is drawn anew in a moment,
also where nobody wants to train, and what it shows is written down in numbers.
"""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from course.authoring.figures import style
from course.catalog import Project

Data = dict[str, Any]
LAST_BITS = 1e-4  # another processor sums in another order: float32 keeps some seven digits, a few hundred sums cost two or three


@dataclass(frozen=True)
class Figure:
    """One figure of one project.

    Args:
        project: "01".
        slug: its name in the lesson and in the names of its files: small letters, digits and hyphens.
        draw: from the kept data to a matplotlib figure or a PIL image; it takes nothing where nothing is measured. None for
            a measurement whose numbers the text alone names.
        measure: to the data: a dictionary of numbers, strings and lists; or of NumPy arrays.
        within: how far a number measured anew may be from the kept one, absolutely or of its size, whichever is more.
        quick: `measure` takes a second or two, so the tests repeat it.
    """

    project: str
    slug: str
    draw: Callable[..., Any] | None
    measure: Callable[[], Data] | None = None
    within: float = LAST_BITS
    quick: bool = False

    @property
    def name(self) -> str:
        """For people: "01 learning-curves"."""
        return f"{self.project} {self.slug}"

    def picture(self, data: Data | None) -> bytes:
        """The PNG file, drawn from the kept data."""
        assert self.draw is not None
        with style.applied():
            return style.png(self.draw(data) if self.measure else self.draw())


_KNOWN: dict[str, dict[str, Figure]] = {}


def figure(
    slug: str, *, measure: Callable[[], Data] | None = None, within: float = LAST_BITS, quick: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a figure of the project that the module is called after. The arguments are those of `Figure`.

    A training's curves differ more from one processor to the next than by last bits; their `within` stands with its reason.
    """

    def declare(draw: Callable[..., Any]) -> Callable[..., Any]:
        _enter(draw.__module__, slug, draw, measure, within, quick)
        return draw

    return declare


def measurement(slug: str, *, measure: Callable[[], Data], within: float = LAST_BITS, quick: bool = False) -> None:
    """Declare a measurement that no figure shows; the lesson names its numbers, as in `{kept: experiments.narrow.train}`."""
    _enter(measure.__module__, slug, None, measure, within, quick)


def _enter(module: str, slug: str, draw: Any, measure: Any, within: float, quick: bool) -> None:
    project = module.rpartition(".p")[2]
    known = _KNOWN.setdefault(project, {})
    if slug in known:
        raise ValueError(f"{module} declares the figure {slug!r} twice")
    known[slug] = Figure(project, slug, draw, measure, within, quick)


def figures_of(entry: Project) -> dict[str, Figure]:
    """{slug: figure} of a project, in the order of its module; none where it has no module."""
    module = f"{__package__}.p{entry.id}"
    if importlib.util.find_spec(module) is None:
        return {}
    import_module(module)
    return dict(_KNOWN.get(entry.id, {}))
