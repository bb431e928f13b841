"""What the lessons hold, counted; the page is fresh, and each lesson has a length that its reader can bear."""

import pytest

from course import catalog, paths
from course.authoring import readability
from course.errors import CourseError

pytest.importorskip("pyphen", reason="pyphen is not installed: pip install -e '.[dev]'")

LESSON = r"""# %% [markdown]
# # A title is no prose
# *Difficulty 1 of 5 · matters 2 of 5 · about 3 minutes for someone new (a guess) · 4 points*
#
# The cat sat on the mat. See `help(cat)`, or read
# [the page](https://example.org/cats) and <https://example.org/mats>.
#
# ![A cat that sits, told in many words](figure:cat)
#
# | a | table |
# |---|---|
# | 2 · 3 = 6 | more |
#
# It weighs $w = 3$ kilograms, and so $$2 \cdot 3 = 6.$$
#
# ```
# >>> 1 + 1
# 2
# ```
#
# <details><summary>Who sat?</summary>
#
# The cat: {measured: 02 MLP, training}.
#
# </details>
#
# ### Try
# 1. Move the mat.
# 2. Move the cat.
#
# <details><summary>What did we see?</summary>
#
# 1. Nothing.
#
# </details>
#
# ### Check yourself
# 1. Not an experiment.
"""


def test_what_counts_and_what_does_not():
    found = readability.counts(LESSON)
    assert (found.formulas, found.figures, found.worked) == (2, 1, 3)  # a table, a formula, a session
    assert (found.questions, found.experiments, found.links) == (2, 2, 2)


def test_prose_is_what_is_read_in_sentences():
    told = readability.prose("\n".join(line.removeprefix("#").removeprefix(" ") for line in LESSON.splitlines()[1:]))
    for absent in ("title", "Difficulty", "https", "many words", "table", ">>>", "<", "w = 3", "measured"):
        assert absent not in told
    for present in ("The cat sat on the mat.", "the page", "Who sat?", "The cat: 0.5."):
        assert present in told


def test_the_grade_is_that_of_the_formula():
    words = ["The", "cat", "sat", "Happy", "weather"]
    assert [readability._syllables(word.lower()) for word in words] == [1, 1, 1, 2, 2]
    assert [readability._syllables(word) for word in ("convolution", "3,139", "x2")] == [4, 1, 1]
    # 5 words in 2 sentences, 7 syllables: 0.39 * 5 / 2 + 11.8 * 7 / 5 - 15.59
    assert readability.grade(["The cat sat.", "Happy weather."], words) == pytest.approx(1.905)


def test_long_words_and_sentences_are_harder():
    easy = readability.counts("# %% [markdown]\n# The cat sat. It saw a dog. The dog ran.\n")
    hard = readability.counts(
        "# %% [markdown]\n# Regularisation systematically discourages unnecessarily complicated representations.\n"
    )
    assert easy.grade < 3 < 12 < hard.grade


def test_a_commit_that_is_not_there_is_said():
    with pytest.raises(CourseError, match="git cannot show"):
        readability.keep_before("no-such-commit")


@pytest.mark.skipif(not (paths.ROOT / "solutions").is_dir(), reason="this copy of the course has no solutions/")
def test_the_page_is_fresh_and_no_lesson_is_too_short_or_too_long():
    found = readability.now()
    assert readability.PAGE.read_text("utf-8") == readability.page(found), "run `course author readability`"
    assert {name: one.words for name, one in found.items() if one.words not in readability.AIM} == {}
    for entry in catalog.projects():
        one = found[entry.id]
        assert min(one.figures, one.questions, one.experiments, one.links) >= 3, entry.id


def test_a_chapter_of_d2l_is_counted_without_its_marks():
    text = """# A chapter
:label:`sec_one`

Look at :numref:`fig_one` twice :cite:`Someone.2018`. The result is $1 + 2 = 3$.

![A figure.](../img/one.svg)
:label:`fig_one`

## Exercises

1. Change a number.
    * And once more?
1. Look.

![](../img/qr_one.svg)
"""
    found = readability.of_chapter(text)
    assert (found.formulas, found.figures, found.links, found.experiments) == (1, 1, 1, 2)
    # Look at 1 twice. The result is x. Change a number. And once more? Look.
    assert found.words == 15
