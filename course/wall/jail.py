"""What a fork of the zygote does to itself before a student's code runs in it. Runs behind the wall, on Linux alone.

`apart` gives it namespaces of its own, so that it sees neither the zygote nor what another fork has left: processes, /tmp, shared
memory. `locked` then gives up the user, every capability, most of the kernel, and the right to use more than its share.
"""

import contextlib
import ctypes
import os
import resource
from dataclasses import dataclass
from pathlib import Path

from course.wall import WORK, seccomp

NEW_MOUNTS, NEW_IPC, NEW_USER, NEW_PIDS = 0x00020000, 0x08000000, 0x10000000, 0x20000000
NO_SUID, NO_DEVICES, NO_EXEC, PRIVATE = 2, 4, 8, 0x4000 | 1 << 18
COLLAPSE, LARGE_PAGE = 25, 1 << 21
SET_DUMPABLE, DROP_BOUNDING, NO_NEW_PRIVILEGES = 4, 24, 38

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Caps:
    """What one fork may use.

    Args:
        user: number of the user that it becomes, where the zygote is root.
        seconds: of the processor, for each of its processes.
        memory: bytes, in all of its processes and files together.
        processes: threads among them.
        files: open at a time.
        file: bytes of one.
        scratch: bytes of all in /tmp; as many again in /dev/shm.
    """

    user: int
    seconds: int
    memory: int
    processes: int
    files: int
    file: int
    scratch: int


def next_is_first() -> None:
    """What this process forks next is the first process of a new namespace of processes. Root alone may; `back` ends it.

    Raises:
        OSError: the kernel refuses.
    """
    _call("unshare", _libc.unshare(NEW_PIDS))


def back(own: int) -> None:
    """What this process forks from now on is in its own namespace again.

    Args:
        own: an open file, this process's /proc/self/ns/pid.
    """
    _call("setns", _libc.setns(own, NEW_PIDS))


def apart(caps: Caps, processes: bool = True) -> None:
    """New namespaces for this process, with an empty /tmp and /dev/shm in them.

    Args:
        processes: also one of processes, for the next fork of this process.

    Raises:
        OSError: the kernel refuses one of them; the text says which.
    """
    user, group = os.getuid(), os.getgid()
    wanted = NEW_MOUNTS | NEW_IPC | (NEW_PIDS if processes else 0) | (NEW_USER if user else 0)
    _call("unshare", _libc.unshare(wanted))
    if user:
        _call("dumpable", _libc.prctl(SET_DUMPABLE, 1, 0, 0, 0))  # else /proc/self would be root's
        Path("/proc/self/setgroups").write_text("deny", "ascii")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1", "ascii")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1", "ascii")
    _mount("", "/", None, PRIVATE)
    for place in ("/tmp", "/dev/shm"):
        _mount("tmpfs", place, "tmpfs", NO_SUID | NO_DEVICES, f"size={caps.scratch},nr_inodes=100000,mode=1777")


def processes_shown() -> None:
    """/proc shows the processes of this namespace, or none at all. To be called in the first process of it."""
    try:
        _mount("proc", "/proc", "proc", NO_SUID | NO_DEVICES | NO_EXEC)
    except OSError:  # a user without rights may not where the host's /proc is covered in part, as in a container
        _mount("tmpfs", "/proc", "tmpfs", NO_SUID | NO_DEVICES | NO_EXEC, "size=4096,mode=555")


def locked(caps: Caps) -> None:
    """Give up all that a student's code has no need of.

    Raises:
        OSError: one of it cannot be given up.
    """
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    # Data that the zygote has loaded counts too, so it is added; memory that is shared with it costs nothing.
    own = int(Path("/proc/self/statm").read_text("ascii").split()[5]) * resource.getpagesize() if _shown() else 2 << 30
    for kind, most in (
        (resource.RLIMIT_CPU, caps.seconds),
        (resource.RLIMIT_DATA, caps.memory + own),
        (resource.RLIMIT_NPROC, caps.processes),
        (resource.RLIMIT_NOFILE, caps.files),
        (resource.RLIMIT_FSIZE, caps.file),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_MEMLOCK, 1 << 16),
    ):
        hard = resource.getrlimit(kind)[1]
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (least, least))
    number = 0
    while _libc.prctl(DROP_BOUNDING, number, 0, 0, 0) == 0:
        number += 1
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(caps.user, caps.user, caps.user)
        os.setresuid(caps.user, caps.user, caps.user)
    header, none = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    _call("capset", _libc.capset(header, none))
    _call("no_new_privs", _libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    _call("dumpable", _libc.prctl(SET_DUMPABLE, 1, 0, 0, 0))  # else its own /proc/self would be closed to it
    seccomp.shut(_libc)
    os.umask(0o022)  # the guard reads which statement ended the process
    os.mkdir(WORK, 0o755)
    os.chdir(WORK)


def undumpable() -> None:
    """No other process may look into this one or trace it."""
    _call("dumpable", _libc.prctl(SET_DUMPABLE, 0, 0, 0, 0))


def in_large_pages() -> None:
    """Ask the kernel to lay this process's own memory into large pages (Linux 6.1).

    A fork copies an entry for each page: some 100,000 after the import of torch, a few hundred after this. Measured in a virtual
    machine a fork then takes 7 ms of the processor in place of 28, and a submission has up to thirty. Where the kernel won't,
    nothing else changes.
    """
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/self/maps").read_text("utf-8").splitlines():
            area, rights, *_, last = line.split()
            if "w" in rights and (last == "[heap]" or last == "0"):  # of no file: then its inode, 0, is the last word
                first, end = (int(word, 16) for word in area.split("-"))
                for place in range(-(-first // LARGE_PAGE) * LARGE_PAGE, end - LARGE_PAGE + 1, LARGE_PAGE):
                    _libc.madvise(ctypes.c_void_p(place), ctypes.c_size_t(LARGE_PAGE), COLLAPSE)


def _shown() -> bool:
    return Path("/proc/self/statm").exists()


def _mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> None:
    code = _libc.mount(
        source.encode(), target.encode(), kind.encode() if kind else None, ctypes.c_ulong(flags), options.encode()
    )
    _call(f"mount {kind or 'private'} {target}", code)


def _call(what: str, code: int) -> None:
    if code != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
