"""A class on a cluster: the judges are workers of Dask, on this machine or on others. `course grade --executor dask://HOST:PORT`.

A job travels with its files, so a worker needs the course and nothing of the class. It is a judge as a local process is:
students' code runs behind the wall of the worker's own machine, in forks of the worker's own zygote, and never in the worker.
Where a worker dies, Dask gives its job to another one.

What workers say is unpickled here, and what they get there: whoever reaches a scheduler without TLS can run code on all of
them, and reads submissions and the seed of the exam. So beyond this machine only `dask+tls://` is taken.
"""

import functools
import hashlib
import ipaddress
import json
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hypothesis.configuration import set_hypothesis_home_dir

from course import catalog, paths
from course.checks.results import SubmissionResult
from course.errors import CourseError
from course.grading import basis, judge
from course.grading.handed_in import beside, read
from course.grading.judge import Job

SCHEMES = {"dask": "tcp", "dask+tls": "tls"}
SECONDS = 30.0  # to reach the scheduler, and for a first worker to come
Answer = tuple[SubmissionResult, float]


class WorkersEnded(Exception):
    """As many workers as Dask allows have died with this job."""


@dataclass(frozen=True)
class Carried:
    """A job with the files that it stands on.

    Args:
        files: {place: content}, the submission's first; "own/" is the student's folder.
        others: {module of another project: its place}.
        course: digest of the course that has sent it.
    """

    job: Job
    files: dict[str, bytes]
    others: dict[str, str]
    course: str


def carried(job: Job) -> Carried | None:
    """The job, ready to travel; None where there is no file to read, so that no worker is needed to say so."""
    one = job.submission
    if one.file is None:
        return None
    try:
        content = read(one.file)
    except (OSError, ValueError):
        return None
    inner = "" if one.folder in (None, one.file.parent) else "project/"
    files = {f"own/{inner}{one.file.name}": content}
    files |= {f"own/{inner}{name}": text for name, text in beside(one.file, one.folder, content).items()}
    others = {}
    for module, file in one.others.items():
        with suppress(OSError, ValueError):
            others[module] = f"others/{module}/{file.name}"
            files[others[module]] = read(file)
    return Carried(replace(job, exams=None, secret=()), files, others, of_course(one.project))


def judged(work: Carried) -> Answer:
    """Judge a job in a worker of Dask; one at a time, however many threads it has.

    Raises:
        CourseError: the worker's course is another one, or has no wall.
    """
    with _one, tempfile.TemporaryDirectory(prefix="course-job-", ignore_cleanup_errors=True) as folder:
        _prepare()
        here = of_course(work.job.submission.project)
        if here != work.course:
            raise CourseError(
                "A worker has another course, other packages or another Python than this machine.",
                "Install the same commit with the same constraints.txt on all of them.",
            )
        for name, content in work.files.items():
            place = Path(folder, name)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        one = work.job.submission
        there = replace(
            one,
            file=Path(folder, next(iter(work.files))),
            folder=Path(folder, "own") if one.folder else None,
            others={module: Path(folder, place) for module, place in work.others.items() if place in work.files},
        )
        return judge.timed(replace(work.job, submission=there))


_one = threading.Lock()


@functools.cache
def _prepare() -> None:
    import torch

    torch.set_num_threads(1)
    set_hypothesis_home_dir(paths.ROOT / ".course" / "hypothesis")


@functools.cache
def of_course(id: str) -> str:
    """Digest of all that a verdict on a project rests on but the submission: two machines where it differs judge differently."""
    about = {
        "graders": dict(basis.graders(id)),
        "course": dict(basis.course_files()),
        "versions": {name: version for name, version in basis.versions().items() if name != "machine"},
        "project": repr(catalog.project(id)),
    }
    return hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()


class Cluster(Executor):
    """The workers of a scheduler.

    Args:
        address: `dask://HOST:PORT` on this machine, or `dask+tls://HOST:PORT`; certificates are those of Dask's configuration.
        security: in place of that configuration.

    Raises:
        CourseError: Dask is not installed, the address is none, or nobody answers there.
    """

    def __init__(self, address: str, security: Any = None) -> None:
        where = scheduler(address)
        try:
            from distributed import Client
            from distributed.scheduler import KilledWorker
            from distributed.security import Security
        except ImportError:
            raise CourseError("Dask is not installed.", "pip install -e '.[dask]' -c constraints.txt") from None
        if security is None and where.startswith("tls:"):
            security = Security(require_encryption=True)
        self._killed = KilledWorker
        try:
            self._client = Client(where, security=security, timeout=SECONDS, set_as_default=False)
            self._client.wait_for_workers(1, timeout=SECONDS)
        except Exception as fault:
            said = str(fault).partition("\n")[0] or type(fault).__name__
            raise CourseError(
                f"{address} gives no workers: {said}.",
                "Start `dask scheduler` there and `dask worker --nthreads 1` for each judge; docs/grading-a-class.md shows how.",
            ) from fault
        self._futures = self._client.get_executor(pure=False)

    @property
    def size(self) -> int:
        """How many workers there are now."""
        return max(1, len(self._client.scheduler_info(n_workers=-1)["workers"]))

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """As executors do. What an executor of judges is given is `judge.timed` and a job."""
        job: Job = args[0]
        mine: Future[Any] = Future()
        mine.set_running_or_notify_cancel()
        work = carried(job)
        if work is None:
            mine.set_result(judge.timed(job))  # it says what is wrong with the file; nothing of it is run
            return mine

        def ended(theirs: Future[Answer]) -> None:
            try:
                result, seconds = theirs.result()
                mine.set_result((result, seconds))
            except CancelledError:
                mine.set_exception(self._gone())
            except self._killed:
                mine.set_exception(WorkersEnded("as many workers as Dask allows have ended while it was graded"))
            except BaseException as fault:
                lost = self._client.status not in ("running", "newly-created")
                mine.set_exception(self._gone() if lost else fault)

        try:
            self._futures.submit(judged, work).add_done_callback(ended)
        except Exception as fault:
            raise self._gone() from fault
        return mine

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the workers be; what nobody waits for is cancelled."""
        with suppress(Exception):
            self._futures.shutdown(wait=wait and not cancel_futures)
        with suppress(Exception):
            self._client.close(timeout=2)

    @staticmethod
    def _gone() -> CourseError:
        return CourseError("The scheduler of the cluster has gone.", "The same command goes on once it is there again.")


def scheduler(address: str) -> str:
    """The address of a scheduler as Dask has it.

    Raises:
        CourseError: it is none, or it leads away from this machine without TLS.
    """
    form = "It is dask://HOST:PORT on this machine, or dask+tls://HOST:PORT, such as dask://127.0.0.1:8786."
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or not port or parts.scheme not in SCHEMES:
        raise CourseError(f"{address} is no address of a cluster.", form)
    if parts.scheme == "dask" and not _here(host):
        raise CourseError(
            f"{address} leads to another machine without TLS: whoever listens reads the submissions and the exam's seed, and "
            "whoever reaches the scheduler can run code on all workers.",
            f"Use dask+tls://{host}:{port}; docs/grading-a-class.md shows how.",
        )
    return f"{SCHEMES[parts.scheme]}://{f'[{host}]' if ':' in host else host}:{port}"


def _here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def cluster(address: str, security: Any = None) -> tuple[int, Callable[[int], Executor]]:
    """(how many workers it has now, what makes an executor of it).

    Raises:
        CourseError: as `Cluster`.
    """
    first = [Cluster(address, security)]
    return first[0].size, lambda _: first.pop() if first else Cluster(address, security)
