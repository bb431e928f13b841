"""The figures of the lessons: measured from the course's own data and networks, drawn, kept, and proven fresh.

A module for each project, `p01`, `p04a` and so on, holds its figures; `figure` says what one is, `style` how they look, `keeping`
where data and pictures lie. A lesson shows one in a line of its own: `![what is to be seen](figure:slug)`.
"""
