"""Grading a class: which submissions there are, what of a notebook is graded, and a judge for each.

It runs the checks of `course.grading`; it decides nothing about right and wrong itself, and writes no report (`course.reports`).
Student code runs in a plain child process: that ends loops and crashes, and keeps out nobody who means harm.
"""
