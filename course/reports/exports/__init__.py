"""What the platforms' gradebooks take: a table for each of Canvas, Moodle, Blackboard, Brightspace and Gradescope, and feedback
as the zip that Canvas and Moodle take back.

`marks` is what every export is made from; a module a platform says which document its form follows; `write` chooses. A table is
made fresh, or a table that the platform has given is filled in (`--like`): then its ids and its names of columns stay as they
are.
"""
