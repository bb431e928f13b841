"""How often `course similar` takes independent work for a copy, and how often it finds a copy that was disguised.

    python -m benchmarks.likeness
    python -m benchmarks.likeness --more FOLDER    # more independent forms: files that open with # project: and # function:

Independent works are assembled from forms of each function that were written apart: the alternatives of graders/proofs/, and
those of --more. No two works of a project hold the same form of a function; where forms run out, a work lacks that function. A
disguised copy is one of these works with every name of its own changed, its functions in another order, statements that do not
depend on each other swapped, comments in other places, another layout. Our own solution is what `known` takes out, as in the
command.
"""

import argparse
import ast
import random
import re
import time
from pathlib import Path

from course.authoring.proofs.variants import alternatives_of, solution_text
from course.catalog import Project, projects
from course.grading.likeness import Work, pairs
from course.grading.wording_of_code import REST, Part, parts_of

HEADER = re.compile(r"^# (project|function): *(\S+)", re.MULTILINE)
WORDS = [
    "alpha",
    "bravo",
    "carol",
    "delta",
    "eager",
    "fancy",
    "gloss",
    "happy",
    "ivory",
    "jolly",
    "kayak",
    "lemon",
    "mango",
    "novel",
    "ocean",
    "piano",
    "quilt",
    "river",
    "sugar",
    "tango",
]


def main() -> None:
    """Print both figures, for each project and in all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--more", type=Path, nargs="*", default=[])
    parser.add_argument("--works", type=int, default=12, help="of a project, at most (12)")
    parser.add_argument("--deals", type=int, default=5, help="how often forms are put together anew (5)")
    parser.add_argument("--copies", type=int, default=20, help="in all (20)")
    parser.add_argument("--seed", type=int, default=0)
    said = parser.parse_args()
    draw = random.Random(said.seed)
    began = time.monotonic()
    forms = {entry.id: forms_of(entry, said.more) for entry in projects()}
    false, number, all_pairs = [], 0, 0
    for _ in range(said.deals):
        classes = {entry.id: (entry, works_of(entry, forms[entry.id], said.works, draw)) for entry in projects()}
        for entry, works in classes.values():
            number += len(works)
            all_pairs += len(works) * (len(works) - 1) // 2
            false += [(entry.id, pair) for pair in pairs(works, [known_of(entry)])]
    print(
        f"{sum(len(own) for of in forms.values() for own in of.values())} forms of {sum(map(len, forms.values()))} functions"
    )
    print(f"{number} independent works of {said.deals} deals, {all_pairs} pairs: {len(false)} named")
    for id, pair in false:
        print(
            f"  {id} {pair.one.owner} and {pair.other.owner}: {pair.words} words, {pair.share:.0%} {', '.join(pair.functions)}"
        )
    found, tried = [], []
    for k in range(said.copies):
        entry, works = list(classes.values())[k % len(classes)]
        source = draw.choice([work for work in works if sum(len(part.words) for part in work.parts) > 150] or works)
        text = disguised("\n\n\n".join(part.text for part in source.parts), draw)
        copy = Work("copy", "", tuple(parts_of(text.encode(), "copy.py", entry)))
        named = [
            pair for pair in pairs([*works, copy], [known_of(entry)]) if "copy" in (pair.one.owner, pair.other.owner)
        ]
        right = [pair for pair in named if source.owner in (pair.one.owner, pair.other.owner)]
        tried.append((entry.id, source.owner, right, len(named) - len(right)))
        found += right
    print(
        f"{said.copies} disguised copies: {len(found)} found, {sum(other for *_, other in tried)} pairs with others named"
    )
    for id, owner, right, other in tried:
        told = f"{right[0].words} words, {right[0].share:.0%}" if right else "not found"
        print(f"  {id} copy of {owner}: {told}{f'; {other} others' if other else ''}")
    print(f"{time.monotonic() - began:.0f} s")


def forms_of(entry: Project, more: list[Path]) -> dict[str, list[tuple[Part, ...]]]:
    """{function: its forms}, each with the helpers that it brings along."""
    ours = {part.name: part for part in parts_of(solution_text(entry.id).encode(), "x.py", entry)}
    found: dict[str, list[tuple[Part, ...]]] = {function.name: [] for function in entry.functions}
    texts = []
    for one in alternatives_of(entry):
        text = one.edit(solution_text(entry.id))
        texts.append((one.task, text))
    for folder in more:
        for file in sorted(folder.glob(f"{entry.id}_*.py")):
            text = file.read_text("utf-8")
            texts.append((dict(HEADER.findall(text)).get("function", ""), text))
    for task, text in texts:
        parts = parts_of(text.encode(), "x.py", entry)
        new = tuple(p for p in parts if p.name not in ours or p.words != ours[p.name].words)
        if task in found and any(part.name == task for part in new) and not any(same(new, old) for old in found[task]):
            found[task].append(tuple(part for part in new if part.name != REST))
    return found


def same(one: tuple[Part, ...], other: tuple[Part, ...]) -> bool:
    """Are two forms the same words?"""
    return [part.words for part in one] == [part.words for part in other]


def works_of(entry: Project, forms: dict[str, list[tuple[Part, ...]]], most: int, draw: random.Random) -> list[Work]:
    """Works that share no form of any function."""
    dealt = {task: draw.sample(own, len(own)) for task, own in forms.items()}
    works = []
    for k in range(most):
        parts = [part for own in dealt.values() if k < len(own) for part in own[k]]
        if sum(len(part.words) for part in parts) >= 60:
            works.append(Work(f"{entry.id}-{k:02}", "", tuple(parts)))
    return works


def known_of(entry: Project) -> list[Part]:
    """Our own solution."""
    return parts_of(solution_text(entry.id).encode(), "x.py", entry)


class Renamed(ast.NodeTransformer):
    """Every name of the copier's own gets another."""

    def __init__(self, names: dict[str, str]) -> None:
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self.names.get(node.id, node.id)
        return node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.arg = self.names.get(node.arg, node.arg)
        return node


def disguised(text: str, draw: random.Random) -> str:
    """A copy that looks like another work."""
    tree = ast.parse(text)
    own = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    own |= {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg) and n.arg != "self"}
    names = {name: f"{draw.choice(WORDS)}_{k}" for k, name in enumerate(sorted(own))}
    tree = Renamed(names).visit(tree)
    for node in ast.walk(tree):
        if isinstance(getattr(node, "body", None), list):
            swap(node.body, draw)
    draw.shuffle(tree.body)
    lines = []
    for line in ast.unparse(ast.fix_missing_locations(tree)).split("\n"):
        if line.strip() and draw.random() < 0.3:
            lines.append(f"{line[: len(line) - len(line.lstrip())]}# {' '.join(draw.sample(WORDS, 4))}")
        lines.append(line)
    made = "\n".join(lines)
    compile(made, "copy", "exec")
    return made


def swap(body: list[ast.stmt], draw: random.Random) -> None:
    """Exchange neighbours of which neither uses what the other binds."""
    for k in range(len(body) - 1):
        one, other = body[k], body[k + 1]
        if isinstance(one, ast.Assign) and isinstance(other, ast.Assign) and draw.random() < 0.7:
            bound = [{n.id for t in s.targets for n in ast.walk(t) if isinstance(n, ast.Name)} for s in (one, other)]
            used = [{n.id for n in ast.walk(s) if isinstance(n, ast.Name)} for s in (one, other)]
            if not (bound[0] & used[1] or bound[1] & used[0]):
                body[k], body[k + 1] = other, one


if __name__ == "__main__":
    main()
