"""Rule of the author's linter about contracts: each sentence of a docstring that demands something has a check that proves it.

The project's contract.toml in graders/proofs/ says which. A sentence is quoted there by its opening words; beside it stand the
checks, or why it demands nothing (`about`). Where a semicolon divides a sentence, each half counts as one: "model: any module;
changed in place" is two, of which the second demands something.
"""

import ast
import inspect
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from course.authoring.lint.reader import Finding, Sources

SECTIONS = ("Args:", "Returns:", "Raises:", "Yields:")
ITEM = re.compile(r"(\w+(?:, \w+)*): ")  # of Args and Raises: `model: …`, `train_loader, valid_loader: …`


@dataclass(frozen=True)
class Sentence:
    """A sentence of a contract, or half of one. That of an argument begins with its name; `line` is where its paragraph starts."""

    text: str
    line: int


def contracts(found: Sources) -> Iterator[Finding]:
    """Sentences without an entry, entries without a sentence, holes, and checks that demand what no sentence says."""
    file = found.root / found.contract_file
    if not file.is_file():
        yield Finding(
            found.contract_file,
            1,
            "this file is missing",
            "Say in it which check proves which sentence; see docs/authoring.md.",
        )
        return
    text = file.read_text("utf-8")
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        where = re.search(r"at line (\d+)", str(fault))
        yield Finding(found.contract_file, int(where[1]) if where else 1, str(fault), "Mend it; it has to be TOML.")
        return
    known = {function.name for function in found.entry.functions}
    for task in table.keys() - known:
        line = _line(text, task)
        yield Finding(
            found.contract_file, line, f"project {found.entry.id} has no function {task}", "Take its entries away."
        )
    for function in found.entry.functions:
        if function.name in found.functions:
            yield from _contract(found, function.name, table.get(function.name, {}), text)
    yield from _thresholds(found)


def _thresholds(found: Sources) -> Iterator[Finding]:
    """Each threshold of the catalog is told in a docstring: 0.95 as 0.95."""
    told = " ".join(sentence.text for node in found.written() for sentence in sentences_of(node))
    for name, bound in found.entry.thresholds.items():
        if not any(float(number) == bound for number in re.findall(r"\d+\.\d+", told)):
            said = f"no docstring of project {found.entry.id} tells the threshold {name}, {bound:.2f}"
            yield Finding("course/catalog.toml", found.catalog_line(), said, f"Say it in {found.solution}.")


def _contract(found: Sources, task: str, entries: dict[str, Any], text: str) -> Iterator[Finding]:
    sentences = sentences_of(found.functions[task])
    checks = {check.name: check for check in found.checks if check.task == task}
    proving: set[str] = set()
    entered: dict[str, str] = {}
    for opening, entry in entries.items():
        line = _line(text, task, opening)
        meant = [sentence for sentence in sentences if sentence.text.startswith(opening)]
        if len(meant) != 1:
            many = "several sentences begin so" if meant else "no sentence begins so any more"
            cure = (
                "Quote more of it." if meant else "Quote the sentence that is there now, and ask which check proves it."
            )
            yield Finding(found.contract_file, line, f"{task}: {opening!r}: {many}", cure)
        elif (other := entered.setdefault(meant[0].text, opening)) != opening:
            yield Finding(
                found.contract_file, line, f"{task}: {opening!r} is the sentence of {other!r} too", "Keep one entry."
            )
        named = entry if isinstance(entry, list) else []
        proving |= set(named)
        for name in named:
            if name not in checks:
                said = f"{task}: {opening!r}: there is no check {name} of {task}"
                yield Finding(found.contract_file, line, said, "Name a check that judges this function.")
        if isinstance(entry, list) and not entry:
            said = f"{task}: {opening!r} demands something that no check proves"
            yield Finding(
                found.contract_file, line, said, "Write the check, with a mistake that it catches; or do not demand it."
            )
        if not isinstance(entry, list) and not (isinstance(entry, dict) and str(entry.get("about", "")).strip()):
            cure = 'Give a list of checks, or { about = "why it demands nothing" }.'
            yield Finding(found.contract_file, line, f"{task}: {opening!r} has neither checks nor a reason", cure)
    for sentence in sentences:
        if sentence.text not in entered:
            cure = f"Enter it in {found.contract_file} with the checks that prove it; if there is none, write one."
            yield Finding(found.solution, sentence.line, f"{task}: {_short(sentence.text)!r} has no entry", cure)
    for name in sorted(checks.keys() - proving):
        said = f"{name} proves no sentence of the docstring of {task}: the student was not told"
        cure = f"Say in {found.solution} what it demands, and enter the sentence in {found.contract_file}."
        yield Finding(found.grader, checks[name].line, said, cure)


