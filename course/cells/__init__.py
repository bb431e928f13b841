"""What a student wrote: cells that are read, told apart and loaded, one by one.

`python` reads the text of a cell, `notebook` finds in a file which cell is which, `plan` says what of them is run, `loading` runs
it, and `kernel` finds the cells of a notebook that is open. A module is one cell. Who judges the functions is `course.checks`.
"""
