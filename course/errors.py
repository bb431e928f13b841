"""The one exception of the course: a sentence that says what is wrong, and a cure that says what to do next.

Raised where the fault is known, shown once, at the edge (the command line, a grader's report).
"""


class CourseError(Exception):
    """Something outside our code is wrong: a file, a setting, an argument.

    Args:
        problem: one sentence that names the file or the function.
        cure: one sentence that says what to do about it.
    """

    def __init__(self, problem: str, cure: str = "") -> None:
        self.problem = problem
        self.cure = cure
        super().__init__(f"{problem}\n{cure}" if cure else problem)
