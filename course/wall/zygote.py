"""Behind the wall: imports once what every submission needs, and forks for each. `python -m course.wall.zygote FD`.

It runs no student's code and no operation of torch, and has one thread: a fork of a process with more may hang. For each fork two
processes come to be, in namespaces of their own: a guard, the first process there, and the one in which the student's code runs.
When the guard goes, the kernel ends everything in there. The judge holds two ends: `line` to the worker, `lease` to the guard; when
it lets the lease go, all is over.
"""

import contextlib
import fcntl
import gc
import importlib
import json
import os
import resource
import select
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from course.checks import seeding, worker
from course.wall import WORK, jail

WARM = (
    "torch._dynamo",
    "torch.utils.data",
    "torch.utils.serialization.config",
    "torch.optim.lr_scheduler",
    "torchvision.transforms.v2",
    "PIL.JpegImagePlugin",
)
LINE, TOLD = 3, 4  # where a fork has its ends of the two
LOOK = 0.2  # seconds between two looks at memory
TICKS = os.sysconf("SC_CLK_TCK")
_guards: set[int] = set()  # where they are this process's own children


def main(control: socket.socket) -> None:
    """Serve the judge until it goes away."""
    own = -1
    if os.getuid() == 0:
        own = os.open("/proc/self/ns/pid", os.O_RDONLY)
        signal.signal(signal.SIGCHLD, _bury)
    jail.undumpable()
    torch.set_num_threads(1)
    seeding.without_stacks()
    _import(WARM)
    Image.init()  # it imports a module for each kind of picture; the first unusual one would do it in each fork
    worker.prepare()
    _freeze()
    control.send(b"{}")
    while True:
        message, handles, _, _ = socket.recv_fds(control, 1 << 16, 2)
        if not message:
            return
        request = json.loads(message)
        if "import" in request:
            _import(request["import"])
            worker.prepare()
            _freeze()
            control.send(b"{}")
            continue
        line, lease = handles
        _begin(control, line, lease, jail.Caps(**request["caps"]), own)
        os.close(line)
        os.close(lease)


def _import(names: Any) -> None:
    """Import "module" or "module:name"; what cannot be imported here is not there for the student either."""
    for whole in names:
        module, _, name = whole.partition(":")
        with contextlib.suppress(ImportError, AttributeError):
            found = importlib.import_module(module)
            getattr(found, name or "__name__")


def _freeze() -> None:
    """What is here stays: the collector of a fork need not look at it, and its pages stay shared."""
    gc.collect()
    gc.freeze()
    jail.in_large_pages()


def _begin(control: socket.socket, line: int, lease: int, caps: jail.Caps, own: int) -> None:
    """Fork a guard. Root makes it the first process of its namespace at once; anybody else needs a process between, for a namespace
    of users has no way back."""
    if own >= 0:
        try:
            jail.next_is_first()
        except OSError as fault:
            _tell(lease, {"fault": f"OSError: {fault}"})
            return
        try:
            forked = os.fork()
            if forked == 0:
                os.close(own)
                _in_fork(control, line, lease, caps, root=True)
            _guards.add(forked)
        finally:
            jail.back(own)
        return
    forked = os.fork()
    if forked == 0:
        _in_fork(control, line, lease, caps, root=False)
    os.waitpid(forked, 0)


def _bury(*_: object) -> None:
    """Guards that have ended: of no other child, for what a library starts while it is imported is waited for there."""
    for pid in list(_guards):
        if os.waitpid(pid, os.WNOHANG)[0]:
            _guards.discard(pid)


def _in_fork(control: socket.socket, line: int, lease: int, caps: jail.Caps, root: bool) -> None:
    """The guard, or the process between. Never returns."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        control.close()
        jail.apart(caps, processes=not root)
        if root or os.fork() == 0:
            _guard(line, lease, caps)
    except BaseException as fault:
        _tell(lease, {"fault": f"{type(fault).__name__}: {fault}"})
    finally:
        os._exit(0)


def _guard(line: int, lease: int, caps: jail.Caps) -> None:
    """The first process of the namespace: watches over memory and the lease, and says how the student's process ended."""
    try:
        signal.signal(
            signal.SIGINT, signal.SIG_DFL
        )  # the first process of a namespace ignores what it has no handler for
        jail.undumpable()
        jail.processes_shown()
        ready, told = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(ready)
            os.close(lease)
            _student(line, told, caps)
        os.close(line)
        os.close(told)
        fault = os.read(ready, 1000)
        os.close(ready)
        if fault:
            _tell(lease, {"fault": fault.decode("utf-8", "replace")})
        else:
            _tell(lease, {"began": True})
            _watch(lease, child, caps)
    except BaseException as fault:
        _tell(lease, {"fault": f"{type(fault).__name__}: {fault}"})
    finally:
        os._exit(0)


