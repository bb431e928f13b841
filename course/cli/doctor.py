"""`course doctor`: does this machine have what the course needs, and what is to be done where it has not?"""

import importlib.util
import json
import os
import re
import shutil
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import asdict
from importlib import metadata
from pathlib import Path

import click

from course import catalog, paths
from course.cli import author
from course.cli.findings import Finding, bad, fine, note
from course.errors import CourseError
from course.files import shown
from course.workspace import exercises

INSTALL = "In the folder of the course: python -m pip install -e . -c constraints.txt"
FREE = 1.0  # GB: the data of all projects, models and pictures take about 0.3
SIGNS = {"fine": ("✓", "green"), "note": ("·", "yellow"), "bad": ("✗", "red")}
WEIGHTS = ("pocket_mobilenet.safetensors", "sign_net.safetensors", "bert/model.safetensors", "bert/tokenizer.json")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As data: a list of part, state, said and cure.")
def doctor(as_json: bool) -> None:
    """Check that all is here that the course needs.

    Says how to get what is not. Looks at Python, packages, byte code, your files, data, weights, disk and accelerator, and where
    classes are graded at the wall around students' code. Status 1 where something is to be mended.
    """
    found = []
    for one in findings():
        found.append(one)
        if not as_json:
            sign, colour = SIGNS[one.state]
            click.echo(f"  {click.style(sign, fg=colour)} {one.part}: {one.said}")
            for line in one.cure.splitlines():
                click.echo(f"      {line}")
    failed = sum(one.state == "bad" for one in found)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], indent=1))
    else:
        click.echo(f"{failed} to mend." if failed else "All is here that the course needs.")
    sys.exit(1 if failed else 0)


def findings() -> Iterator[Finding]:
    """One after the other, the quick ones first."""
    yield from _python()
    yield from _packages()
    yield from _byte_code()
    yield from _desk()
    yield from _weights()
    yield from _disk()
    yield from _data()
    yield from _accelerator()
    if author.is_here() and importlib.util.find_spec("course.wall"):
        from course.cli import doctor_wall

        yield from doctor_wall.findings()


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.prefix == sys.base_prefix:
        cure = "python3 -m venv .venv, then activate it: a course's packages are better kept apart from the system's."
        yield note("Python", f"{version}, in no environment of its own ({shown(Path(sys.executable))})", cure)
    else:
        yield fine("Python", f"{version} in {shown(Path(sys.prefix))}")
    found = shutil.which("course")
    mine = Path(sys.executable).parent / "course"
    if found is None:
        yield note("Python", "`course` is not found in this shell", f"Activate the environment, or type {shown(mine)}.")
    elif mine.exists() and not Path(found).samefile(mine):
        yield note("Python", f"`course` is {found}, not this environment's", "Activate the environment that you mean.")


def _packages() -> Iterator[Finding]:
    about = tomllib.loads((paths.ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    names = [re.split(r"[<>=\[;~! ]", line)[0] for line in about["dependencies"]]
    tried = dict(re.findall(r"^([\w.-]+)==(\S+)$", (paths.ROOT / "constraints.txt").read_text("utf-8"), re.M))
    others = []
    for name in names:
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            yield bad("packages", f"{name} is not installed", INSTALL)
            continue
        plain = version.partition("+")[0]  # 2.15.0+cpu is 2.15.0
        if tried.get(name, plain) != plain:
            others.append(f"{name} {version} (tried: {tried[name]})")
    if others:
        yield note(
            "packages", f"other versions than those that the tests have passed with: {', '.join(others)}", INSTALL
        )
    yield fine("packages", f"{len(names)} are needed; torch {_version('torch')}, torchvision {_version('torchvision')}")


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "none"


def _byte_code() -> Iterator[Finding]:
    spec = importlib.util.find_spec("torch")
    made = bool(spec and spec.origin and Path(importlib.util.cache_from_source(spec.origin)).is_file())
    if sys.dont_write_bytecode and not made:
        said = "Python may not write it (PYTHONDONTWRITEBYTECODE), so each command compiles torch anew: 10 s and more"
        yield bad(
            "byte code", said, "unset PYTHONDONTWRITEBYTECODE, or once: python -m compileall -q -j 0 <site-packages>"
        )
    elif not made:
        yield note("byte code", "not made yet: the first command that needs torch takes longer", "")
    else:
        yield fine("byte code", "is kept")


def _desk() -> Iterator[Finding]:
    folder = exercises.exercises_folder()
    missing = [entry.id for entry in catalog.projects() if not exercises.exercise_file(entry).is_file()]
    if folder.exists() and not os.access(folder, os.W_OK):
        yield bad(
            "your files", f"{shown(folder)} cannot be written", "Change its permissions, or copy the course elsewhere."
        )
    elif missing:
        yield note("your files", f"no stub of {', '.join(missing)} in {shown(folder)}", "`course update` makes them.")
    else:
        yield fine("your files", f"a module of each project in {shown(folder)}")


def _weights() -> Iterator[Finding]:
    folder = paths.ROOT / "course" / "models" / "weights"
    lost = [name for name in WEIGHTS if not (folder / name).is_file() or not (folder / name).stat().st_size]
    pointers = [
        name
        for name in WEIGHTS
        if name not in lost and (folder / name).read_bytes()[:40].startswith(b"version https://git-lfs")
    ]
    if lost or pointers:
        cure = "git checkout course/models/weights, or take a whole copy of the course."
        yield bad("weights", f"{', '.join(lost + pointers)} is not there", cure)
    else:
        yield fine("weights", "the pre-trained networks of the course are here")


def _disk() -> Iterator[Finding]:
    try:
        free = shutil.disk_usage(paths.ROOT).free / 1e9
    except OSError as fault:
        yield note("disk", f"its room is not known: {fault.strerror}", "")
        return
    if free < FREE:
        yield bad(
            "disk",
            f"{free:.1f} GB are free",
            f"Make room: the course wants {FREE:.0f} GB. `course data` says what is large.",
        )
    else:
        yield fine("disk", f"{free:.0f} GB are free")


def _data() -> Iterator[Finding]:
    try:
        from course.datasets import inventory

        held = [one for one in inventory.holdings() if one.files]
    except (CourseError, ImportError) as fault:
        yield bad("data", str(fault).splitlines()[0], "`course data` says more.")
        return
    for one in held:
        if not one.ok:
            cure = "Delete it: embedded data are made anew on next use, real ones come back with `course data fetch`."
            yield bad("data", f"{one.name} ({one.tier}) is damaged: {one.state}", cure)
    whole = ", ".join(f"{one.name} ({one.tier})" for one in held if one.ok)
    yield fine("data", f"{whole or 'none yet'}; what is missing is made on first use")


def _accelerator() -> Iterator[Finding]:
    try:
        import torch
    except Exception as fault:  # a broken installation raises what it likes
        yield bad("torch", f"cannot be imported: {type(fault).__name__}: {str(fault)[:200]}", INSTALL)
        return
    cores, load = os.cpu_count() or 1, os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    name = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    said = f"{name.type} beside the processor" if name else "none, and none is needed"
    yield fine("accelerator", f"{said}; cores: {cores}, threads of torch: {torch.get_num_threads()}")
    if load > 2 * cores:
        yield note("accelerator", f"the machine is busy (load {load:.0f}): everything takes longer", "")
