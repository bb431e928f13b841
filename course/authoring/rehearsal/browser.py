"""Chromium without a window, and a Jupyter server for it to look at: for `screenshots`, and for the tests that go the same way.

Both are started here and ended here, and what they write goes into a folder that the caller names, so that nobody's own Jupyter
has a say. Chromium is the system's: Playwright's package drives it, and its own download of a browser is not needed.
"""

import importlib.util
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from course import paths
from course.errors import CourseError

if TYPE_CHECKING:
    from playwright.sync_api import Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# No graphics card, no first-run page; and without the rest Chromium looks for its maker's servers at every start.
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
STARTS = 180.0  # seconds that a Jupyter server may take to answer; 5 on an idle machine
# Every cell is in the page, also one that cannot be seen; and no question about news.
SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True},
}


def missing() -> str:
    """What is needed and not here, with how to install it; empty where all is there."""
    if importlib.util.find_spec("playwright") is None:
        return (
            "The package playwright is missing. `python -m pip install -e '.[browser]' -c constraints.txt` installs it."
        )
    if not _executable():
        return "There is no Chromium. On Debian and Ubuntu: `apt-get install chromium`; elsewhere COURSE_CHROMIUM names it."
    return ""


def require() -> None:
    """See that all is here.

    Raises:
        CourseError: a part is missing; it says which and how to install it.
    """
    if reason := missing():
        problem, _, cure = reason.partition(". ")
        raise CourseError(f"{problem}.", cure)


def _executable() -> str | None:
    named = os.environ.get("COURSE_CHROMIUM")
    return shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def chromium(width: int, height: int) -> Iterator["Page"]:
    """An empty page of a browser, so many pixels wide and high.

    Raises:
        CourseError: a part is missing.
    """
    require()
    from playwright.sync_api import sync_playwright

    # As root, Chromium refuses to start with its own sandbox. It opens nothing here but our own server.
    flags = [*FLAGS, *(["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else [])]
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=_executable(), args=flags)
        try:
            yield browser.new_page(viewport={"width": width, "height": height}, color_scheme="light")
        finally:
            browser.close()


@contextmanager
def jupyter(root: Path, home: Path, packages: Path | None = None) -> Iterator[tuple[str, str]]:
    """A Jupyter server with JupyterLab and nbgrader's extensions.

    Args:
        root: what it serves, and where it is started; an nbgrader_config.py there counts.
        home: an empty folder for its settings, logs and the like.
        packages: a folder from which kernels import before all others.

    Yields:
        (address such as http://127.0.0.1:8888/, token).

    Raises:
        CourseError: it does not start; the last lines of its log are in the message.
    """
    token = secrets.token_hex(16)
    for name, value in SETTINGS.items():
        file = home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(value))
    environment = dict(os.environ)
    for kind in ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR"):
        environment[f"JUPYTER_{kind}"] = str(home / kind.lower())
    environment |= {
        "JUPYTER_TOKEN": token,
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "IPYTHONDIR": str(home / "ipython"),
        "COURSE_DATA": str(paths.data_folder()),
    }
    if packages:
        environment["PYTHONPATH"] = str(packages)
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ServerApp.ip=127.0.0.1", "--ServerApp.port=0"]
    command += ["--allow-root"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
    log = home / "jupyter.log"
    with log.open("w") as stream:
        server = subprocess.Popen(command, cwd=root, env=environment, stdout=stream, stderr=stream)
    try:
        yield _address(server, home / "runtime_dir", log), token
    finally:
        server.terminate()  # it ends its kernels first
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _address(server: subprocess.Popen, runtime: Path, log: Path) -> str:
    """What the server has written of itself, once it listens."""
    until = time.monotonic() + STARTS
    while server.poll() is None and time.monotonic() < until:
        for file in runtime.glob("jpserver-*.json"):
            try:
                return json.loads(file.read_text())["url"]
            except ValueError:
                pass  # not written to the end
        time.sleep(0.2)
    said = " ".join(log.read_text("utf-8", "replace").split("\n")[-6:])[-400:]
    raise CourseError(f"Jupyter does not start: {said}", "`jupyter lab` in a terminal shows all that it says.")
