"""What a student's code might try, as code: `trial` runs it behind the wall, in the place of a submission.

Each attempt returns when it has got what it wanted, and raises when it was refused. A few things that honest code does must work.
This file is text for a worker: it imports nothing of the course.
"""

import ctypes
import functools
import multiprocessing
import os
import resource
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

MUST_FAIL: dict[str, Callable[[dict[str, Any]], object]] = {}
MUST_WORK: dict[str, Callable[[dict[str, Any]], object]] = {}
X86 = os.uname().machine == "x86_64"
_libc = ctypes.CDLL(None, use_errno=True)


def refused(name: str) -> Callable[[Callable[[dict[str, Any]], object]], None]:
    """Register an attempt that the wall must refuse."""
    return lambda attempt: MUST_FAIL.update({name: attempt})


def allowed(name: str) -> Callable[[Callable[[dict[str, Any]], object]], None]:
    """Register something that must work."""
    return lambda attempt: MUST_WORK.update({name: attempt})


def attempt(about: dict[str, Any], name: str) -> list[str]:
    """Try one of them: ["got", what] or ["refused", why]."""
    try:
        return ["got", str({**MUST_FAIL, **MUST_WORK}[name](about))[:300]]
    except BaseException as fault:
        return ["refused", f"{type(fault).__name__}: {fault}"[:300]]


def _any(tries: Any) -> object:
    """The first that succeeds; the last one's exception if none does."""
    last: BaseException = LookupError("nothing to try")
    for one in tries:
        try:
            return one()
        except Exception as fault:
            last = fault
    raise last


def _system(number: int, *arguments: Any) -> int:
    code = int(_libc.syscall(number, *arguments))
    if code < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return code


@refused("read the solutions, the graders, the fingerprints of mistakes")
def _read_course(about: dict[str, Any]) -> object:
    found = []
    for top in (about["root"], "/course", *about["checkouts"]):
        for folder, _, names in os.walk(top):
            found += [
                os.path.join(folder, n) for n in names if n.startswith(("test_", "ex0")) or "fingerprints" in folder
            ]
    found = [
        name for name in found if "/site-packages/" not in name and not name.startswith(("/usr/", about["python"]))
    ]
    if not found:
        raise FileNotFoundError("there is none")
    return found[:3]


@refused("read the submissions, a file of the host's /tmp, what is at home")
def _read_others(about: dict[str, Any]) -> object:
    return _any([lambda path=path: Path(path).read_bytes() for path in about["canaries"]])


@refused("list the host's home, /etc/shadow, other users")
def _read_home(about: dict[str, Any]) -> object:
    def home() -> list[str]:
        return [name for name in os.listdir(about["home"]) if name not in about["on_the_way"]][:3] or _nothing()

    return _any(
        [home, lambda: Path("/etc/shadow").read_bytes(), lambda: os.listdir("/home")[0], lambda: os.listdir("/var")[0]]
    )


@refused("see the judge's environment")
def _environment(about: dict[str, Any]) -> object:
    known = [repr(dict(os.environ)), Path("/proc/self/environ").read_text("utf-8")]
    return [text for text in known if about["token"] in text] or _nothing()


@refused("write into Python, its packages, the course or the system")
def _write(about: dict[str, Any]) -> object:
    places = [*sys.path, sys.prefix, sys.base_prefix, "/usr/lib", "/usr/bin", "/etc", "/", "/dev", "/proc/sys"]
    places += ["/course", "/course/course"]
    places = [place for place in places if os.path.isdir(place) and not place.startswith("/tmp")]

    def put(place: str) -> str:
        Path(place, "canary.pth").write_text("import os", "utf-8")
        return place

    return _any([lambda place=place: put(place) for place in places])


@refused("reach the network: an address, a name, a server of this machine")
def _network(about: dict[str, Any]) -> object:
    def connect(*address: Any) -> object:
        return socket.create_connection(address, timeout=2)

    def abstract() -> object:
        end = socket.socket(socket.AF_UNIX)
        end.connect(about["abstract"])
        return "a socket of the host's"

    return _any(
        [
            lambda: connect("127.0.0.1", about["port"]),
            lambda: connect("1.1.1.1", 53),
            lambda: socket.getaddrinfo("example.org", 443),
            abstract,
        ]
    )


@refused("see, signal or trace other processes")
def _processes(about: dict[str, Any]) -> object:
    own = os.getpid()

    def seen() -> object:
        return [pid for pid in os.listdir("/proc") if pid.isdigit() and int(pid) not in (1, own)] or _nothing()

    def end() -> object:
        os.kill(os.getppid(), 9)
        return "the guard is still there" if os.getppid() != 1 else _nothing()

    return _any([seen, end, lambda: os.kill(about["judge"], 0), lambda: open("/proc/1/mem", "rb").read(1)])


