"""The hand-written source of each project: lesson, contract and solution.

Stubs and notebooks are made from these files.
"""
