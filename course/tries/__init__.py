"""Experiments of the lessons, "predict, then run": `course try 02 --hidden 16` asks for a guess, runs, and shows both side by side.

Each project declares its own as EXPERIMENTS in a module of its id (`p02`); they are found by that name. They change something about
the student's own functions or their training, always on the embedded data, and take less than a minute. Guesses are kept for the
student's report (`guesses`). Nothing here is graded.
"""
