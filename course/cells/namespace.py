"""What a name means in a cell: what it meant when the cell had run, also when a later cell gives the name to something else.

`import torch.nn.functional as F` in the cell of `fit` does not change the `F` with which `preprocess` was written two cells above.
In a notebook that is run from top to bottom the check below `preprocess` has seen the first `F`; so does the judge. All other
names are shared, so that a function of which the reference takes the place is replaced everywhere.
"""

from collections import defaultdict
from typing import Any

from course.cells.plan import Plan


def pins(plan: Plan) -> dict[int, frozenset[str]]:
    """{place of a cell: names that must keep their meaning in it}: used there, and bound to something else further down.

    A name that some function declares global changes on purpose.
    """
    changing = plan.tasks | {name for step in plan.run for name in step.statement.sets}
    bound: dict[str, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    used: dict[int, set[str]] = defaultdict(set)
    for step in sorted(plan.run, key=lambda step: (step.cell, step.number)):
        used[step.cell] |= step.statement.uses
        for name in step.statement.binds - changing:
            bound[name][step.cell].append(step.statement.text)
    found: dict[int, frozenset[str]] = {}
    for place, names in used.items():
        kept = {name for name in names if name in bound and _changes(bound[name], place)}
        if kept:
            found[place] = frozenset(kept)
    return found


def _changes(cells: dict[int, list[str]], place: int) -> bool:
    """Is it bound up to this cell, and otherwise further down?"""
    here = {text for cell, texts in cells.items() if cell <= place for text in texts}
    below = {text for cell, texts in cells.items() if cell > place for text in texts}
    return bool(here) and bool(below - here)


class Namespace(dict[str, Any]):
    """The globals of a cell some of whose names are kept; every other name is that of the shared namespace.

    Python's own look-ups of a global name ask `__getitem__` of a subclass of dict (tried with 3.11 to 3.13). Those within the
    body of a class read the dict itself, so it holds a copy of the shared names as well.

    Args:
        shared: the namespace of the module.
        own: names that a function of the cell declares global: Python stores them here, past `__setitem__`.
    """

    def __init__(self, shared: dict[str, Any], own: frozenset[str] = frozenset()) -> None:
        super().__init__(shared)
        self._shared, self._own = shared, own
        self._pinned: dict[str, Any] = {}

    def pin(self, names: frozenset[str]) -> None:
        """From here on these names mean what they mean now."""
        self._pinned |= {name: self._shared[name] for name in names if name in self._shared}

    def __getitem__(self, name: str) -> Any:
        if name in self._pinned:
            return self._pinned[name]
        if name in self._own and super().__contains__(name):
            return super().__getitem__(name)
        return self._shared[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self._shared[name] = value
        super().__setitem__(name, value)

    def __delitem__(self, name: str) -> None:
        del self._shared[name]
        self.pop(name, None)

    def __contains__(self, name: object) -> bool:
        return name in self._pinned or name in self._shared or super().__contains__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """As that of a dict."""
        try:
            return self[name]
        except KeyError:
            return default
