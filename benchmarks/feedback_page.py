"""A student's page to look at: a submission with known mistakes is graded as `course grade` does it, and its page drawn.

    python benchmarks/feedback_page.py                            # 04a with two mistakes -> feedback.html
    python benchmarks/feedback_page.py --project 07 --mistakes make_transforms:any_hue train:one_batch_an_epoch
    python benchmarks/feedback_page.py --picture docs/pictures/feedback.png

A mistake is function:name, as `course author proofs 07` lists them. The picture takes Chromium (apt-get install
chromium); `--width 400` is a phone, `--dark` a reader who has a dark screen. No figure is measured here.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from course.authoring.proofs.variants import mistakes_of, solution_text
from course.catalog import project
from course.grading import submissions
from course.grading.judge import Job, judge
from course.reports import html

MISTAKES = ["make_transforms:turned_all_the_way", "train_augmented:the_transform_of_validation"]
TALLEST = 6000  # pixels; what is empty below the page is cut off
QUIET = "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-sync --hide-scrollbars"


def main() -> None:
    """Grade, write the page, and draw it if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--project", default="04a")
    parser.add_argument("--mistakes", nargs="*", default=MISTAKES, help="function:name ...")
    parser.add_argument("--student", default="ada")
    parser.add_argument("--page", type=Path, default=Path("feedback.html"))
    parser.add_argument("--picture", type=Path, help="a PNG file to draw the page into")
    parser.add_argument("--width", type=int, default=1040, help="of the picture, in pixels (1040)")
    parser.add_argument("--dark", action="store_true")
    said = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        text = submission(said.project, said.mistakes)
        Path(folder, f"{said.student}.py").write_text(text, "utf-8")
        [found] = submissions.find(Path(folder), [project(said.project)], [])
        result = judge(Job(found, call_seconds=600.0, seconds=6000.0, isolation="process"))
    said.page.write_text(html.page(result), "utf-8")
    kept = said.page.stat().st_size / 1000
    print(f"{said.page}: {result.earned} of {result.points} points, {kept:.0f} kB")
    if said.picture:
        draw(said.page, said.picture, said.width, said.dark)
        print(f"{said.picture}: {said.picture.stat().st_size / 1000:.0f} kB")


def submission(key: str, mistakes: list[str]) -> str:
    """The solution of a project with these mistakes in it."""
    known = {f"{one.task}:{one.name}": one for one in mistakes_of(project(key))}
    text = solution_text(key)
    for name in mistakes:
        if name not in known:
            sys.exit(f"Project {key} knows no mistake {name}; it knows {', '.join(known)}.")
        text = known[name].edit(text)
    return text


def draw(page: Path, picture: Path, width: int, dark: bool = False) -> None:
    """Draw the whole page as a browser shows it; 256 colours, which is a third of the bytes."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("There is no Chromium here that could draw the page: apt-get install chromium.")
    with tempfile.TemporaryDirectory() as folder:
        shot = Path(folder, "shot.png")
        command = [browser, *QUIET.split(), f"--user-data-dir={folder}/profile", f"--window-size={width},{TALLEST}"]
        command += ["--blink-settings=preferredColorScheme=0"] if dark else []
        subprocess.run([*command, f"--screenshot={shot}", page.resolve().as_uri()], check=True, capture_output=True)
        image = Image.open(shot).convert("RGB")
    pixels = np.asarray(image)
    filled = np.flatnonzero((pixels != pixels[-1, 0]).any((1, 2)))
    end = min(int(filled[-1]) + 24, image.height) if len(filled) else image.height
    colours = image.crop((0, 0, width, end)).quantize(256, dither=Image.Dither.NONE)
    colours.save(picture, optimize=True)


if __name__ == "__main__":
    main()
