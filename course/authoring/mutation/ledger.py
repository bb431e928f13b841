"""What was found, one line of JSON a verdict, under .course/.

A run that is cut off goes on where it was, and a rerun asks only for what has changed.
"""

import json
from pathlib import Path

from course import paths
from course.authoring.mutation.trials import Verdict


class Ledger:
    """Verdicts by the mutants' ids; of several about the same mutant the last one counts.

    Args:
        file: where they are kept; `.course/mutation.jsonl` unless given.
    """

    def __init__(self, file: Path | None = None) -> None:
        self.file = file or paths.ROOT / ".course" / "mutation.jsonl"
        self.verdicts: dict[str, Verdict] = {}
        if self.file.is_file():
            for line in self.file.read_text("utf-8").splitlines():
                try:
                    verdict = Verdict(**json.loads(line))
                except (ValueError, TypeError):
                    continue  # a line that was cut off, or of an older form: its mutant is tried again
                self.verdicts[verdict.id] = verdict

    def add(self, verdict: Verdict) -> None:
        """Keep a verdict, at once."""
        self.verdicts[verdict.id] = verdict
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.file.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(verdict.plain(), ensure_ascii=False) + "\n")
