"""Mutants: which there are, that checks kill them, that what is known is not asked again; and a sample of the solutions' own."""

import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from course import paths
from course.authoring.mutation import mutants, page, records, runner, trials
from course.authoring.mutation.ledger import Ledger
from course.authoring.mutation.mutants import Mutant, mutants_in
from course.authoring.mutation.records import Record
from course.authoring.mutation.trials import Verdict
from course.authoring.proofs import variants
from course.catalog import project
from course.errors import CourseError


def changes(body: str, operator: str = "") -> list[str]:
    """The changes that are made in a function with this body."""
    inside = textwrap.indent(textwrap.dedent(body).strip("\n"), "    ")
    head = 'def task(model, images, train_set, valid_set):\n    """Doc."""\n'
    text = f"{head}    ### BEGIN SOLUTION\n{inside}\n    ### END SOLUTION\n"
    found = [m for m in mutants_in(text, "01", ["task"]) if operator in ("", m.operator)]
    for mutant in found:
        compile(mutant.text, "mutant", "exec")
        assert '"""Doc."""' in mutant.text
    return [m.change for m in found]


def test_a_comparison_is_moved_and_turned():
    found = changes("return model > 3")
    assert "return model > 3  ->  return model >= 3" in found
    assert "return model > 3  ->  return model < 3" in found
    assert "return model > 3  ->  return model > 4" in found
    assert "return model > 3  ->  return model > 2" in found
    assert "return model > 3  ->  return None" in found


def test_statements_are_deleted_exchanged_and_moved_out_of_loops():
    body = """
    optimizer = model.make()
    for batch in images:
        optimizer.zero_grad()
        optimizer.step()
    return model
    """
    assert "optimizer.step()  ->  (nothing)" in changes(body, "statement deleted")
    assert "optimizer.step()  ->  (out of the loop)" in changes(body, "out of the loop")
    assert "optimizer = model.make()  ->  (into the loop)" in changes(body, "into the loop")
    assert changes(body, "statements exchanged")


def test_a_mode_a_context_and_a_dimension():
    body = """
    model.eval()
    with torch.no_grad():
        return model(images).argmax(dim=1)
    """
    found = changes(body)
    assert "model.eval()  ->  model.train()" in found
    assert "model.eval()  ->  (nothing)" in found
    assert "with torch.no_grad():  ->  with torch.enable_grad():" in found
    assert "with torch.no_grad():  ->  (nothing)" in changes(body, "unwrapped")
    for other in ("argmax(dim=0)", "argmax(dim=-1)", "argmin(dim=1)", "softmax(1).argmax(dim=1)"):
        assert any(other in change.split(mutants.ARROW)[1] for change in found), other


def test_data_loaders_optimizers_and_networks():
    loader = changes("return DataLoader(train_set, 32, shuffle=True), DataLoader(valid_set, 32)")
    assert any("DataLoader(valid_set, 32, shuffle=True)" in change for change in loader)
    assert any("DataLoader(train_set, 32, shuffle=False)" in change for change in loader)
    assert any(
        "DataLoader(valid_set, 32, shuffle=True), DataLoader" in change or "drop_last" in change for change in loader
    )
    assert any("DataLoader(train_set, 32), " in change for change in changes("return DataLoader(valid_set, 32), 1"))
    optimizer = changes("return torch.optim.Adam(model.head.parameters(), lr=lr)")
    for other in ("lr=10 * lr", "list(model.head.parameters())[1:]", "Adam(model.parameters(), lr=lr)"):
        assert any(other in change for change in optimizer), other
    network = changes("return nn.Sequential(nn.Linear(4, 2), nn.ReLU(), nn.Linear(2, 2))")
    assert any("nn.Linear(2, 2), nn.Softmax(dim=1))" in change for change in network)
    assert "return nn.Sequential(nn.Linear(4, 2), nn.ReLU(), nn.Linear(2, 2))  ->  " + (
        "return nn.Sequential(nn.Linear(4, 2), nn.Linear(2, 2))"
    ) in [change.replace(", )", ")") for change in network]


