"""What a student's code finds behind the wall: this Python and its packages, the system's libraries, a few modules of the course.

Everything is named that may be seen; what is not named is not there. Of the course that is what a worker runs and what exercises
import; not the graders, the fingerprints of mistakes, the stubs, the reports, nor what makes pictures or texts: who has no maker of
exams cannot make one anew to look its labels up.
"""

import ast
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from course import paths

HOME = Path("/course")  # the root of the checkout, as it is called inside
MODULES = ("__init__", "catalog", "errors", "files", "limits", "networks", "paths", "source", "training")
PACKAGES = ("cells", "models", "pretend_gpu")
OF_DATASETS = (
    "__init__",
    "fetch",
    "idx",
    "inventory",
    "photos",
    "registry",
    "signs",
    "store",
    "tensors",
    "tiers",
)  # readers
OF_CHECKS = ("__init__", "builders", "changes", "kits", "left_behind", "probes", "seeding", "wire", "worker")
OF_WALL = ("__init__", "jail", "seccomp", "zygote")
OURS = ("course", "exercises", "graders", "release", "solutions", "source")
LINKED = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
ETC = ("/etc/alternatives", "/etc/fonts", "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime")


def course() -> dict[Path, Path]:
    """{where it is inside: where it lies} of the course's own files."""
    package = paths.ROOT / "course"
    found = [package / f"{name}.py" for name in MODULES] + [package / "catalog.toml"]
    found += [package / name for name in PACKAGES]
    found += [package / "datasets" / f"{name}.py" for name in OF_DATASETS]
    found += [package / "checks" / f"{name}.py" for name in OF_CHECKS]
    found += [package / "wall" / f"{name}.py" for name in OF_WALL]
    kit = paths.ROOT / "graders" / "kit"
    found += [paths.ROOT / "graders" / "__init__.py", kit / "__init__.py", kit / "worker"]
    return {HOME / path.relative_to(paths.ROOT): path for path in found if path.exists()}


def python() -> list[Path]:
    """Folders of this Python and of its packages, without what lies within another of them or in /usr."""
    whole = {
        Path(sys.prefix),
        Path(sys.base_prefix),
        Path(sys.exec_prefix),
        Path(sys.executable).resolve().parent.parent,
    }
    whole |= {Path(entry) for entry in sys.path if entry.endswith("-packages") and Path(entry).is_dir()}
    known = [Path("/usr"), *whole]
    return sorted(path for path in whole if not any(path != other and path.is_relative_to(other) for other in known))


def hidden(seen: Iterable[Path], secret: Iterable[Path]) -> list[Path]:
    """What must be covered because it lies within something that is seen: the checkout, a home, copies of the course."""
    shown = list(seen)
    found = [paths.ROOT, Path.home(), *secret]
    found += [folder / name for entry in {Path(e) for e in sys.path if e} for folder in (entry,) for name in OURS]
    return sorted(
        {
            path
            for path in map(Path, map(os.path.abspath, found))
            if path.exists() and any(path != top and path.is_relative_to(top) for top in shown)
        }
    )


def imports(reference: Path) -> list[str]:
    """What a project's own solution imports, "module:name" for `from module import name`; the zygote imports it beforehand."""
    names = []
    for node in ast.parse(reference.read_bytes()).body:
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [f"{node.module}:{alias.name}" for alias in node.names]
    return names
