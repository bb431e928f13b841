"""Every page of ours before axe, in light and dark, on a desk and on a phone: no finding, and nothing wider than the screen.

It needs the extra `browser` and a Chromium. COURSE_SCREENSHOTS names a folder that gets a picture of each, to be looked at.
"""

import importlib.util
import os
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from course import catalog
from course.authoring.rehearsal import browser, mock_class, mock_results
from course.checks.results import Confusion, Curves, Gallery, Picture, Table
from course.grading import likeness
from course.grading.rules import Rules
from course.grading.wording_of_code import parts_of
from course.reports import class_facts, class_page, html, likeness_page, own
from course.reports.totals import Part, Total
from tests.reports.test_own import desk, keep, run_left, verdict

__all__ = ["desk"]  # a fixture
NEEDED = browser.missing() or (
    "" if importlib.util.find_spec("axe_playwright_python") else "The package axe-playwright-python is missing."
)
needs_axe = pytest.mark.skipif(bool(NEEDED), reason=NEEDED)
ZONE = ZoneInfo("Europe/Berlin")
SCREENS = {"desk": (1280, 900), "phone": (390, 844)}
DOT = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
SHOWN = (
    Confusion(
        "What was taken for what",
        tuple("ABCDEFGHIKLM"),
        tuple(tuple(9 - abs(i - j) if abs(i - j) < 9 else 0 for j in range(12)) for i in range(12)),
    ),
    Confusion("Apples", ("fresh apple", "rotten apple", "fresh banana"), ((8, 1, 0), (0, 7, 2), (1, 0, 9))),
    Curves(
        "How it learns",
        (("training", (0.3, 0.6, 0.9)), ("validation", (0.3, 0.5, None))),
        ("needed", 0.8),
        ("others", (0.2, 0.4, 0.7), (0.4, 0.7, 0.95)),
    ),
    Gallery(
        "Most confused", tuple(Picture(DOT, 8, 8, f"{a} taken for {b}", a == b) for a, b in ("AA", "AB", "BA", "CC"))
    ),
    Table("Words", ("word", "nearest"), (("dog", "cat, horse"), ("old", "young")), (True, False)),
)


def student_page():
    """Something right, something wrong with every kind of picture, something open; points by hand, a comment, a penalty."""
    entry = catalog.project("01")
    found, _ = mock_results.results(entry, mock_results.students(12), seed=3)
    one = next(r for r in found if {c.outcome for c in r.result.checks} == {"passed", "failed", "not started"})
    checks = [
        replace(c, attachments=SHOWN, hint="What do you see?", line=12, printed="loss 0.3\n")
        if c.outcome == "failed"
        else c
        for c in one.result.checks
    ]
    one = replace(one, result=replace(one.result, checks=tuple(checks)), notes=("A trial call was left out.",))
    parts = tuple(
        Part(
            task,
            *points,
            given=1.5 if n == 2 else None,
            extra=0.25 * (n == 3),
            comment="See me.\nOn Monday." * (n == 2),
        )
        for n, (task, points) in enumerate(one.earned_by_task().items())
    )
    return html.page(one, Total(parts, taken=1.5, handed_in=mock_results.DUE, due=mock_results.DUE), ZONE)


def class_pages():
    """Of a class of 40 in two projects, and of the term; each for the instructor and for the projector."""
    rules, facts = Rules(ZONE, drop_lowest=1), []
    for id in ("01", "02"):
        results, totals = mock_results.results(catalog.project(id), mock_results.students(40))
        facts.append(class_facts.of_project(results, totals, ZONE, {}))
    for names in (True, False):
        kind = "" if names else " projector"
        yield f"class{kind}", class_page.page(facts[0], ZONE, names=names)
        yield f"term{kind}", class_page.term(facts, rules, names=names)


def similar_page():
    """Two who have written the same, and one who has not."""
    entry = catalog.project("06")
    text = mock_class.module(entry)
    works = [
        likeness.Work(name, term, tuple(parts_of(text.encode(), f"{entry.module}.py", entry)))
        for name, term in (("ada", ""), ("ben", "2025"))
    ]
    return likeness_page.page("06 Words", likeness.pairs(works, []), works, ["cleo: nothing in it can be read."])


def report_page():
    """A student who has begun, with a run."""
    keep(verdict(), verdict("passed"))
    run_left()
    return own.page()


@pytest.mark.slow
@needs_axe
def test_axe_finds_nothing_on_any_page(desk, tmp_path):
    from axe_playwright_python.sync_playwright import Axe

    pages = {"student": student_page(), **dict(class_pages()), "similar": similar_page(), "report": report_page()}
    pictures = os.environ.get("COURSE_SCREENSHOTS")
    axe, wrong = Axe(), []
    with browser.chromium(*SCREENS["desk"]) as page:
        for name, text in pages.items():
            file = tmp_path / f"{name}.html"
            file.write_text(text, "utf-8")
            page.goto(file.as_uri())
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                for screen, (width, height) in SCREENS.items():
                    page.set_viewport_size({"width": width, "height": height})
                    where = f"{name}, {scheme}, {screen}"
                    if pictures:
                        page.screenshot(path=Path(pictures, f"{where.replace(', ', '-')}.png"), full_page=True)
                    wide = page.evaluate("document.documentElement.scrollWidth")
                    wrong += [f"{where}: {wide} px wide"] if wide > width else []
                    for one in axe.run(page).response["violations"]:
                        places = [" ".join(map(str, node["target"])) for node in one["nodes"]]
                        wrong.append(f"{where}: {one['id']} ({one['help']}) at {places[:4]}, {len(places)} in all")
    assert not wrong, "\n".join(wrong)


@needs_axe
def test_axe_is_there_and_finds_what_is_wrong(tmp_path):
    from axe_playwright_python.sync_playwright import Axe

    (tmp_path / "bad.html").write_text(
        "<html><body><img src=x><p style='color:#aaa;background:#fff'>pale</p></body></html>"
    )
    with browser.chromium(*SCREENS["desk"]) as page:
        page.goto((tmp_path / "bad.html").as_uri())
        found = {one["id"] for one in Axe().run(page).response["violations"]}
    assert {"image-alt", "color-contrast", "html-has-lang"} <= found
