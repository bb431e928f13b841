"""The learning rate of a run falls, whoever has written its loop; a loop with a plan of its own keeps it."""

import math

import pytest
import torch
from torch import nn

from course.falling import OURS, Falling
from course.training import WATCHERS, History, Metrics

EPOCHS, LR = 4, 0.1
COSINE = [LR * (1 + math.cos(math.pi * k / EPOCHS)) / 2 for k in range(EPOCHS)]  # CosineAnnealingLR's, in closed form


def rates(total=EPOCHS, done=0, epochs=EPOCHS, optimizer=None, before=None, after=None):
    """The learning rate at each step of a loop of two steps an epoch that knows nothing of all this."""
    optimizer = optimizer or adam()
    seen: list[float] = []
    optimizer.register_step_post_hook(lambda *_: seen.append(float(optimizer.param_groups[0]["lr"])))
    history = History()
    with Falling(total, done):
        for epoch in range(epochs):
            if before:
                before(optimizer, epoch)
            optimizer.step()
            optimizer.step()
            history.add(Metrics(1.0, 0.5), Metrics(1.0, 0.5))
            if after:
                after(optimizer, epoch)
    assert WATCHERS == []
    return seen


def adam():
    parameter = nn.Parameter(torch.zeros(2))
    parameter.grad = torch.ones(2)
    return torch.optim.Adam([parameter], lr=LR)


def twice(values):
    return pytest.approx([value for value in values for _ in range(2)])


def test_it_falls_along_half_a_cosine_epoch_by_epoch():
    assert rates() == twice(COSINE)


def test_one_epoch_has_the_rate_that_was_asked_for_and_more_than_planned_the_last_one():
    assert rates(total=1, epochs=1) == twice([LR])
    assert rates(epochs=6) == twice([*COSINE, COSINE[-1], COSINE[-1]])


def test_a_scheduler_is_left_alone():
    optimizer = adam()
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, step_size=3)
    found = rates(optimizer=optimizer, after=lambda *_: schedule.step())
    assert found == twice([LR, LR, LR, LR / 10])


def test_a_plan_by_hand_is_left_alone():
    def halve(optimizer, epoch):
        optimizer.param_groups[0]["lr"] /= 2

    assert rates(after=halve) == twice([LR, LR / 2, LR / 4, LR / 8])


def test_a_plan_that_begins_late_takes_over():
    def drop(optimizer, epoch):
        if epoch == 2:
            optimizer.param_groups[0]["lr"] = 0.02

    assert rates(before=drop) == twice([COSINE[0], COSINE[1], 0.02, 0.02])


def test_the_second_optimizer_is_left_alone():
    first, second, history = adam(), adam(), History()
    with Falling(2):
        for optimizer in (first, second):
            for _ in range(2):
                optimizer.step()
                history.add(Metrics(1.0, 0.5))
    assert first.param_groups[0]["lr"] == pytest.approx(LR / 2)
    assert second.param_groups[0]["lr"] == LR
    assert OURS not in second.param_groups[0]


def test_each_group_falls_from_its_own_rate():
    optimizer = adam()
    optimizer.add_param_group({"params": [nn.Parameter(torch.zeros(1))], "lr": 1.0})
    rates(total=2, epochs=2, optimizer=optimizer)
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([LR / 2, 0.5])


def test_a_run_that_goes_on_falls_on():
    whole = rates()
    first, history = adam(), History()
    with Falling(EPOCHS):
        for _ in range(2):
            first.step()
            history.add(Metrics(1.0, 0.5))
    later = adam()
    later.load_state_dict(first.state_dict())
    assert rates(done=2, epochs=2, optimizer=later) == pytest.approx(whole[4:])


def test_a_run_that_is_over_leaves_nothing_to_fall():
    assert rates(done=EPOCHS, epochs=1) == twice([LR])
