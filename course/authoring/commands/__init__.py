"""The commands of `course author`, under the headings of its help. What they do stands in the other folders of course/authoring/.

A command imports what it needs when it runs: torch takes seconds, and `--help` must not.
"""

from collections.abc import Sequence

import click

from course.authoring.commands import measuring, proving, rehearsing, writing

SECTIONS: dict[str, Sequence[click.Command]] = {
    "Write": (writing.new, writing.make, writing.check, writing.pictures, writing.figures, writing.site, writing.lock),
    "Prove": (
        proving.proofs,
        proving.prove,
        proving.ready,
        proving.recognition,
        proving.pairs,
        proving.secret_seeds,
        proving.evidence,
        proving.parity,
        proving.mutation,
        proving.stability,
    ),
    "Train and measure": (measuring.lessons, measuring.readability, measuring.bands, measuring.pretrain),
    "Rehearse": (rehearsing.rehearse, rehearsing.plain_nbgrader, rehearsing.screenshots),
}
