"""One total: whatever is graded, given, written and taken, in whatever order, all views of it show the same.

A state machine plays a term against a real gradebook. COURSE_TERMS=500 plays so many; CI plays a few.
"""

import csv
import io
import json
import os
import re
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import nbformat
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import CsvExportPlugin
from traitlets.config import Config

from course.grading.rosters import Person
from course.grading.rules import ProjectRules, Rules, Share
from course.grading.submissions import find
from course.reports import class_facts, class_page, gradebook, gradescope, html, junit, table, totals
from course.reports.exports import canvas, marks
from course.reports.nbgrader_page import StudentPage
from tests.reports.test_autograded import ENTRY, NAME, Class, by_hand, content, graded, notebook

TERMS = int(os.environ.get("COURSE_TERMS", "3"))
STUDENTS = ("ada", "ben", "cleo")
DUE = datetime(2026, 11, 20, 12, tzinfo=UTC)
students = st.sampled_from(STUDENTS)
tasks = st.sampled_from([f.name for f in ENTRY.functions])
points = st.none() | st.integers(0, 9) | st.sampled_from([0.5, 2.25, 1 / 3])
comments = st.sampled_from([None, "", "well done", "<b>no</b> & \n `x`", "=1+1"])
shares = st.none() | st.sampled_from(
    [Share(10, True), Share(33, True), Share(100, True), Share(2, False), Share(99, False)]
)


class Term(RuleBasedStateMachine):
    """A class of three, one of whom hands in late in the term or never."""

    template = None

    @initialize()
    def begin(self):
        self.folder = tempfile.TemporaryDirectory(prefix="course-term-")
        self.class_ = Class(Path(self.folder.name))
        (self.class_.root / "source" / NAME).mkdir(parents=True)
        if Term.template is None:  # nbgrader asks alembic for a version when it makes a gradebook: a second each
            Term.template = Path(tempfile.mkdtemp(prefix="course-template-")) / "gradebook.db"
            gradebook.students(f"sqlite:///{Term.template}")
        shutil.copy(Term.template, self.class_.root / "gradebook.db")
        self.right = dict.fromkeys(STUDENTS, 0)
        self.results = {}
        for student in STUDENTS[:2]:
            self.class_.hand_in(student, content(notebook()))
        (self.class_.root / "submitted" / "cleo" / NAME).mkdir(parents=True)
        self.grade()

    def teardown(self):
        if hasattr(self, "folder"):
            self.folder.cleanup()

    def grade(self):
        from course.reports import autograded, late

        found = find(self.class_.root / "submitted", [ENTRY])
        rows = []
        for one in found:
            right = self.right[one.student] if one.file else 0  # who has handed in nothing has nothing right
            rows.append(graded(one, "cut off" if right < 0 else "", right))
        gradebook.write(self.class_.url, rows)
        autograded.set_times(self.class_.url, found, rows)
        late.settle(self.class_.url, [ENTRY], self.class_.rules)
        autograded.write(self.class_.folder, found, rows)
        self.results = {row.student: row for row in rows}

    @rule(student=students, right=st.integers(-1, len(ENTRY.functions)))
    def graded_again(self, student, right):
        self.right[student] = right
        self.grade()

    @rule(student=students, hours=st.integers(-50, 90))
    def handed_in(self, student, hours):
        stamp = f"{DUE + timedelta(hours=hours):%Y-%m-%d %H:%M:%S.%f} UTC"
        self.class_.hand_in(student, content(notebook()), stamp=stamp)
        self.grade()

    @rule(student=students, task=tasks, manual=points, extra=points, comment=comments)
    def changed_by_hand(self, student, task, manual, extra, comment):
        if self.class_.file(student).is_file():  # formgrader shows nobody else
            by_hand(self.class_.url, student, task, manual, extra, comment)

    @rule(penalty=shares, most=shares, longer=st.none() | st.integers(0, 60), whose=students, due=st.booleans())
    def rules_changed(self, penalty, most, longer, whose, due):
        own = ProjectRules(DUE if due else None, timedelta(minutes=30), penalty, most)
        extensions = {whose: {"04b": DUE + timedelta(hours=longer)}} if due and longer is not None else {}
        self.class_.rules = Rules(projects={"04b": own}, extensions=extensions)
        self.plugin_by(self.class_.rules)

    @rule()
    def settled(self):
        from course.reports import late

        late.settle(self.class_.url, [ENTRY], self.class_.rules)

    def plugin_by(self, found):
        """The plugin reads course.toml; here it is this."""
        from course.grading import rules

        self.undo = rules.current
        rules.current = lambda: Rules(
            found.zone, found.projects, found.extensions, found.drop_lowest, Path("course.toml"), found.others
        )

    @invariant()
    def all_views_agree(self):
        if not self.results:
            return
        rows = list(self.results.values())
        ours = gradebook.totals(self.class_.url, rows)
        exported = self.exported()
        table_rows = {row["student"]: row for row in csv.DictReader(io.StringIO(table.csv_text(rows, ours)))}
        on_page = shown_of_class(class_page.page(class_facts.of_project(rows, ours, UTC, {}), UTC))
        (column,) = marks.columns(rows, ours, {})
        canvas_row = {row[3]: row[5] for row in canvas.fresh([Person(s) for s in STUDENTS], [column], "0").sheet.rows}
        suites = re.findall(r'name="earned" value="([\d.]+)"', junit.xml(rows, ours).split("<testcase")[0])
        assert float(suites[0]) == round(ours[rows[0].student, "04b"].earned, 2)
        for result in rows:
            total = ours[result.student, "04b"]
            raw, taken, score, most = exported[result.student]
            same(total.earned, score)
            same(total.points, most)
            if result.status != "missing" or total.kept:
                same(total.raw, raw)
                same(total.taken, taken)
            page = html.page(result, total)
            same(shown(page), score, 0.005)
            same(float(table_rows[result.student]["earned"]), score, 0.005)
            same(on_page[result.student], score, 0.005)
            same(float(canvas_row[result.student]), score if result.status != "missing" else 0, 0.005)
            assert adds_up(table_rows[result.student])
            same(json.loads(gradescope.results(result, total))["score"], score, 0.005)
            for part in total.parts:
                assert (part.comment in page) or "<" in part.comment or not part.comment
        for row in self.formgrader():
            if row["autograded"]:
                same(row["score"], ours[row["student"], "04b"].raw)
        for student in STUDENTS:
            if (file := self.class_.file(student)).is_file():
                about = {"student": student, "assignment": NAME, "notebook": NAME, "db_url": self.class_.url}
                theirs, _ = StudentPage().from_notebook_node(nbformat.read(file, 4), {"nbgrader": about})
                same(shown(theirs), exported[student][2], 0.005)

    def exported(self):
        plugin = CsvExportPlugin()
        plugin.to = str(self.class_.root / "grades.csv")
        with Gradebook(self.class_.url) as book:
            plugin.export(book)
        keys = ("raw_score", "late_submission_penalty", "score", "max_score")
        with open(plugin.to) as file:
            return {row["student_id"]: tuple(float(row[key]) for key in keys) for row in csv.DictReader(file)}

    def formgrader(self):
        config = Config()
        config.CourseDirectory.root = str(self.class_.root)
        config.Exchange.root = str(self.class_.root)
        return NbGraderAPI(CourseDirectory(config=config)).get_submissions(NAME)


