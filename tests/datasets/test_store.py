"""The pocket store: made once, complete or not at all, whatever happens while it is made."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from course.datasets import registry, sets, store
from course.errors import CourseError

STARTED: list[subprocess.Popen] = []
MODULE = f"{registry.SETS}.toy"

# A data set that can be told to be slow, to fail or to be interrupted: files in the folder named by TOY.
TOY = """
import os, time
from pathlib import Path
from course.datasets.registry import DataSet
DATA_SET = DataSet("toy", "six files", __name__, "nobody's", "There are none.", absent=lambda folder: "they are not real")
VERSION = int(os.environ.get("TOY_VERSION", "1"))

def write(folder, progress):
    with open(Path(os.environ["TOY"]) / "made", "a") as log:
        log.write(f"{os.getpid()}\\n")
    (folder / "deep").mkdir()
    for i in range(6):
        (folder / "deep" / f"{i}.bin").write_bytes(bytes([i]) * 1000)
        progress(i + 1, 6)
        time.sleep(float(os.environ.get("TOY_PAUSE", "0")))
"""


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A data set "toy", declared by one module and kept in a data folder of its own; returns the folder for its log."""
    code = tmp_path / "code"
    code.mkdir()
    (code / "toy.py").write_text(TOY)
    monkeypatch.setattr(sets, "__path__", [*sets.__path__, str(code)])
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("TOY", str(tmp_path))
    monkeypatch.delitem(sys.modules, MODULE, raising=False)
    yield tmp_path
    sys.modules.pop(MODULE, None)
    while STARTED:
        STARTED.pop().kill()  # nothing to do for those that ended


def times_made(toy):
    return len((toy / "made").read_text().split())


def hidden_folders(toy):
    return sorted(p.name for p in (toy / "data" / "pocket").iterdir() if p.is_dir() and p.name.startswith("."))


def run(toy, pause=0.0, **more):
    """`ensure("toy")` in a real process of its own."""
    code = (
        "import sys\nfrom course.datasets import sets, store\n"
        "sets.__path__.append(sys.argv[1])\n"
        "print(store.ensure('toy'))"
    )
    environment = {**os.environ, "TOY_PAUSE": str(pause), **more}
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(toy / "code")],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # in the background a shell has it ignored, which is inherited; a person's Ctrl-C is not
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    STARTED.append(process)
    return process


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:  # not a verdict on speed: what is waited for will never come
            raise TimeoutError("waited too long")
        time.sleep(0.02)


def test_made_once_then_found(toy, capsys):
    folder = store.ensure("toy")
    assert folder == toy / "data" / "pocket" / "toy"
    assert sorted(p.name for p in folder.iterdir()) == [store.MANIFEST, "deep"]
    assert "making pocket toy" in capsys.readouterr().err
    assert store.ensure("toy") == folder
    assert times_made(toy) == 1
    assert capsys.readouterr().err == ""
    assert store.verify("toy") == []
    assert hidden_folders(toy) == []


def test_manifest_says_what_and_with_what(toy):
    manifest = json.loads((store.ensure("toy", quiet=True) / store.MANIFEST).read_text())
    assert manifest["version"] == 1
    assert set(manifest["made_with"]) == {"python", "numpy", "pillow", "platform"}
    assert set(manifest["files"]) == {f"deep/{i}.bin" for i in range(6)}
    assert manifest["files"]["deep/3.bin"]["bytes"] == 1000


def test_quiet_is_quiet(toy, capsys):
    store.ensure("toy", quiet=True)
    assert capsys.readouterr().err == ""


def test_safe_to_delete(toy):
    import shutil

    shutil.rmtree(store.ensure("toy", quiet=True))
    store.ensure("toy", quiet=True)
    assert times_made(toy) == 2


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda f: (f / "deep" / "2.bin").write_bytes(b"half"), "2.bin has 4 bytes instead of 1000"),
        (lambda f: (f / "deep" / "2.bin").unlink(), "2.bin is missing"),
        (lambda f: (f / store.MANIFEST).unlink(), "MANIFEST.json is missing or damaged"),
        (lambda f: (f / store.MANIFEST).write_text('{"version": 1, "fi'), "MANIFEST.json is missing or damaged"),
        (lambda f: (f / store.MANIFEST).write_text("[]"), "MANIFEST.json is missing or damaged"),
    ],
    ids=["half a file", "a file missing", "no manifest", "half a manifest", "another manifest"],
)
def test_half_written_cache_is_made_again_with_one_line(toy, capsys, damage, says):
    folder = store.ensure("toy", quiet=True)
    damage(folder)
    capsys.readouterr()
    store.ensure("toy")
    lines = [line for line in capsys.readouterr().err.splitlines() if "made again" in line]
    assert len(lines) == 1
    assert says in lines[0]
    assert store.verify("toy") == []
    assert hidden_folders(toy) == []


