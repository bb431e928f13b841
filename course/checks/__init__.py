"""Checks, the evidence that they read, and the verdicts that they give.

A check runs on the judge's side. The student's code runs on the worker's side. Between them only plain data passes
(`wire`), whether the worker is this same process, a child process, or later one behind a wall (`session`).
"""
