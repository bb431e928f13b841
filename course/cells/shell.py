"""What a notebook's commands find in place of IPython: `get_ipython()` where nothing of it runs."""

from pathlib import Path
from typing import Any


class Shell:
    """What `get_ipython()` returns here: it takes every command and does nothing, but for `%%writefile` and `%run`."""

    def __init__(self, folder: Path, names: dict[str, Any]) -> None:
        self._folder, self._names = folder, names

    def run_cell_magic(self, magic: str, line: str, cell: str) -> None:
        """`%%writefile helpers.py` is how a notebook makes a module of its own."""
        name = Path(line.split()[-1] if line.split() else "x").name
        if magic in ("writefile", "file") and name.endswith(".py"):
            (self._folder / name).write_text(cell, "utf-8")

    def run_line_magic(self, magic: str, line: str, *_: Any, **__: Any) -> None:
        """`%run setup.ipynb` brings names along, if the file was handed in as well."""
        if magic != "run":
            return
        named = next((word.strip("'\"") for word in line.split() if not word.startswith("-")), "")
        name = Path(named.replace("\\", "/")).name
        for file in (self._folder / name, self._folder / f"{name}.py", Path(name)):
            if name and file.suffix == ".py" and file.is_file():
                exec(compile(file.read_text("utf-8"), name, "exec", dont_inherit=True), self._names)
                return
        raise FileNotFoundError(f"%run {named}: hand that file in as well, or put what it holds into a cell")

    def getoutput(self, command: str, *_: Any, **__: Any) -> None:
        """What a command of the system says is not known here."""
        raise RuntimeError(f"`!{command}`: commands of the system are not run here")

    def __getattr__(self, name: str) -> Any:
        return nothing


def nothing(*_: Any, **__: Any) -> None:
    """Take everything, do nothing."""