def test_another_version_is_made_again(toy, monkeypatch, capsys):
    store.ensure("toy", quiet=True)
    monkeypatch.setattr(sys.modules[MODULE], "VERSION", 2)
    store.ensure("toy")
    assert "version 1 was found, version 2 is wanted" in capsys.readouterr().err
    assert times_made(toy) == 2


def test_extra_files_of_other_programs_do_no_harm(toy):
    (store.ensure("toy", quiet=True) / ".DS_Store").write_bytes(b"x")
    store.ensure("toy", quiet=True)
    assert times_made(toy) == 1


def test_verify_finds_a_changed_byte_that_the_quick_check_cannot(toy):
    folder = store.ensure("toy", quiet=True)
    (folder / "deep" / "5.bin").write_bytes(b"x" * 1000)
    assert store.fault(folder, 1) is None
    (found,) = store.verify("toy")
    assert "5.bin" in found
    assert "content" in found


def test_verify_before_anything_is_made(toy):
    with pytest.raises(CourseError, match="not made"):
        store.verify("toy")


def test_unknown_name():
    with pytest.raises(CourseError, match="minst") as caught:
        store.ensure("minst")
    assert "asl, fruits, mnist" in caught.value.cure


def test_an_absent_module_does_not_break_the_others(toy, monkeypatch):
    (toy / "code" / "later.py").write_text(TOY.replace("__name__", "'course.datasets.later'"))
    with pytest.raises(CourseError, match=r"course\.datasets\.later is not in this copy"):
        store.ensure("later")
    store.ensure("toy", quiet=True)


def test_a_fault_in_the_writer_is_not_hidden(toy, monkeypatch):
    store.ensure("toy", quiet=True)
    monkeypatch.setattr(sys.modules[MODULE], "VERSION", 2)

    def write(folder, progress):
        raise ZeroDivisionError

    monkeypatch.setattr(sys.modules[MODULE], "write", write)
    with pytest.raises(ZeroDivisionError):
        store.ensure("toy", quiet=True)
    assert hidden_folders(toy) == []
    assert store.fault(toy / "data" / "pocket" / "toy", 1) is None  # the old one stands


def test_two_first_runs_at_once(toy):
    """Two real processes: one makes, the other says that it waits, both get the same whole data."""
    first = run(toy, pause=0.3)
    wait_for(lambda: (toy / "made").exists())
    second = run(toy)
    answers = [process.communicate(timeout=60) for process in (first, second)]
    assert first.returncode == second.returncode == 0, answers
    assert answers[0][0] == answers[1][0]
    assert times_made(toy) == 1
    assert "Another process is making the pocket data set toy; waiting for it." in answers[1][1]
    assert store.verify("toy") == []


def test_killed_first_run(toy):
    """SIGKILL in the middle: nothing that looks like data is left, and the next run clears up and makes them."""
    first = run(toy, pause=30)
    wait_for(lambda: list((toy / "data" / "pocket").glob(".toy.making-*/deep/0.bin")))
    first.send_signal(signal.SIGKILL)
    first.communicate(timeout=60)
    assert not (toy / "data" / "pocket" / "toy").exists()
    assert len(hidden_folders(toy)) == 1
    store.ensure("toy", quiet=True)
    assert hidden_folders(toy) == []
    assert store.verify("toy") == []
    assert times_made(toy) == 2


def test_killed_between_the_two_renames(toy):
    """The old data are set aside and the new ones not yet in place: the next run makes them anew and clears both."""
    folder = store.ensure("toy", quiet=True)
    folder.rename(folder.with_name(".toy.old-1"))
    store.ensure("toy", quiet=True)
    assert hidden_folders(toy) == []
    assert times_made(toy) == 2


def test_interrupted_by_the_keyboard(toy):
    first = run(toy, pause=30)
    wait_for(lambda: list((toy / "data" / "pocket").glob(".toy.making-*/deep/0.bin")))
    first.send_signal(signal.SIGINT)
    first.communicate(timeout=60)
    assert hidden_folders(toy) == []


