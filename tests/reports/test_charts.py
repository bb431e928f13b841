"""What was measured, as figures of a page: what they say in words, and how large a page may become."""

import re
from dataclasses import replace

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from course.catalog import projects
from course.checks.attachments import confused, confusion, curves, table, views
from course.checks.failure import Failure
from course.checks.results import CheckResult, Gallery, Picture, ProjectResult, SubmissionResult
from course.limits import ATTACHMENTS, PAGE_BYTES
from course.reports import charts, html

NAMES = tuple("abcdefghiklmnopqrstuvwxy")


def page_of(*checks):
    return html.page(SubmissionResult("ada", "a.py", ProjectResult("01", "t", "a.py", checks), "none"))


def one_check(*attachments, **about):
    fields = {"failure": Failure("not graded", "so"), "attachments": attachments} | about
    return CheckResult("01", "f", "test_f", "f", 1, 0, "failed", **fields)


def largest():
    """The attachments that take most room, of each sort."""
    generator = torch.Generator().manual_seed(0)
    noise = torch.rand(400, 3, 96, 96, generator=generator)  # nothing in it can be compressed
    truth = torch.arange(400) % 24
    logits = torch.randn(400, 24, generator=generator)
    return (
        confusion(truth, logits, NAMES),
        confused(noise[:40], truth[:40], logits[:40], NAMES),
        curves({f"<{k}>" * 20: torch.rand(999, generator=generator).tolist() for k in range(9)}),
        views(noise[0], list(noise[1:20]), "views"),
        table(("<", "<"), [(False, ("<" * 999, "'" * 999))] * 99, "words"),
    )


def test_a_page_says_in_words_what_it_draws():
    text = page_of(
        one_check(
            curves({"training": [0.5, 0.9, 1.0], "unseen hands": [0.4, 0.6, None]}, "The gap", ("the bar", 0.9)),
            confusion([0, 0, 0, 1], [1, 1, 0, 1], ("cat", "dog")),
        )
    )
    assert "Curves over 3 epochs: training from 0.50 to 1.00; unseen hands from 0.40 to 0.60; the bar: 0.90" in text
    assert "2 of 4 right. Taken for another most often: cat for dog (2 of 3)." in text
    assert '<th scope="row">cat</th>' in text
    assert 'title="cat taken for dog: 2 of 3"' in text
    assert "img-src data:" in text
    assert "<script" not in text


def test_every_picture_has_words_and_comes_from_the_page_itself():
    text = page_of(one_check(*largest()[1:2]))
    assert len(re.findall(r'<img src="data:image/jpeg;base64,[^"]+" alt="[^"]+">', text)) == 8
    foreign = Picture("https://example.org/spy.png", 1, 1, "x")
    quoted = Picture('data:image/png;base64,AAAA" onload="x', 1, 1, "x")
    assert "<img" not in page_of(one_check(Gallery("t", (foreign, quoted))))


EVIL = "<script>\"'</script>\x1b&"
FIELDS = ("task", "title", "says", "hint", "code", "place")


def test_whatever_a_text_holds_it_is_text():
    """In every place of a page, those of the figures included."""
    figures = (
        confusion([0, 1], [1, 1], (EVIL, "b")),
        curves({EVIL: [0.5, 0.9]}, EVIL, (EVIL, 0.9)),
        Gallery(EVIL, (Picture("data:image/png;base64,AAAA", 1, 1, f"{EVIL}\n{EVIL}", False),)),
        table((EVIL,), [(True, (EVIL,))], EVIL),
    )
    evil = Failure("not graded", EVIL)
    check = replace(one_check(*figures, line=1, failure=evil), **dict.fromkeys(FIELDS, EVIL))
    open_ = CheckResult("01", EVIL, "test_g", "g", 1, 0, "waiting", evil)
    whole = ProjectResult("01", EVIL, EVIL, (check, open_))
    text = html.page(SubmissionResult(EVIL, EVIL, whole, EVIL, notes=(EVIL,), digest=EVIL))
    text += html.page(SubmissionResult(EVIL, "", whole, EVIL, reason=EVIL))
    assert text.count("&lt;script&gt;&#34;&#39;&lt;/script&gt;\N{REPLACEMENT CHARACTER}&amp;") >= 30
    assert "<script" not in text
    assert "\x1b" not in text


def test_marks_say_right_and_wrong_without_colour():
    text = page_of(one_check(table(("word",), [(True, ("sun",)), (False, ("moon",))], "t")))
    assert "<b>✗</b> </td><td>moon" in text
    assert "<b>✓</b> </td><td>sun" in text


@pytest.mark.parametrize("words", ["an ordinary message", "<" * 99_999, "'" * 99_999, "\N{GRINNING FACE}" * 99_999])
def test_no_page_is_larger_than_its_limit(words):
    about = {
        "failure": Failure("not graded", words),
        "says": words,
        "hint": words,
        "code": words,
        "line": 1,
        "place": words,
        "title": words,
    }
    check = replace(one_check(*largest()[:ATTACHMENTS]), **about)
    for count in (1, 12, 2 * max(p.points for p in projects())):  # a check has a point at least
        text = page_of(*[check] * count)
        assert len(text.encode()) <= PAGE_BYTES
        assert text.endswith("</html>\n")
    assert "<figure" in page_of(check)


@example(2.0, 0.0)  # one value, and it is on a line
@given(st.floats(-1e12, 1e12, allow_subnormal=False), st.floats(0, 1e12, allow_subnormal=False))
def test_the_axis_holds_every_value(low, spread):
    first, last, ticks = charts._scale(low, low + spread)
    assert first <= low + 1e-6 * abs(low)
    assert low + spread <= last + 1e-6 * abs(last)
    assert 2 <= len(ticks) <= 12


@given(st.integers(1, 200))
def test_numbered_epochs_are_few_with_the_first_and_the_last(count):
    shown = charts._epochs(count)
    assert shown[0] == 0
    assert shown[-1] == count - 1
    assert len(shown) <= 11
