"""The wall tried out from inside: each thing that must be refused is attempted, and what honest code does must work."""

import os
import secrets
import socket
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course import limits, paths
from course.cells.cell import Cell, Work
from course.checks.session import StudentRaised, WorkerLost
from course.wall import attempts, bubblewrap, inside, line
from course.wall.session import Walled

NAME = "attempts"
TOKEN = "COURSE_TRIAL"  # a variable of the environment that nobody inside may read


@dataclass(frozen=True)
class Found:
    """How one attempt went.

    Args:
        name: what was attempted.
        holds: whether it went as it must.
        said: what came of it.
        needed: it had to work, and was not to be refused.
    """

    name: str
    holds: bool
    said: str
    needed: bool = False


def trial() -> Iterator[Found]:
    """Every attempt, in a fork of its own.

    Raises:
        NoWall: there is none here.
    """
    line.stop()  # one that runs was started without the token
    with surroundings() as about:
        yield from tried(attempts.MUST_FAIL, about, False)
        yield from tried(
            [name for name in attempts.MUST_FAIL if name.startswith("find")], about, False
        )  # a second time
        yield from tried(attempts.MUST_WORK, about, True)


@contextmanager
def surroundings() -> Iterator[dict[str, Any]]:
    """Canaries to find and servers to reach, and what the attempts need to know to try hard."""
    os.environ[TOKEN] = f"a canary {secrets.token_hex(8)}"
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="course-trial-")))
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        local = stack.enter_context(socket.socket(socket.AF_UNIX))
        local.bind(abstract := f"\0course-trial-{os.getpid()}")
        local.listen()
        yield _about(folder, server.getsockname()[1], abstract)


def tried(names: Iterable[str], about: dict[str, Any], needed: bool) -> Iterator[Found]:
    """Each attempt of these, in a fork of its own."""
    for name in names:
        session = submission()
        try:
            session.request("begin", needs=[], task="attempt", seed=0)
            result = session.request("call", name="attempt", args=[about, name], kwargs={}, seed=None)["result"]
            got, said = result[0] == "got", str(result[1])
        except (WorkerLost, StudentRaised) as fault:
            got, said = False, str(fault)
        finally:
            session.close()
        yield Found(name, got is needed, said, needed)


def submission() -> Walled:
    """The attempts, in the place of a student's work."""
    text = Path(attempts.__file__).read_text("utf-8")
    work = Work(("attempt",), (Cell("", text, "task", ("attempt",)),))
    return Walled({f"{NAME}.json": work.text().encode()}, f"{NAME}.json", seconds=60.0)


def _about(folder: Path, port: int, abstract: str) -> dict[str, Any]:
    canary = folder / "canary"
    canary.write_text("a canary", "utf-8")
    files = [canary, paths.ROOT / "solutions" / "__init__.py", Path.home() / ".bashrc", paths.ROOT / "gradebook.db"]
    found = [*(paths.ROOT / "solutions").glob("*.py"), Path(__file__)]
    seen = [p.relative_to(Path.home()).parts[0] for p in inside.python() if p.is_relative_to(Path.home())]
    return {
        "root": str(paths.ROOT),
        "python": sys.base_prefix,
        "checkouts": [str(Path.cwd())],
        "canaries": [str(path) for path in (*files, *found)],
        "home": str(Path.home()),
        "on_the_way": seen,
        "token": os.environ[TOKEN],
        "port": port,
        "abstract": abstract,
        "judge": os.getpid(),
        "processes": limits.WALL.processes,
        "files": limits.WALL.files,
        "scratch": limits.WALL.scratch,
        "memory": limits.WALL.memory,
    }


def advice() -> list[str]:
    """How to get a wall on this machine."""
    if not sys.platform.startswith("linux"):
        return ["The wall needs Linux: grade in a virtual machine (on Windows: WSL 2), or with --isolation process."]
    said = []
    if bubblewrap.program() is None:
        said.append(
            "Install bubblewrap: `apt-get install bubblewrap`, `dnf install bubblewrap`, `pacman -S bubblewrap`."
        )
    with suppress(OSError):
        if Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").read_text("ascii").strip() == "1":
            said.append(
                "This system lets only programs with a profile of AppArmor make user namespaces: grade as root, or "
                "`sysctl kernel.apparmor_restrict_unprivileged_userns=0`."
            )
    if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        said.append(
            "In a container namespaces are refused by default: "
            "`docker run --cap-add SYS_ADMIN --security-opt seccomp=unconfined --security-opt apparmor=unconfined …`."
        )
    return said or [
        "Grade as root, or see whether this machine refuses user namespaces: `sysctl user.max_user_namespaces`."
    ]


def stop() -> None:
    """End the zygote that the trial has started."""
    line.stop()