def as_nobody(code):
    """Run code as a user to whom file modes apply: root ignores them. Returns what it printed."""
    drop = "if os.getuid() == 0:\n    os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
    # Imported before the change of user, who may not be able to read the environment.
    head = (
        "import os\nfrom course.datasets import registry, sets, store\nimport numpy, PIL\n"
        "from course.errors import CourseError\nsets.__path__.append(os.path.join(os.environ['TOY'], 'code'))\n"
        "registry.find('toy')\n"
    )
    done = subprocess.run([sys.executable, "-c", head + drop + code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


ENSURE = "try:\n    print('found', store.ensure('toy'))\nexcept CourseError as e:\n    print(e.problem, '/', e.cure)\n"


@pytest.fixture
def open_toy(toy, monkeypatch):
    """The toy, with every parent readable by another user (pytest's own temporary folders are for their owner only)."""
    monkeypatch.setenv("PYTHONPATH", str(toy / "code"))
    touched = []
    for folder in [toy, *toy.parents]:
        mode = folder.stat().st_mode
        if folder.stat().st_uid == os.getuid() and mode & 0o555 != 0o555:
            touched.append((folder, mode))
            folder.chmod(mode | 0o555)
    yield toy
    for folder, mode in touched:
        folder.chmod(mode)


def test_read_only_folder_with_data(open_toy):
    """Where the data stand, nothing is written: not even a lock."""
    folder = store.ensure("toy", quiet=True)
    (folder.parent / ".toy.lock").unlink(missing_ok=True)
    data = open_toy / "data"
    places = [data, *data.rglob("*")]
    for place in places:
        place.chmod(0o555 if place.is_dir() else 0o444)
    try:
        assert as_nobody(ENSURE).strip() == f"found {folder}"
        assert not (folder.parent / ".toy.lock").exists()
    finally:
        for place in places:
            place.chmod(0o755)


@pytest.mark.parametrize("depth", ["data", "data/pocket"])
def test_read_only_folder_without_data(open_toy, depth):
    (open_toy / depth).mkdir(parents=True)
    (open_toy / depth).chmod(0o555)
    try:
        answer = as_nobody(ENSURE)
    finally:
        (open_toy / depth).chmod(0o755)
    assert f"{open_toy / 'data' / 'pocket'} cannot be written" in answer
    assert "COURSE_DATA" in answer


def test_a_file_in_the_way(toy):
    (toy / "data").write_text("a file, not a folder")
    with pytest.raises(CourseError, match="cannot be written"):
        store.ensure("toy", quiet=True)


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), OSError("encoder error -2")])
def test_full_disk(toy, monkeypatch, error):
    """PIL reports a full disk without an errno, so the space left is looked at."""

    def write(folder, progress):
        (folder / "half").write_bytes(b"x")
        raise error

    monkeypatch.setattr(registry.find("toy").load_writer(), "write", write)
    monkeypatch.setattr(store, "_free", lambda folder: 0)
    with pytest.raises(CourseError, match="is full") as caught:
        store.ensure("toy", quiet=True)
    assert "COURSE_DATA" in caught.value.cure
    assert [p.name for p in (toy / "data" / "pocket").iterdir() if not p.name.endswith(".lock")] == []


def test_really_full_disk(toy, monkeypatch):
    """A tiny tmpfs, where this process may mount one; the data set does not fit."""
    disk = toy / "disk"
    disk.mkdir()
    if (
        os.getuid() != 0
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(disk)], capture_output=True
        ).returncode
    ):
        pytest.skip("this process may not mount a tmpfs")
    try:
        monkeypatch.setenv("COURSE_DATA", str(disk))
        with pytest.raises(CourseError, match="is full"):
            store.ensure("toy", quiet=True)
        assert [p for p in Path(disk, "pocket").rglob("*") if p.suffix == ".bin"] == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_workers_do_not_run_the_callers_script_again(toy):
    """A script with no `if __name__` guard, whose data set is made by spawned processes."""
    (toy / "code" / "toy.py").write_text(TOY.replace("__name__", "'spawning_data'"))
    (toy / "code" / "spawning_data.py").write_text(
        "import multiprocessing as mp\nfrom concurrent.futures import ProcessPoolExecutor as Pool\nVERSION = 1\n"
        "def square(i):\n    return i * i\n"
        "def write(folder, progress):\n"
        "    with Pool(1, mp_context=mp.get_context('spawn')) as pool:\n"
        "        (folder / 'x').write_text(str(sum(pool.map(square, range(4)))))\n"
    )
    script = toy / "script.py"
    script.write_text(
        "print('script runs')\nimport os\nfrom course.datasets import sets, store\n"
        "sets.__path__.append(os.environ['PYTHONPATH'].split(os.pathsep)[0])\n"
        "print((store.ensure('toy', quiet=True) / 'x').read_text())\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(toy / "code"), os.environ.get("PYTHONPATH", "")])}
    for given in (
        {"args": [sys.executable, str(script)]},
        {"args": [sys.executable, "-"], "input": script.read_text()},
    ):
        done = subprocess.run(**given, env=environment, capture_output=True, text=True, timeout=120)
        assert done.stdout.split("\n") == ["script runs", "14", ""], done.stderr
        (toy / "data" / "pocket" / "toy" / store.MANIFEST).unlink()


def test_first_lines_of_a_real_data_set(tmp_path, monkeypatch):
    """The digits through the store, small: what it declares works."""
    from course.datasets import digits

    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    whole = digits.write
    monkeypatch.setattr(digits, "write", lambda f, p: whole(f, p, train_count=40, valid_count=20))
    folder = store.ensure("mnist", quiet=True)
    assert (folder / "MNIST" / "raw" / "train-images-idx3-ubyte.gz").is_file()
    assert store.verify("mnist") == []
