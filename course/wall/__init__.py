"""The wall round a student's code: bubblewrap, and a warm process behind it that forks for each submission.

The judge (checks, labels, expected values, results) stays outside. Inside are Python, its packages, and of the course what a worker
needs: no solution, no grader, no other student, no network. `line` is the judge's end, `zygote` and `jail` run inside.
"""

WORK = "/tmp/work"  # the worker's folder, as it is called behind the wall
