"""Judges on a cluster: a job travels whole, an address that would give a class away is refused, a dead worker loses nothing."""

import os
import signal
import sys
import time

import pytest
from cheap_class import ENTRY, NAME, hand_in
from cheap_class import judge as cheap_judge

from course import paths
from course.errors import CourseError
from course.grading import classroom, cluster
from course.grading import judge as judging
from course.grading.judge import Job
from course.grading.packed import verdict
from course.grading.submissions import find


def jobs(folder):
    return [Job(one, isolation="process", seed=7) for one in find(folder, [ENTRY])]


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("dask://127.0.0.1:8786", "tcp://127.0.0.1:8786"),
        ("dask://localhost:1", "tcp://localhost:1"),
        ("dask+tls://grader.example.org:8786", "tls://grader.example.org:8786"),
        ("dask+tls://[::1]:8786", "tls://[::1]:8786"),
    ],
)
def test_an_address(address, wanted):
    assert cluster.scheduler(address) == wanted


@pytest.mark.parametrize(
    "address", ["dask://", "dask://localhost", "tcp://localhost:1", "dask://x:y", "8786", "dask://[:1"]
)
def test_what_is_no_address_is_refused_with_an_example(address):
    with pytest.raises(CourseError, match="no address of a cluster") as fault:
        cluster.scheduler(address)
    assert "dask://127.0.0.1:8786" in fault.value.cure


@pytest.mark.parametrize("host", ["10.0.0.1", "grader.example.org", "0.0.0.0"])
def test_no_class_leaves_this_machine_without_tls(host):
    with pytest.raises(CourseError, match="without TLS") as fault:
        cluster.scheduler(f"dask://{host}:8786")
    assert f"dask+tls://{host}:8786" in fault.value.cure


def test_a_job_travels_with_its_files(tmp_path, monkeypatch):
    hand_in(tmp_path, ada=3)
    (tmp_path / "ada" / NAME / "helpers.py").write_text("X = 1\n")
    (tmp_path / "ada" / "ex03_cnn").mkdir()
    (tmp_path / "ada" / "ex03_cnn" / "ex03_cnn.py").write_text("Y = 1\n")
    (job,) = jobs(tmp_path)
    work = cluster.carried(job)
    seen = {}

    def judge(there):
        one = there.submission
        seen.update(text=one.file.read_text(), beside=(one.file.parent / "helpers.py").read_text(), name=one.name)
        seen.update(
            other=one.others["ex03_cnn"].read_text(), far=str(tmp_path) not in str(one.file), secret=there.secret
        )
        return cheap_judge(there)

    monkeypatch.setattr(judging, "judge", judge)
    result, _ = cluster.judged(work)
    assert verdict(result) == verdict(cheap_judge(job))
    assert seen["text"] == "3  # ada\n"
    assert seen["beside"] == "X = 1\n"
    assert seen["other"] == "Y = 1\n"
    assert seen["name"] == f"ada/{NAME}/{NAME}.py"
    assert seen["far"]


def test_a_worker_with_another_course_judges_nothing(tmp_path):
    hand_in(tmp_path, ada=3)
    work = cluster.carried(jobs(tmp_path)[0])
    with pytest.raises(CourseError, match="another course") as fault:
        cluster.judged(cluster.replace(work, course="x"))
    assert "same commit" in fault.value.cure


def test_without_dask_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(CourseError, match="Dask is not installed") as fault:
        cluster.Cluster("dask://127.0.0.1:1")
    assert "[dask]" in fault.value.cure


def test_nobody_there_is_an_error_with_a_cure(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(cluster, "SECONDS", 0.3)
    with pytest.raises(CourseError, match="gives no workers") as fault:
        cluster.Cluster("dask://127.0.0.1:9")
    assert "dask worker" in fault.value.cure


def graded(made, work):
    found = []
    classroom.grade_class(
        work, 2, made, each=lambda job, result, _: found.append((job.submission.student, result.earned))
    )
    return sorted(found)


@pytest.mark.parametrize("tls", [False, True])
def test_a_class_over_loopback_plain_and_with_tls(tls, tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed")
    if tls:
        pytest.importorskip("cryptography")
    security = distributed.Security.temporary() if tls else None
    monkeypatch.setattr(judging, "judge", cheap_judge)
    hand_in(tmp_path, ada=3, ben=1)
    (tmp_path / "cleo").mkdir()
    options = {"n_workers": 1, "threads_per_worker": 2, "processes": False, "dashboard_address": None}
    with distributed.LocalCluster(**options, protocol="tls" if tls else "tcp", security=security) as here:
        address = here.scheduler_address.replace("tls://", "dask+tls://").replace("tcp://", "dask://")
        if tls:
            monkeypatch.setattr(cluster, "SECONDS", 2.0)
            with pytest.raises(CourseError, match="gives no workers"):  # one whose certificate nobody has signed
                cluster.Cluster(address, distributed.Security.temporary())
            monkeypatch.undo()
            monkeypatch.setattr(judging, "judge", cheap_judge)
        size, make = cluster.cluster(address, security)
        assert size == 1
        found = graded(make, jobs(tmp_path))
    assert [student for student, _ in found] == ["ada", "ben", "cleo"]
    assert found == sorted((job.submission.student, cheap_judge(job).earned) for job in jobs(tmp_path))


@pytest.mark.slow
def test_a_worker_that_is_killed_loses_nothing(tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed")
    tests = str(paths.ROOT / "tests" / "grading")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([*sys.path, str(paths.ROOT), tests]))
    hand_in(tmp_path, **{f"s{k:02}": k % 5 for k in range(40)})
    options = {
        "n_workers": 2,
        "threads_per_worker": 1,
        "processes": True,
        "dashboard_address": None,
        "preload": "cheap_judges",
    }
    with distributed.LocalCluster(**options) as here:
        size, make = cluster.cluster(here.scheduler_address.replace("tcp://", "dask://"))
        assert size == 2
        found, pids = [], {info["id"]: None for info in here.scheduler_info["workers"].values()}
        assert len(pids) == 2

        def each(job, result, _):
            found.append((job.submission.student, result.earned))
            if len(found) == 10:
                pid = next(iter(here.workers.values())).pid
                os.kill(pid, signal.SIGKILL)
                time.sleep(0.2)

        classroom.grade_class(jobs(tmp_path), 2, make, each)
    wanted = sorted((job.submission.student, cheap_judge(job).earned) for job in jobs(tmp_path))
    assert sorted(found) == wanted
