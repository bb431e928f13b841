"""All views of any result have the same totals, and none lets a student's text out of its place."""

import csv
import io
import json
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course.checks.failure import Failure
from course.checks.results import (
    CheckResult,
    Confusion,
    Curves,
    Gallery,
    Picture,
    ProjectResult,
    SubmissionResult,
    Table,
)
from course.reports import charts, gradescope, html, junit, table
from course.reports.terminal import render

EVIL = [
    "<script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "]]>&amp;",
    "\x00\x1b[31m",
    "a|b\n| x | y |",
    "\ud800",
    "﷐￾",
    "@=+-",
    "\u202e",
]
TAGS = set(
    re.findall(
        r"\w+",
        "html head meta title style body main header div h1 h2 p strong span meter section ul li b pre code footer dl dt dd "
        "figure figcaption table tr th td img br svg path text circle",
    )
)
texts = st.sampled_from(EVIL) | st.text(max_size=20)
shares = st.none() | st.floats(-1e30, 1e30)
attachments = st.one_of(
    st.builds(Confusion, texts, st.just(("a", "<b>")), st.just(((3, 0), (1, 2)))),
    st.builds(
        lambda title, name, first, rest: Curves(title, ((name, (first, *rest)), (name, (first,)))),
        texts,
        texts,
        st.floats(-1e30, 1e30),
        st.lists(shares, max_size=40),
    ),
    st.builds(Gallery, texts, st.lists(st.builds(Picture, texts, st.just(9), st.just(9), texts)).map(tuple)),
    st.builds(lambda title, cell: Table(title, (cell, cell), ((cell, cell),), (False,)), texts, texts),
)


@st.composite
def checks(draw):
    outcome = draw(st.sampled_from(["passed", "failed", "not started", "waiting"]))
    points = draw(st.integers(0, 9))
    return CheckResult(
        project="01",
        task=draw(st.sampled_from(["build_model", "train_epoch"]) | texts),
        name=draw(texts),
        title=draw(texts),
        points=points,
        earned=points if outcome == "passed" else 0,
        outcome=outcome,
        failure=Failure("not graded", draw(texts)),
        hint=draw(texts),
        line=draw(st.none() | st.integers(1, 99)),
        code=draw(texts),
        seconds=draw(st.floats(0, 100)),
        says=draw(texts),
        place=draw(texts),
        attachments=tuple(draw(st.lists(attachments, max_size=2))),
    )


@st.composite
def submissions(draw):
    whole = ProjectResult("01", draw(texts), draw(texts), tuple(draw(st.lists(checks(), max_size=6))))
    return SubmissionResult(
        draw(texts), draw(texts), whole, "none", draw(st.just("") | texts), tuple(draw(st.lists(texts, max_size=2)))
    )


class Page(HTMLParser):
    """What a browser would make of a page: ids with their text, and every tag."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.ids, self.tasks, self.checks, self._in = [], {}, [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        about = dict(attributes)
        self.tags.append(tag)
        assert not any(name.startswith("on") or name == "href" for name in about)
        assert "src" not in about or (tag == "img" and about["alt"] and charts.URI.fullmatch(about["src"]))
        assert re.fullmatch(r"(--s:\d+%)?", about.get("style", ""))
        self._in = about.get("id") or about.get("class")

    def handle_data(self, data):
        if self._in in ("earned", "points") and self._in not in self.ids:
            self.ids[self._in] = int(data)
        if self._in == "task":
            self.tasks.append(tuple(map(int, data.split(" of "))))
        self._in = None


@settings(max_examples=150)
@given(st.lists(submissions(), min_size=1, max_size=3))
def test_the_totals_of_all_views_agree(results):
    totals = [(r.earned, r.points) for r in results]
    suites = ElementTree.fromstring(junit.xml(results).encode("utf-8")).findall("testsuite")
    rows = list(csv.DictReader(io.StringIO(table.csv_text(results))))
    lines = table.markdown(results).splitlines()[2:]
    shown = table.terminal(results).splitlines()
    assert len(suites) == len(rows) == len(lines) - 1 == len(shown) - 1 == len(results)
    last = re.split(r"(?<!\\)\|", lines[-1])
    assert (int(last[3]), int(last[4])) == (sum(e for e, _ in totals), sum(p for _, p in totals))
    for result, total, suite, row, line, text in zip(results, totals, suites, rows, lines, shown):
        page = Page(html.page(result))
        assert (page.ids["earned"], page.ids["points"]) == total
        if not result.reason:
            assert tuple(map(sum, zip(*page.tasks))) in (total, ())
        scope = json.loads(gradescope.results(result))
        assert scope["score"] == total[0] == sum(t["score"] for t in scope["tests"])
        assert sum(t["max_score"] for t in scope["tests"]) == total[1]
        whole = {p.get("name"): p.get("value") for p in suite.findall("properties/property")}
        assert (int(whole["earned"]), int(whole["points"])) == total
        for number, name in enumerate(("earned", "points")):
            parts = suite.findall(f"testcase/properties/property[@name='{name}']")
            assert sum(int(p.get("value")) for p in parts) == total[number]
        assert (int(row["earned"]), int(row["points"])) == total
        cells = re.split(r"(?<!\\)\|", line)
        assert (int(cells[3]), int(cells[4])) == total
        assert f"{total[0]} of {total[1]}" in text
        assert f"{total[0]} of {total[1]} points" in render(result.result)


@given(submissions())
def test_no_text_of_theirs_leaves_its_place(result):
    page = html.page(result)
    page.encode("utf-8")
    assert set(Page(page).tags) <= TAGS
    for row in csv.reader(io.StringIO(table.csv_text([result]))):
        assert not any(value.lstrip(" ").startswith(table.FORMULA) for value in row)
    table.csv_text([result]).encode("utf-8")
    assert "<" not in table.markdown([result])
    table.markdown([result]).encode("utf-8")


@given(st.lists(texts, unique=True, max_size=8))
def test_folders_of_students_are_apart_and_inside(students):
    names = table.file_names(students)
    assert len({name.lower() for name in names.values()}) == len(students)
    for name in names.values():
        assert re.fullmatch(r"[\w@+=,. -]+", name, re.ASCII)
        assert not name.startswith(".")


@pytest.mark.parametrize("name", ["ada", "ada.lovelace@uni.edu", "s-001"])
def test_ordinary_names_stay(name):
    assert table.file_names([name]) == {name: name}
