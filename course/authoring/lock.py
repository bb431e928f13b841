"""The exact versions that the course is locked to: `make lock` writes constraints.txt.

pip itself resolves, as if nothing were installed, and reports what it would install; here the report becomes a list. Nothing is
installed, and no address of an index is kept.
"""

import json
import subprocess
import sys

HEADER = """\
# Made by `make lock`: the versions that the tests have passed with. Constraints, not requirements: pip installs of these only what
# is needed (the names with nvidia- belong to the Linux build of torch).
"""


def resolve(requirement: str = ".[dev,notebook,kaggle,browser,docs,dask]") -> list[str]:
    """`name==version` of all that pip would install for `requirement` on a bare machine, sorted; without the course itself."""
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--dry-run",
        "--ignore-installed",
        "--quiet",
        "--report",
        "-",
        requirement,
    ]
    report = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return lines_of(report)


def lines_of(report: dict) -> list[str]:
    """The lines of pip's installation report, without local parts such as "+cpu", which name a build and no version."""
    found = [item["metadata"] for item in report["install"] if "dir_info" not in item.get("download_info", {})]
    return sorted((f"{m['name']}=={m['version'].partition('+')[0]}" for m in found), key=str.lower)


def text() -> str:
    """All of constraints.txt, resolved now."""
    return HEADER + "\n".join(resolve()) + "\n"
