"""The class's pages: the facts are those of the results, nobody's name is on the projector, and what students write stays data."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner

from course import catalog
from course.authoring.rehearsal.mock_results import DUE, results, students
from course.checks.diagnosis import MEND_FIRST
from course.checks.results import SubmissionResult
from course.cli import main
from course.grading.rules import ProjectRules, Rules
from course.reports import class_page
from course.reports.class_facts import of_project, times_of
from course.reports.totals import Part, Total, of
from tests.reports import small_class
from tests.reports.small_class import EVIL, TAG
from tests.reports.test_exports import written

ZONE = ZoneInfo("Europe/Berlin")
RULES = Rules(ZONE)
MODULE = catalog.project("01").module


@pytest.fixture(scope="module")
def class_of_sixty():
    return results(catalog.project("01"), students(60))


@pytest.fixture(scope="module")
def facts(class_of_sixty):
    return of_project(*class_of_sixty, ZONE, {})


def test_the_facts_are_those_of_the_results(class_of_sixty, facts):
    found, totals = class_of_sixty
    assert [one.total.earned for one in facts.handed] == [totals[r.student, "01"].earned for r in found]
    missing = {r.student for r in found if r.status == "missing"}
    assert {name for one in facts.bins for name in one.students} == {r.student for r in found} - missing
    for check in facts.checks:
        own = [
            c for r in found if not r.reason for c in r.result.checks if (c.task, c.title) == (check.task, check.title)
        ]
        assert (check.passed, len(check.failed)) == tuple(
            sum(c.outcome == o for c in own) for o in ("passed", "failed")
        )
        assert sorted(s for one in check.mistakes for s in one.students) == sorted(check.failed)
    assert {one.student for one in facts.handed if "late" in one.kinds} == {
        r.student for r in found if of(r, totals).late
    }
    assert facts.due == DUE


def test_the_five_sentences_are_those_of_most_students(class_of_sixty, facts):
    by_mistake = {}
    for r in class_of_sixty[0]:
        for c in r.result.checks if not r.reason else ():
            if c.says:
                by_mistake.setdefault((c.task, c.says), set()).add(r.student)
    most = sorted((len(who) for who in by_mistake.values()), reverse=True)[:5]
    assert [len(one.students) for one in facts.lecture] == most
    assert all(set(one.students) == by_mistake[one.task, one.said] for one in facts.lecture)


def test_what_only_follows_is_no_sentence_for_the_lecture():
    found = [
        small_class.result("ada", 0, says=f"{MEND_FIRST} make_loaders."),
        small_class.result("jo", 0, says="A real one."),
    ]
    assert {one.said for one in of_project(found, {}, ZONE, {}).lecture} == {"A real one."}


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen, self.rows = set(), []

    def handle_starttag(self, tag, attributes):
        self.seen.add(tag)
        assert not any(name.startswith("on") or name in ("src", "href") for name, _ in attributes), (tag, attributes)
        if tag == "tr":
            self.rows.append(dict(attributes).get("class", ""))


def tags(page):
    parser = Tags()
    parser.feed(page)
    return parser


def test_a_hostile_class_stays_data():
    found = [
        *small_class.results(),
        small_class.result(TAG, 0, says=TAG),
        small_class.result(EVIL, 1, reason=TAG),
        small_class.result("</style><img src=x onerror=alert(1)>", 1),
        small_class.result("\u202e\x00\ud800", 1),
    ]
    by_hand = Total(
        (Part("validate", 1, 9, given=2, comment=TAG),), 1.0, datetime(2026, 1, 1, tzinfo=UTC), None, timedelta(1)
    )
    one = of_project(found, {("jo", "01"): by_hand}, ZONE, {})
    for page in (
        class_page.page(one, ZONE),
        class_page.page(one, ZONE, names=False),
        class_page.term([one, one], RULES),
        class_page.term([one], RULES, names=False),
    ):
        assert not tags(page).seen & {"script", "img", "iframe", "a", "link"}
        assert "default-src 'none'" in page
        page.encode()


def test_the_projector_shows_no_name_and_no_word_of_a_student():
    found = [
        small_class.result(name, 1, says="A mistake that the course knows.") for name in ("Ada Lovelace", "Jörg Müller")
    ]
    one = of_project(found, {}, ZONE, {"Ada Lovelace": (datetime(2026, 1, 2, 3, 4, tzinfo=UTC), True)})
    for page in (class_page.page(one, ZONE, names=False), class_page.term([one], RULES, names=False)):
        assert "Lovelace" not in page
        assert "Müller" not in page
        assert "Jan 2026" not in page
        assert "A mistake that the course knows." in page
    nameless = [
        small_class.result("ada", 1)
    ]  # a failure without a mistake's name is told by a message, which may quote a student
    page = class_page.page(of_project(nameless, {}, ZONE, {}), ZONE, names=False)
    assert "gives is wrong" not in page
    assert "1 without a mistake that is known" in page


def test_each_filter_shows_those_whom_it_counts(facts):
    page = class_page.page(facts, ZONE)
    rows = tags(page).rows[-len(facts.handed) :]
    filters = re.findall(r'id="show-([\w-]+)"(?: checked)?><label for="show-\1">[^<(]+\((\d+)\)', page)
    assert dict(filters)["all"] == str(len(facts.handed))
    assert len(filters) > 3
    for kind, count in filters[1:]:
        assert sum(kind in row.split() for row in rows) == int(count), kind
        assert f"#show-{kind}:checked" in page


def test_a_term_leaves_out_the_lowest_and_counts_by_its_rules():
    first = of_project([small_class.result("ada", 99, "01"), small_class.result("ben", 0, "01")], {}, ZONE, {})
    second = of_project([small_class.result("ada", 0, "04b"), small_class.result("ben", 99, "04b")], {}, ZONE, {})
    rules = replace(RULES, drop_lowest=1, projects={"01": ProjectRules(points=20.0), "04b": ProjectRules(points=10.0)})
    rows = class_page._rows([first, second], rules)
    assert [(row.student, row.sum, row.whole) for row in rows] == [("ada", 20.0, 20.0), ("ben", 10.0, 10.0)]
    page = class_page.term([first, second], rules)
    assert "<strong>20</strong> of 20" in page
    assert "The 1 lowest of each student does not count." in page


def test_times_come_from_the_platforms_table(tmp_path):
    file = tmp_path / "handed-in.csv"
    file.write_text('"student","handed in","late"\n"ada","2026-11-27 10:22:33","late"\n"jo","",""\n', "utf-8")
    assert times_of(file, ZONE) == {"ada": (datetime(2026, 11, 27, 10, 22, 33, tzinfo=ZONE), True), "jo": (None, False)}
    one = of_project(small_class.results(), {}, ZONE, times_of(file, ZONE))
    page = class_page.page(one, ZONE)
    assert "1 submissions from" in page
    assert "27 Nov 2026, 10:22" in page
    assert times_of(tmp_path / "none.csv", ZONE) == {}


def test_the_command_draws_each_project_and_the_term(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "feedback").mkdir()
    written(tmp_path / "feedback", [*small_class.results("01"), *small_class.results("04b")])
    done = CliRunner().invoke(main, ["class"])
    assert done.exit_code == 0, done.output
    made = sorted(file.name for file in (tmp_path / "feedback").glob("*.html"))
    assert made == [
        "ex01_mnist.class.html", "ex01_mnist.projector.html", "ex04b_deployment.class.html", "ex04b_deployment.projector.html",
        "term.html", "term.projector.html",
    ]  # fmt: skip
    assert CliRunner().invoke(main, ["class", "--project", "02"]).exit_code == 2


def test_a_class_of_three_hundred_is_quick_and_small():
    found, totals = results(catalog.project("04b"), students(300))
    page = class_page.page(of_project(found, totals, ZONE, {}), ZONE)
    assert len(page.encode()) < 1_000_000
    assert isinstance(found[0], SubmissionResult)
