"""Wrong solutions that students really write, one module a project: each names the check that must catch it.

They are kept from students: each is one line away from a solution. `course.grading.proofs` says how they are written and proved.
"""
