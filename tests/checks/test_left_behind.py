"""Changes of the libraries' classes are seen and undone."""

import torch

from course.checks import left_behind


def test_a_changed_method_is_seen_and_undone_each_time():
    left_behind.remember_classes()
    assert left_behind.undo() == []
    own = torch.nn.ReLU.forward
    for _ in range(2):
        torch.nn.ReLU.forward = lambda self, x: x
        assert left_behind.undo(classes=False) == []
        (said,) = left_behind.undo()
        assert "ReLU.forward" in said
        assert torch.nn.ReLU.forward is own
        assert left_behind.undo() == []


def test_a_class_that_gets_something_harmless_is_looked_at_again_the_next_time():
    left_behind.remember_classes()
    try:
        for _ in range(2):
            torch.nn.ReLU.note = torch.zeros(2)  # no method, and not to be compared by ==
            assert left_behind.undo() == []
        torch.nn.ReLU.forward, own = lambda self, x: x, torch.nn.ReLU.forward
        assert len(left_behind.undo()) == 1
        assert torch.nn.ReLU.forward is own
    finally:
        del torch.nn.ReLU.note
        left_behind.undo()