@refused("become another user, or get rights")
def _rights(about: dict[str, Any]) -> object:
    def run(program: str) -> object:
        return subprocess.run([program, "-c", "id"], check=True, capture_output=True, timeout=10)

    own: list[Callable[[], object]] = [lambda: os.setuid(0), lambda: os.setgroups([0]), lambda: os.chroot("/tmp")]
    own += [lambda: os.chown(tempfile.mkdtemp(), 0, 0)]
    return _any([*own, *(functools.partial(run, program) for program in ("su", "sudo", "mount", "ping", "newuidmap"))])


@refused("mount something, make a namespace, use rare doors of the kernel")
def _kernel(about: dict[str, Any]) -> object:
    numbers = {
        "unshare": 272,
        "mount": 165,
        "umount": 166,
        "ptrace": 101,
        "keyctl": 250,
        "bpf": 321,
        "perf": 298,
        "io_uring": 425,
    }
    arm = {
        "unshare": 97,
        "mount": 40,
        "umount": 39,
        "ptrace": 117,
        "keyctl": 219,
        "bpf": 280,
        "perf": 241,
        "io_uring": 425,
    }
    n = numbers if X86 else arm
    clone = 56 if X86 else 220
    return _any(
        [
            lambda: _system(n["unshare"], 0x10000000),
            lambda: _system(n["mount"], b"none", b"/tmp", b"tmpfs", 0, None),
            lambda: _system(n["umount"], b"/tmp", 2),
            lambda: _system(n["ptrace"], 0, 0, 0, 0),
            lambda: _system(n["keyctl"], 0, -3, 0),
            lambda: _system(n["bpf"], 0, 0, 0),
            lambda: _system(n["perf"], 0, 0, -1, -1, 0),
            lambda: _system(n["io_uring"], 1, ctypes.create_string_buffer(120)),
            lambda: _system(clone, 0x10000000 | 17, 0, 0, 0, 0),
            lambda: socket.socket(40, socket.SOCK_STREAM),  # of the virtual machine's host
        ]
    )


@refused("find what another submission has left")
def _left(about: dict[str, Any]) -> object:
    names = [str(Path(place, "left-behind")) for place in ("/tmp", "/dev/shm", "/tmp/work")]
    found = [name for name in names if os.path.exists(name)]
    for name in names:
        Path(name).write_text("x", "utf-8")
    return found or _nothing()


@refused("start processes and threads without end")
def _processes_without_end(about: dict[str, Any]) -> object:
    over = threading.Event()
    started = []
    try:
        for _ in range(about["processes"] + 1):  # each counts as a process, and a thread starts sooner
            started.append(threading.Thread(target=over.wait))
            started[-1].start()
    finally:
        over.set()
    return len(started)


@refused("open files without end, write one without end, fill /tmp and the shared memory")
def _files(about: dict[str, Any]) -> object:
    def opens() -> object:
        held: list[int] = []
        try:
            while len(held) <= about["files"]:
                held.append(os.open(os.devnull, os.O_RDONLY))
            return len(held)
        finally:
            for handle in held:
                os.close(handle)

    def fills(place: str) -> object:
        path = os.path.join(place, "large")
        try:
            with open(path, "wb") as stream:
                os.posix_fallocate(stream.fileno(), 0, about["scratch"] + 1)
        finally:
            os.unlink(path)
        return place

    return _any([opens, lambda: fills("/tmp"), lambda: fills("/dev/shm")])


@refused("take more memory than there is for it")
def _memory(about: dict[str, Any]) -> object:
    return len(bytearray(about["memory"] + (1 << 28)))


@refused("raise its own limits")
def _limits(about: dict[str, Any]) -> object:
    limits = (
        resource.RLIMIT_NPROC,
        resource.RLIMIT_NOFILE,
        resource.RLIMIT_DATA,
        resource.RLIMIT_FSIZE,
        resource.RLIMIT_CPU,
    )
    return _any([lambda kind=kind: resource.setrlimit(kind, (resource.RLIM_INFINITY,) * 2) for kind in limits])


@allowed("a DataLoader with workers")
def _loader(about: dict[str, Any]) -> object:
    data = torch.utils.data.TensorDataset(torch.arange(32.0))
    loader = torch.utils.data.DataLoader(data, 8, num_workers=2)
    assert sum(batch.sum().item() for (batch,) in loader) == 496
    return "32 numbers"


@allowed("files of its own, threads, processes")
def _own(about: dict[str, Any]) -> object:
    with tempfile.TemporaryFile() as file:
        file.write(b"x")
    thread = threading.Thread(target=tempfile.gettempdir)
    thread.start()
    thread.join()
    process = multiprocessing.get_context("fork").Process(target=os.getpid)
    process.start()
    process.join()
    assert process.exitcode == 0
    return subprocess.run([sys.executable, "-c", "print(1)"], check=True, capture_output=True, timeout=60).stdout


@allowed("packages that were not imported before")
def _packages(about: dict[str, Any]) -> object:
    import sqlite3

    import torch.utils.benchmark

    return sqlite3.sqlite_version, torch.utils.benchmark.__name__


def _nothing() -> Any:
    raise LookupError("nothing is there")
