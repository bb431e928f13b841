"""Authors' commands that take projects' ids: what is named, help, and an id that there is not."""

import pytest

from course.authoring.arguments import projects_named


def test_projects_by_their_ids_and_none_for_all():
    assert [entry.id for entry in projects_named(["03", "01"], "x", "A command.")] == ["03", "01"]
    assert projects_named([], "x", "A command.") == []


@pytest.mark.parametrize(
    ("argv", "status", "says"), [(["--help"], 0, "A command."), (["4"], 2, "no project called '4'")]
)
def test_help_and_a_wrong_id_are_words_and_no_traceback(argv, status, says, capsys):
    with pytest.raises(SystemExit) as end:
        projects_named(argv, "x", "A command.")
    said = capsys.readouterr()
    assert end.value.code == status
    assert says in said.out + said.err
