"""What the data sets declare of themselves."""

import subprocess
import sys

import pytest

from course.catalog import projects
from course.datasets import registry
from course.files import shown


@pytest.mark.parametrize("name", registry.names())
def test_a_data_set_declares_all_that_others_ask_of_it(name):
    data_set = registry.find(name)
    assert data_set.name == name  # the module is called as it is
    assert all((data_set.holds, data_set.licence, data_set.samples))
    assert shown(data_set.folder) in data_set.cure
    writer = data_set.load_writer()
    assert int(writer.VERSION) >= 1
    assert callable(writer.write)
    for file, sample in data_set.samples.items():
        assert file.isidentifier()
        assert sample.says.endswith(".")


def test_every_project_asks_for_data_and_pictures_that_there_are():
    for entry in projects():
        samples = [sample for name in entry.data for sample in registry.find(name).samples]
        assert entry.picture in ("", *samples), entry.id


def test_looking_for_one_imports_no_other_and_nothing_heavy():
    code = (
        "import sys; from course.datasets.registry import find; find('mnist');"
        "sys.exit(bool({'torch', 'course.datasets.sets.asl', 'course.datasets.digits'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
