"""System calls that a student's code has no use for, refused by the kernel: a filter of some ninety instructions.

Namespaces already hide what they could reach. The filter keeps rarely used doors of the kernel itself shut: mounts, keys, tracing,
BPF, io_uring, new namespaces, sockets of odd families. Numbers are those of Linux on x86-64 and on 64-bit ARM; elsewhere there is
no filter, and `course doctor` says so.
"""

import ctypes
import errno
import platform
import struct

COMMON = (425, 426, 427, 428, 429, 430, 431, 432, 433, 438, 442)  # io_uring, the new calls for mounts, pidfd_getfd
X86_64 = (
    *(
        101,
        103,
        135,
        153,
        154,
        155,
        159,
        161,
        163,
        164,
        165,
        166,
        167,
        168,
        169,
        170,
        171,
        172,
        173,
        175,
        176,
        179,
        180,
    ),
    *(227, 246, 248, 249, 250, 256, 272, 279, 298, 303, 304, 305, 308, 310, 311, 312, 313, 320, 321, 323),
)
AARCH64 = (
    *(39, 40, 41, 42, 51, 58, 60, 89, 92, 97, 104, 105, 106, 112, 116, 117, 142, 161, 162, 170, 171),
    *(217, 218, 219, 224, 225, 238, 239, 241, 264, 265, 266, 268, 270, 271, 272, 273, 280, 282, 294),
)
#      machine: (what the kernel calls it, refused, clone, socket)
MACHINES = {"x86_64": (0xC000003E, X86_64, 56, 41), "aarch64": (0xC00000B7, AARCH64, 220, 198)}
CLONE3 = 435  # its flags lie in memory, where a filter cannot look; without it the C library takes clone
NEW_NAMESPACES = 0x7E020000
FAMILIES = (1, 2, 10, 16)  # of a machine's own processes, IPv4, IPv6, and netlink, which asks for addresses

LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050000, 0x80000000
NUMBER, MACHINE, ARGUMENT = 0, 4, 16  # offsets in what the filter looks at


def program(machine: str = platform.machine()) -> bytes:
    """The filter in the kernel's form; empty for a machine whose numbers are not known here."""
    if machine not in MACHINES:
        return b""
    audit, refused, clone, socket = MACHINES[machine]
    steps = [(LOAD, 0, 0, MACHINE), (EQUAL, 1, 0, audit), (RETURN, 0, 0, KILL), (LOAD, 0, 0, NUMBER)]
    steps += [(AT_LEAST, 0, 1, 0x40000000), (RETURN, 0, 0, REFUSE | errno.ENOSYS)]  # x32, another set of numbers
    for number in sorted({*refused, *COMMON}):
        steps += [(EQUAL, 0, 1, number), (RETURN, 0, 0, REFUSE | errno.EPERM)]
    steps += [(EQUAL, 0, 1, CLONE3), (RETURN, 0, 0, REFUSE | errno.ENOSYS)]
    steps += [(EQUAL, 0, 4, clone), (LOAD, 0, 0, ARGUMENT)]
    steps += [(ANY_BIT, 0, 1, NEW_NAMESPACES), (RETURN, 0, 0, REFUSE | errno.EPERM), (RETURN, 0, 0, ALLOW)]
    steps += [(EQUAL, 1, 0, socket), (RETURN, 0, 0, ALLOW), (LOAD, 0, 0, ARGUMENT)]
    for place, family in enumerate(FAMILIES):
        steps.append((EQUAL, len(FAMILIES) - place, 0, family))
    steps += [(RETURN, 0, 0, REFUSE | errno.EAFNOSUPPORT), (RETURN, 0, 0, ALLOW)]
    return b"".join(struct.pack("HBBI", *step) for step in steps)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def shut(libc: ctypes.CDLL) -> bool:
    """Put the filter round this process and all that it starts, for good; False where there is none for this machine.

    Raises:
        OSError: the kernel refuses filters.
    """
    steps = program()
    if not steps:
        return False
    whole = _Program(len(steps) // 8, steps)
    if libc.prctl(22, 2, ctypes.byref(whole), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "seccomp")
    return True
