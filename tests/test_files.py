"""The one atomic write: whole or not at all, and nothing beside it whatever ends it."""

import pytest

from course import files


@pytest.mark.parametrize("fault", [KeyboardInterrupt, SystemExit, OSError])
@pytest.mark.parametrize("place", ["touch", "chmod", "replace", "within"])
def test_a_write_that_is_broken_off_leaves_nothing(tmp_path, monkeypatch, fault, place):
    file = tmp_path / "names.csv"
    file.write_text("old")

    def broken(*_, **__):
        raise fault

    owner = files.Path if place == "touch" else files.os
    if place == "touch":
        real = files.Path.touch

        def touched(self, *arguments, **more):
            real(self, *arguments, **more)
            raise fault

        monkeypatch.setattr(owner, place, touched)
    elif place != "within":
        monkeypatch.setattr(owner, place, broken)
    with pytest.raises(fault), files.replacing(file) as new:  # noqa: PT012 - any of them may raise
        new.write_text("half")
        if place == "within":
            raise fault
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("names.csv", "old")]


def test_a_write_takes_the_place_and_may_be_read_by_all(tmp_path):
    file = tmp_path / "deep" / "names.csv"
    files.write(file, "one")
    files.write(file, b"two")
    assert file.read_text() == "two"
    assert file.stat().st_mode & 0o777 == 0o644
    assert [one.name for one in file.parent.iterdir()] == ["names.csv"]