def test_only_what_stands_between_the_markers_is_changed():
    text = '''
    def helper(x):
        return x + 1

    def task(x: int = 3) -> int:
        """Three: 3."""
        x = x + 1
        ### BEGIN SOLUTION
        y: int = x
        if y < 0:
            raise ValueError(f"{y} is less than {0}")
        return y
        ### END SOLUTION
    '''
    found = list(mutants_in(textwrap.dedent(text), "01", ["task"]))
    assert found
    for mutant in found:
        for kept in ("return x + 1", "def task(x: int = 3) -> int:", '"""Three: 3."""', "    x = x + 1"):
            assert kept in mutant.text, mutant.change
        assert "y: int = " in mutant.text or "y: " not in mutant.text
        assert "ValueError(" not in mutant.text or 'ValueError(f"{y} is less than {0}")' in mutant.text


def test_no_two_mutants_are_the_same_and_ids_are_stable():
    body = "return model(images, 1) + model(images, 1)"
    found = changes(body)
    assert len(set(found)) == len(found)
    assert changes(body) == found
    assert changes("# a comment\n" + body) == found


def test_what_is_said_about_a_function_is_not_what_it_does():
    text = mutants.solution_text("01")
    other = "# a comment\n" + text.replace("A Python float from 0.0 to 1.0", "A float")
    digests = [[m.digest for m in mutants_in(t, "01", ["batch_accuracy"])] for t in (text, other)]
    assert digests[0] == digests[1]
    assert len(set(digests[0])) == len(digests[0])


def test_a_sample_is_the_same_for_the_same_seed_and_touches_every_function():
    text = mutants.solution_text("01")
    every = list(mutants_in(text, "01", [f.name for f in project("01").functions]))
    chosen = mutants.sample(every, 12, seed=5)
    assert chosen == mutants.sample(every, 12, seed=5)
    assert chosen != mutants.sample(every, 12, seed=6)
    assert {m.task for m in chosen} == {f.name for f in project("01").functions}
    assert len({m.id for m in chosen}) == 12


# -- trials -------------------------------------------------------------------------------------------------------------


def one(change: str, text: str) -> Mutant:
    """A mutant of 01 batch_accuracy with another line in place of its return."""
    line = "return (logits.argmax(dim=1) == labels).float().mean().item()"
    whole = mutants.solution_text("01")
    assert whole.count(line) == 1
    return Mutant("01", "batch_accuracy", "test", change, 1, whole.replace(line, text), digest=text)


def test_a_wrong_axis_is_killed_and_the_solution_lives():
    verdict = trials.judge(one("axis", "return (logits.argmax(dim=0) == labels).float().mean().item()"))
    assert verdict.killed
    assert verdict.killer
    assert verdict.says
    alive = trials.judge(mutants.unchanged("01", "batch_accuracy"))
    assert (alive.killed, alive.killer, alive.trained) == (False, "", True)


def test_a_mutant_that_hangs_is_killed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(trials, "LIMIT", 0.3)
    verdict = trials.judge(one("loop", "while True: pass"))
    assert verdict.how == "hung"


@pytest.mark.slow
def test_a_mutant_that_ends_its_process_is_killed_and_the_rest_goes_on():
    ends = one("exit", "import os; os.kill(os.getpid(), 9)")
    wrong = one("wrong", "return 2.0")
    found = {v.id: v for v in runner.judged([ends, wrong], {})}
    assert found[ends.id].how == "crashed"
    assert found[wrong.id].how == "failed"


def test_a_verdict_holds_until_the_mutant_or_its_killer_changes(monkeypatch: pytest.MonkeyPatch):
    mutant = one("axis", "return (logits.argmax(dim=0) == labels).float().mean().item()")
    verdict = trials.judge(mutant)
    assert trials.fresh(verdict, mutant)
    assert not trials.fresh(None, mutant)
    assert not trials.fresh(verdict, replace(mutant, digest="another"))
    written = dict(trials._checks_as_written("01"))
    for name, holds in (
        (verdict.killer, False),
        ("test_it_is_a_python_float", verdict.killer != "test_it_is_a_python_float"),
    ):
        monkeypatch.setattr(trials, "_checks_as_written", lambda key, name=name: {**written, name: "another"})
        assert trials.fresh(verdict, mutant) == holds


