"""Proofs that the checks work, one folder a project: wrong solutions that students really write, each with the check that must
catch it; right ones written another way; and what each check proves.

They are kept from students: each is one line away from a solution. `course.authoring.proofs` says how they are written and run.
"""
