"""The command that builds the wall: bubblewrap, with everything that may be seen, and nothing else.

Two ways lead to the same end. As root, bubblewrap makes no user namespace; the zygote keeps the few rights that a fork needs to
give up all of them and the user as well. As anybody else, a user namespace stands in for root: no right in it counts outside.
"""

import os
import shutil
import sys
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

from course.wall import inside

RIGHTS = ("CAP_SYS_ADMIN", "CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP", "CAP_KILL")
NOBODY = 65534
FIRST_OF_OURS = 1_900_000_000  # users that no machine has, one for each judge: so their processes are counted apart
ENVIRONMENT = {
    "HOME": "/tmp",
    "HF_HUB_OFFLINE": "1",
    "LANG": "C.UTF-8",
    "MKL_NUM_THREADS": "1",  # before it forks, the zygote may have one thread only; a worker sets its own number
    "MPLCONFIGDIR": "/tmp",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
    "TMPDIR": "/tmp",
    "TRANSFORMERS_OFFLINE": "1",
    "USER": "student",
}


def program() -> str | None:
    """Where bubblewrap is, or None."""
    return shutil.which("bwrap") if sys.platform.startswith("linux") else None


def is_root() -> bool:
    """Is this process root's?"""
    return os.getuid() == 0


def user() -> int:
    """The user that a fork becomes: one that owns nothing on this machine."""
    if not is_root():
        return NOBODY
    first, _, number = map(int, Path("/proc/self/uid_map").read_text("ascii").split()[:3])
    wanted = FIRST_OF_OURS + os.getpid()
    return wanted if first <= wanted < first + number else NOBODY


def trial() -> list[str]:
    """bubblewrap round a program that does nothing."""
    links = [word for name in inside.LINKED if Path(name).exists() for word in ("--ro-bind", name, name)]
    return [*_namespaces(), "--ro-bind", "/usr", "/usr", *links, "--dev", "/dev", "--proc", "/proc", "true"]


def command(control: int, passwd: int, secret: Iterable[Path] = ()) -> list[str]:
    """bubblewrap with all its arguments, and the zygote in it.

    Args:
        control: the open file by which it talks with the judge.
        passwd: an open file that holds what /etc/passwd says inside.
        secret: folders and files that must not be seen, wherever they lie.
    """
    words = _namespaces()
    if threading.current_thread() is threading.main_thread():
        words += ["--die-with-parent"]  # with the thread that has started it, that is
    words += _environment()
    words += _seen(list(secret), passwd)
    words += ["--chdir", str(inside.HOME), sys.executable, "-s", "-P", "-m", "course.wall.zygote", str(control)]
    return words


def _namespaces() -> list[str]:
    words = [program() or "bwrap", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
    words += ["--unshare-cgroup-try", "--new-session", "--hostname", "wall", "--cap-drop", "ALL"]
    if is_root():
        return words + [word for right in RIGHTS for word in ("--cap-add", right)]
    return [*words, "--unshare-user", "--uid", str(NOBODY), "--gid", str(NOBODY)]


def _environment() -> list[str]:
    own = {
        **ENVIRONMENT,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"]),
        "PYTHONPATH": os.pathsep.join([str(inside.HOME), *(e for e in sys.path if e.endswith("-packages"))]),
    }
    return ["--clearenv", *(word for name, value in own.items() for word in ("--setenv", name, value))]


def _seen(secret: Sequence[Path], passwd: int) -> list[str]:
    """Arguments for the file system, from the outermost folder inwards, so that the inner one counts."""
    words = ["--dev", "/dev", "--proc", "/proc", "--dir", "/dev/shm", "--ro-bind", "/usr", "/usr"]
    words += ["--size", str(1 << 24), "--tmpfs", "/tmp"]  # the zygote's own; each fork has another over it
    for name in inside.LINKED:
        path = Path(name)
        if path.is_symlink():
            words += ["--symlink", os.readlink(path), name]
        elif path.is_dir():
            words += ["--ro-bind", name, name]
    words += ["--perms", "0755", "--dir", "/etc"]
    words += [word for name in inside.ETC if Path(name).exists() for word in ("--ro-bind", name, name)]
    words += ["--perms", "0444", "--ro-bind-data", str(passwd), "/etc/passwd"]
    python = inside.python()
    steps = {path: ["--ro-bind", str(path), str(path)] for path in python if not path.is_relative_to("/usr")}
    for path in inside.hidden([Path("/usr"), *python], secret):
        cover = ["--tmpfs", str(path)] if path.is_dir() else ["--ro-bind", os.devnull, str(path)]
        steps.setdefault(path, cover)
    steps |= {place: ["--ro-bind", str(path), str(place)] for place, path in inside.course().items()}
    above = {folder for path in [*steps, Path("/etc/passwd")] for folder in path.parents if folder != Path("/")}
    for path in sorted({*steps, *above}, key=lambda path: (len(path.parts), str(path))):
        # what bubblewrap makes unasked on the way to a place, only root may enter
        words += steps.get(path) or (["--perms", "0755", "--dir", str(path)] if path in above else [])
    covered = [str(path) for path, step in steps.items() if step[0] == "--tmpfs"]
    return words + [word for name in (*covered, "/dev", "/") for word in ("--remount-ro", name)]