def _student(line: int, told: int, caps: jail.Caps) -> None:
    """The process in which the student's code runs. Never returns."""
    code = 1
    try:
        line, told = (fcntl.fcntl(end, fcntl.F_DUPFD, 16) for end in (line, told))
        os.dup2(line, LINE)
        os.dup2(told, TOLD)
        os.closerange(TOLD + 1, 1 << 16)
        try:
            jail.locked(caps)
        except BaseException as fault:
            os.write(TOLD, f"{type(fault).__name__}: {fault}".encode())
            raise
        os.close(TOLD)
        with open(LINE, "rb") as incoming, open(os.dup(LINE), "wb") as outgoing:
            worker.serve(incoming, outgoing, Path(WORK), prepared=True)
        code = 0
    except SystemExit as fault:
        code = fault.code if isinstance(fault.code, int) else 1
    finally:
        os._exit(code)


def _watch(lease: int, child: int, caps: jail.Caps) -> None:
    """Until the student's process has ended, or must: too much memory, or the judge lets go."""
    page = resource.getpagesize()
    base = _anonymous(os.getpid()) if os.path.exists("/proc/self/statm") else 0
    poll = select.poll()
    poll.register(lease, select.POLLIN)
    with contextlib.suppress(OSError):
        poll.register(os.pidfd_open(child), select.POLLIN)
    status, why = None, ""
    while status is None:
        if any(end == lease for end, _ in poll.poll(LOOK * 1000)):
            asked = os.read(lease, 16)
            if not asked:
                why = "let go"
                break
            _tell(lease, {"processor": _processor()})
        status = _ended(child)
        others = [int(name) for name in os.listdir("/proc") if name.isdigit() and name != "1"]
        used = sum(max(0, _anonymous(pid) - base) for pid in others) * page
        used += sum(_filled(place) for place in ("/tmp", "/dev/shm"))
        if used > caps.memory:
            why = "memory"
            break
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
    while status is None:
        status = _ended(child, 0)
    _tell(lease, {"ended": os.waitstatus_to_exitcode(status), "why": why, "running": _running()})


def _ended(child: int, flags: int = os.WNOHANG) -> int | None:
    """The status of the child, once it has ended; orphans of the namespace are buried on the way."""
    while True:
        try:
            pid, status = os.waitpid(-1, flags)
        except ChildProcessError:
            return 0
        if pid == child:
            return status
        if pid == 0:
            return None


def _processor() -> float:
    """Seconds of the processor, used by all processes of the namespace but this one."""
    ticks = 0
    for name in os.listdir("/proc"):
        if name.isdigit() and name != "1":
            with contextlib.suppress(OSError, ValueError, IndexError):
                ticks += sum(map(int, Path("/proc", name, "stat").read_text("utf-8").rpartition(")")[2].split()[11:15]))
    return ticks / TICKS


def _anonymous(pid: int) -> int:
    """Pages of a process that are its own or come from the zygote."""
    try:
        fields = Path("/proc", str(pid), "statm").read_text("ascii").split()
        return int(fields[1]) - int(fields[2])
    except (OSError, ValueError, IndexError):
        return 0


def _filled(place: str) -> int:
    about = os.statvfs(place)
    return (about.f_blocks - about.f_bfree) * about.f_frsize


def _running() -> str:
    """Which statement was running when the work was loaded (`cells.loading`): the file is a student's, and only they read of it."""
    for file in Path(WORK).glob("*.running"):
        with contextlib.suppress(OSError):
            handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(handle, "rb") as stream:
                return stream.read(4000).decode("utf-8", "replace")
    return ""


def _tell(lease: int, message: dict[str, Any]) -> None:
    with contextlib.suppress(OSError):
        os.write(lease, json.dumps(message).encode())


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
