"""Views of one result model: an HTML page, Gradescope's results.json, JUnit XML, CSV, Markdown, and nbgrader's gradebook.

Each is made from `SubmissionResult` alone, so their totals agree. None of them shows anything of a check but its name,
its message and its hint. Names, code and messages come from students: every view escapes them in its own way.
"""
