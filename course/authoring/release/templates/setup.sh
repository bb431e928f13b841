#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the image of the autograder: Python 3.11 or newer, the course with its locked
# packages, the data; and last the project's own solution is graded, so that an image that cannot grade is not built.
#
# COURSE_AUTOGRADER: another folder in the place of /autograder, to try it elsewhere.
set -euo pipefail
cd "${COURSE_AUTOGRADER:-/autograder}/source"

find_python() {
    for name in python3.12 python3.13 python3.11 python3.14 python3; do
        if "$name" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    return 1
}

if ! python=$(find_python) && command -v apt-get >/dev/null; then
    apt-get update -qq || true
    for version in 3.12 3.13 3.11; do # Ubuntu 24.04 has 3.12, 22.04 has 3.11
        if DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "python$version" "python$version-venv"; then
            break
        fi
    done
    python=$(find_python) || true
fi
if [ -z "$python" ]; then
    echo "There is no Python 3.11 or newer, and apt-get has none: choose a newer Ubuntu as base image of the autograder." >&2
    exit 1
fi

# For the wall round students' code (docs/wall.md). Without it they are graded all the same, and their results say so.
if ! command -v bwrap >/dev/null && command -v apt-get >/dev/null; then
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends bubblewrap || true
fi

"$python" -m venv .venv
# --no-compile and no cache: the image stays smaller. torch's Linux build is large all the same.
.venv/bin/python -m pip install --disable-pip-version-check --no-compile --no-cache-dir --quiet -e '.[gradescope]' -c constraints.txt
.venv/bin/python -m course.cli.gradescope --prepare
