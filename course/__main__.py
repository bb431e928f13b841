"""`python -m course`: the same as `course`, where that is not on the path."""

from course.cli import main

main(prog_name="course")