def test_the_last_killer_is_asked_first():
    mutant = one("half", "return 0.5")
    first = trials.judge(mutant)
    asked_first = trials.judge(mutant, replace(first, killer="test_it_is_a_python_float"))
    assert first.killer != "test_it_is_a_python_float"
    assert asked_first.killer == "test_it_is_a_python_float"


def test_the_ledger_keeps_the_last_verdict_and_survives_a_cut_line(tmp_path: Path):
    file = tmp_path / "ledger.jsonl"
    verdict = Verdict("01.a.b", "d", "test_x", "failed", False, "says", "s", 0.1)
    Ledger(file).add(verdict)
    ledger = Ledger(file)
    ledger.add(replace(verdict, killer="", how="alive"))
    with file.open("a") as stream:
        stream.write('{"id": "01.a.c", "dig')
    assert Ledger(file).verdicts == {"01.a.b": replace(verdict, killer="", how="alive")}


# -- records ------------------------------------------------------------------------------------------------------------


def test_a_record_needs_its_parts(tmp_path: Path):
    file = tmp_path / "equivalents.toml"
    file.write_text('[[equivalent]]\nof = "build_model"\nwhy = "no full stop"\nchanges = ["a  ->  b"]\n')
    with pytest.raises(CourseError, match="Entry 1"):
        records.read(file, "01")
    file.write_text('[[equivalent]]\nof = "build_model"\nwhy = "Because."\nchanges = ["a  ->  b", "a  ->  b"]\n')
    with pytest.raises(CourseError, match="twice"):
        records.read(file, "01")


def test_a_stale_record_is_a_fault():
    mutant = one("axis", "return 2.0")
    verdict = trials.judge(mutant)
    said = records.faults(
        [Record("01", "batch_accuracy", "axis", "Because."), Record("01", "batch_accuracy", "gone", "Because.")],
        [mutant],
        {mutant.id: verdict},
        ["01"],
    )
    assert len(said) == 2
    assert verdict.killer in said[0]
    assert "no mutant is like this" in said[1]


def test_the_page_counts_and_gives_the_reasons():
    killed, alive = one("killed", "return 2.0"), one("alive", "return None")
    verdicts = {
        killed.id: Verdict(killed.id, "", "test_x", "failed", True, "", ""),
        alive.id: Verdict(alive.id, "", "", "alive", True, "", ""),
    }
    found = page.text([project("01")], [killed, alive], verdicts, [Record("01", "batch_accuracy", "alive", "Because.")])
    assert "| 01 | `batch_accuracy` | 2 | 1 | 0 | 0 | 1 |" in found
    assert "Because.\n\n```\nalive\n```" in found


# -- the solutions' own mutants -----------------------------------------------------------------------------------------

SAMPLE, SEED = 40, 0


@pytest.fixture(scope="module")
def every() -> list[Mutant]:
    return [mutant for entry in variants.graded() for mutant in mutants.mutants_of(entry)]


def test_every_record_is_of_a_mutant(every: list[Mutant]):
    assert records.faults(records.read_all(), every, {}, [entry.id for entry in variants.graded()]) == []


def test_no_mutant_of_a_sample_survives_without_a_reason(every: list[Mutant]):
    """With the fast checks alone. Where only checks that train could tell, the command asks them."""
    why = records.reasons(records.read_all(), every)
    survived = []
    for mutant in mutants.sample(every, SAMPLE, SEED):
        verdict = trials.judge(mutant)
        if verdict.killed:
            assert mutant.id not in why, f"recorded, but {verdict.killer} kills it: {mutant.change}"
        elif verdict.trained and mutant.id not in why:
            survived.append(f"{mutant.project} {mutant.task}: {mutant.change}")
    assert survived == []


def test_the_page_is_there_and_names_every_project():
    text = (paths.ROOT / page.FILE).read_text("utf-8")
    assert all(f"| {entry.id} |" in text for entry in variants.graded())
