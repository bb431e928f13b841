"""The picture at the top of each notebook: some of the project's data, as the data set declares them (`registry.Sample`).

It is that of the project's first data set, or what the catalog names; a project without data has none. `course author pictures`
draws them anew; `source` puts them into the notebooks as attachments, so that a notebook stays one file.
"""

import base64
import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from course import files
from course.catalog import Project, projects
from course.datasets.registry import Sample, find

FOLDER = Path(__file__).parent / "lesson_pictures"


@dataclass(frozen=True)
class Picture:
    """A picture: its file, and what is on it."""

    file: str
    sample: Sample

    @property
    def says(self) -> str:
        """What is to be seen, in a sentence."""
        return self.sample.says

    def attachment(self) -> dict[str, dict[str, str]]:
        """{name: {type: content}} as a notebook's cell has it."""
        content = base64.b64encode((FOLDER / self.file).read_bytes()).decode()
        return {self.file: {"image/png": content}}

    def drawn(self) -> Image.Image:
        """The picture, drawn now, in all its colours."""
        return _sheet(self.sample.columns(), self.sample.side)

    def content(self) -> bytes:
        """The file's bytes, drawn now."""
        drawn = self.drawn()
        if drawn.mode == "RGB":  # in 128 colours: a third of the file, and hardly to be seen
            drawn = drawn.quantize(128, dither=Image.Dither.FLOYDSTEINBERG)
        stream = io.BytesIO()
        drawn.save(stream, "PNG", optimize=True)
        return stream.getvalue()


def picture_of(entry: Project) -> Picture | None:
    """The picture of a project."""
    samples = {name: sample for data in entry.data for name, sample in find(data).samples.items()}
    if not samples:
        return None
    name = entry.picture or next(iter(samples))
    return Picture(f"{name}.png", samples[name])


def pictures() -> dict[str, Picture]:
    """The pictures of all projects that have one, by project id."""
    return {entry.id: picture for entry in projects() if (picture := picture_of(entry))}


def _sheet(columns: list[list[Image.Image]], side: int) -> Image.Image:
    """Pictures in columns, each `side` pixels wide and high."""
    high = max(len(column) for column in columns)
    out = Image.new(columns[0][0].mode, (len(columns) * side, high * side), "white")
    for x, column in enumerate(columns):
        for y, picture in enumerate(column):
            square = min(picture.size)
            left, top = (picture.width - square) // 2, (picture.height - square) // 2
            cut = picture.crop((left, top, left + square, top + square))
            out.paste(cut.resize((side, side), Image.Resampling.LANCZOS), (x * side, y * side))
    return out


def draw() -> list[Path]:
    """Draw them all anew; returns the files."""
    drawn = {FOLDER / picture.file: picture for picture in pictures().values()}
    for file, picture in drawn.items():
        files.write(file, picture.content())
    return list(drawn)