def sentences_of(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> list[Sentence]:
    """The sentences of a docstring in Google's form, sections included; of a class its methods' too."""
    found = _of_docstring(node)
    if isinstance(node, ast.ClassDef):
        for method in node.body:
            if isinstance(method, ast.FunctionDef) and ast.get_docstring(method):
                found += [Sentence(f"{method.name}: {one.text}", one.line) for one in _of_docstring(method)]
    return found


def _of_docstring(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> list[Sentence]:
    text = ast.get_docstring(node, clean=False)
    if text is None:
        return []
    first = node.body[0].lineno
    found: list[Sentence] = []
    for line, words, items in _paragraphs(inspect.cleandoc(text).splitlines()):
        item = ITEM.match(words) if items else None
        name, words = (item.group(), words[item.end() :]) if item else ("", words)
        found += [Sentence(name + part, first + line) for part in _split(words)]
    return found


def _paragraphs(lines: list[str]) -> Iterator[tuple[int, str, bool]]:
    """(line from 0, text in one line, is it an item of a section with names)."""
    start, words, section = 0, [""], ""
    for number, line in enumerate([*lines, ""]):
        bare = line.strip()
        heading = line in SECTIONS
        # an item stands at four columns, and what continues it at eight
        new = section in ("Args:", "Raises:") and line.startswith("    ") and not line.startswith("     ")
        if (not bare or heading or new) and words:
            if text := " ".join(words).strip():
                yield start, text, section in ("Args:", "Raises:")
            words = []
        if heading:
            section = bare
        elif bare:
            if not words:
                start = number
            words.append(bare)
            if not line.startswith(" "):
                section = ""


def _split(text: str) -> list[str]:
    """At full stops and question marks before a new sentence, and at semicolons; not within code, quotes or brackets."""
    parts, begun, depth, quoted = [], 0, 0, ""
    for k, sign in enumerate(text):
        if quoted:
            quoted = "" if sign == quoted else quoted
        elif sign in '`"':
            quoted = sign
        elif sign in "([{":
            depth += 1
        elif sign in ")]}":
            depth = max(depth - 1, 0)
        elif depth == 0 and text[k + 1 : k + 2] == " ":
            small, short = text[k + 2 : k + 3].islower(), text[k - 2 : k - 1] == "."  # "… in files", "e.g. 5"
            if sign == ";" or (sign in ".?!" and not small and not short):
                parts.append(text[begun : k + (sign != ";")])
                begun = k + 2
    return [part.strip() for part in [*parts, text[begun:]] if part.strip()]


def _short(text: str, width: int = 60) -> str:
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"


def _line(text: str, task: str, opening: str = "") -> int:
    """Where in the TOML text a function's table stands, or an entry of it."""
    lines = text.splitlines()
    heads = [k for k, line in enumerate(lines) if line.strip() == f"[{task}]"]
    if not heads:
        return 1
    for k in range(heads[0] + 1, len(lines)):
        if lines[k].startswith("["):
            break
        if opening and lines[k].replace('\\"', '"')[1:].startswith(opening + lines[k][0]):
            return k + 1
    return heads[0] + 1
