"""The screen of a project, as text."""

from course.checks.diagnosis import FOLLOWS
from course.checks.failure import Failure
from course.checks.results import CheckResult, ProjectResult
from course.reports.board import board, first_failure
from course.reports.terminal import WIDTH, plain, render, summary


def result(task, title, outcome, points=1, **more):
    return CheckResult(
        project="01",
        task=task,
        name="test_" + title.replace(" ", "_"),
        title=title,
        points=points,
        earned=points if outcome == "passed" else 0,
        outcome=outcome,
        **more,
    )


SCREEN = ProjectResult(
    "01",
    "Digits",
    "exercises/ex01_mnist.py",
    (
        result("make", "shape is right", "passed", 2),
        result("make", "type is right", "passed"),
        result("build", "it has a bend", "passed"),
        result(
            "build",
            "scores are logits",
            "failed",
            2,
            failure=Failure("not graded", "the scores add up to 1\nIt looks softmaxed."),
            says="Softmax is applied twice.",
            hint="What does the loss do first?",
            line=41,
            code="return logits.softmax(1)",
        ),
        result("train", "one step", "not started"),
        result("train", "no piling up", "not started"),
        result("validate", "eval mode", "waiting", failure=Failure("not graded", "waiting for train")),
    ),
)
PLAIN = """\
01 Digits                                                                             4 of 9 points
  ✓ make      all 2 checks                                                                         3
  ✓ build     it has a bend                                                                        1
  ✗ build     scores are logits                                                               0 of 2
      exercises/ex01_mnist.py:41   return logits.softmax(1)
      the scores add up to 1
      It looks softmaxed.
      Softmax is applied twice.
      Hint: What does the loss do first?
  · train     not started                                                                     0 of 2
  … validate  eval mode: waiting for train                                                    0 of 1"""


def test_the_screen_reads_well_without_colour():
    found = render(SCREEN)
    assert [" ".join(line.split()) for line in found.splitlines()] == [
        " ".join(line.split()) for line in PLAIN.splitlines()
    ]
    assert "\x1b" not in found
    assert max(map(len, found.splitlines())) <= WIDTH


def test_points_stand_in_one_column():
    ends = {len(line) for line in render(SCREEN).splitlines() if line[2:3] in "✓✗·…" or "points" in line}
    assert ends == {WIDTH}


def test_verbose_names_every_check():
    found = render(SCREEN, verbose=True)
    assert "shape is right" in found
    assert "type is right" in found
    assert "all 2 checks" not in found


def test_colour_is_only_added():
    def paint(text, **style):
        return f"<{','.join(style)}>{text}</>"

    found = render(SCREEN, paint)
    assert "<red>✗</>" in found
    assert "<green>✓</>" in found
    assert "<yellow>·</>" in found
    stripped = found
    for tag in ("<bold>", "<red>", "<green>", "<yellow>", "<cyan>", "</>"):
        stripped = stripped.replace(tag, "")
    assert stripped == render(SCREEN)


def test_long_messages_are_wrapped():
    long = result("make", "it", "failed", failure=Failure("not graded", "word " * 100), hint="Why? " * 50, line=1)
    found = render(ProjectResult("01", "Digits", "x.py", (long,)))
    assert max(map(len, found.splitlines())) <= WIDTH


def test_the_summary_counts():
    assert summary([SCREEN, SCREEN]) == "8 of 18 points: 6 passed, 2 failed, 4 not started, 2 waiting"


def test_results_add_up():
    assert (SCREEN.earned, SCREEN.points) == (4, 9)
    assert list(SCREEN.by_task()) == ["make", "build", "train", "validate"]
    assert len(SCREEN.of(["failed", "waiting"])) == 2
    assert CheckResult.from_plain(SCREEN.checks[3].plain()) == SCREEN.checks[3]


def test_an_empty_project_is_no_error():
    assert "0 of 0 points" in render(ProjectResult("01", "Digits", "x.py", ()))


def test_failures_with_one_cause_are_one_on_the_screen():
    failure = Failure("no function", "count", {"like": "counts"})
    both = tuple(
        result("count", title, "failed", failure=failure, hint="Why?") for title in ("it is right", "it is fast")
    )
    screen = render(ProjectResult("01", "Digits", "x.py", both))
    assert screen.count("there is no function called count; you have counts: is it that one, by another name?") == 1
    assert screen.count("the same as above") == 1
    assert "Hint" not in screen


def test_the_failure_that_is_named_is_the_one_in_full():
    """“It goes with the mistake that is named at …” helps nobody who does not see that one."""
    first = result("f", "a", "failed", failure=Failure("not graded", "far"), says=f"{FOLLOWS} “b”.")
    named = result("f", "b", "failed", failure=Failure("not graded", "near"), says="The mean is over batches.")
    project = ProjectResult("01", "t", "x.py", (first, named))
    assert first_failure(project) is named
    screen = board(project, plain, 80, 24)
    assert "The mean is over batches." in screen
    assert "- a" in screen
    assert first_failure(ProjectResult("01", "t", "x.py", (named,))) is named
    assert first_failure(ProjectResult("01", "t", "x.py", ())) is None


def test_what_is_not_started_gives_way_where_the_window_is_low():
    """The first line, with the points, stays on the screen."""
    failed = result("f", "a", "failed", failure=Failure("not graded", "far " * 60), hint="Why? " * 20)
    project = ProjectResult("01", "Digits", "x.py", (failed, *(result(f"g{k}", "b", "not started") for k in range(5))))
    lines = board(project, plain, 80, 12).splitlines()
    assert "01 Digits" in lines[0]
    assert "  · 5 functions are not started" in lines
    assert len(lines) <= 12
    assert "  · g4  not started" in "\n".join(board(project, plain, 80, 40).splitlines())