def shown(page):
    return float(re.search(r'id="earned">([\d.]+)<', page)[1])


def shown_of_class(page):
    rows = re.findall(r'<th scope="row">(\w+)</th><td class="right">([\d.]+) of', page)
    return {student: float(points) for student, points in rows}


def adds_up(row):
    parts = float(row["checks"]) + float(row["by hand"]) + float(row["extra credit"]) - float(row["late penalty"])
    return abs(max(0.0, parts) - float(row["earned"])) < 0.03


def keep_statements(monkeypatch):
    """An engine that is made anew compiles every statement anew, seventy times a term. Its connections are new all the same."""
    from nbgrader import api

    create, engines = api.create_engine, {}

    def kept(url, **more):
        engines[url] = engines.get(url) or create(url, **more)
        return engines[url]

    monkeypatch.setattr(api, "create_engine", kept)


def same(found, wanted, within=1e-6):
    assert abs(found - wanted) <= within, (found, wanted)


def test_all_views_show_the_same_total_in_any_term(monkeypatch):
    from course.grading import rules

    monkeypatch.setattr(rules, "current", rules.current)  # what a term puts there is taken back
    keep_statements(monkeypatch)
    run_state_machine_as_test(
        Term,
        settings=settings(
            max_examples=TERMS,
            stateful_step_count=10,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=TERMS < 10,
            phases=[Phase.generate, Phase.shrink] if TERMS > 10 else [Phase.generate],
        ),
    )


def test_a_total_and_its_parts():
    part = totals.Part("fit", 2.0, 4.0, given=3.0, extra=1.0)
    total = totals.Total((part, totals.Part("gap", 1.0, 2.0)), taken=9.0)
    assert (part.earned, total.raw, total.earned, total.points) == (4.0, 5.0, 0.0, 6.0)
    assert not total.plain
    assert table.changed(total) == "by hand +1, extra credit +1, late -9"


def total(earned, points):
    return totals.Total((totals.Part("f", earned, points),))


def test_the_lowest_of_a_term_is_dropped_and_a_project_counts_what_the_rules_say():
    own = Rules(projects={"02": ProjectRules(points=100.0)}, drop_lowest=1)
    found = totals.of_term({"01": total(33, 33), "02": total(13, 26), "03": None}, own)
    assert found.earned == {"01": 33, "02": 50, "03": 0}
    assert found.dropped == ("03",)
    assert found.counts == (83, 133)
    assert totals.of_term({"01": None}, own).dropped == ()  # one always counts


def test_the_export_has_no_rows_for_what_nobody_has_seen(tmp_path):
    from course.reports.late import HandedOut

    class_ = Class(tmp_path)
    class_.hand_in("ada", content(notebook()))
    class_.grade()
    with Gradebook(class_.url) as book:
        book.add_assignment("ex01_mnist")
        book.add_assignment("ex02_asl", duedate="2020-01-01 00:00:00 UTC")
        plugin = HandedOut()
        plugin.to = str(tmp_path / "grades.csv")
        plugin.export(book)
        assert totals.handed_out(book, Rules()) == ["ex02_asl", NAME]
        term = list(csv.DictReader(io.StringIO(table.term_csv(book, Rules()))))
    with open(plugin.to) as file:
        assert {row["assignment"] for row in csv.DictReader(file)} == {NAME, "ex02_asl"}
    points = str(sum(f.points for f in ENTRY.functions[:2]))
    assert term == [
        {"student": "ada", "earned": points, "points": str(ENTRY.points + 26), "dropped": "", "02": "0", "04b": points}
    ]
