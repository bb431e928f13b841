"""A call of a student's in our own process ends: at its limit, with and without alarm signals, by Ctrl-C, in one process."""

import os
import signal
import threading
import time

import pytest

from course.checks import no_answer, stopping


def loop(seconds: float = 20.0) -> None:
    """For ever, as a student would write it; a test that fails ends all the same."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass


def interrupted() -> None:
    os.kill(os.getpid(), signal.SIGINT)
    loop(5)


def swallows(times: int) -> None:
    for _ in range(times):
        try:
            loop()
        except BaseException:
            continue
    loop()


@pytest.mark.parametrize("signals", [True, False])
def test_a_loop_ends_with_and_without_alarm_signals(monkeypatch, signals):
    if not signals:
        monkeypatch.delattr(signal, "SIGALRM", raising=False)
    with pytest.raises(stopping.OutOfTime), stopping.limited(0.2):
        loop()
    with stopping.limited(0.2):  # and what is quick is left alone
        pass
    loop(0.3)


def test_a_loop_in_another_thread_ends():
    found = []

    def work() -> None:
        try:
            with stopping.limited(0.2):
                loop()
        except stopping.OutOfTime:
            found.append("ended")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(15)
    assert found == ["ended"]


@pytest.mark.parametrize("signals", [True, False])
def test_what_is_swallowed_comes_again_and_then_the_process_is_given_up(monkeypatch, signals):
    if not signals:
        monkeypatch.delattr(signal, "SIGALRM", raising=False)
    monkeypatch.setattr(stopping, "AGAIN", 0.1)
    said = []
    with pytest.raises(stopping.OutOfTime), stopping.limited(0.2, said.append):
        swallows(2)
    assert said == []
    with pytest.raises(stopping.OutOfTime), stopping.limited(0.2, said.append):
        swallows(stopping.SWALLOWED + 1)
    assert said[0] == "swallows what should end it"


def test_a_third_ctrl_c_in_one_call_gives_up():
    said = []
    was = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's `command &` has it ignored
    before = signal.getsignal(signal.SIGINT)
    with stopping.limited(60, said.append):
        for _ in range(stopping.SWALLOWED):
            with pytest.raises(KeyboardInterrupt):
                interrupted()
    assert said == ["swallows Ctrl-C"]
    assert signal.getsignal(signal.SIGINT) is before
    signal.signal(signal.SIGINT, was)


def test_os_exit_is_an_error_and_a_fork_ends_itself():
    leave = os._exit
    with stopping.one_process(), pytest.raises(RuntimeError, match=r"called os._exit\(3\)"):
        os._exit(3)
    assert os._exit is leave
    with stopping.one_process():
        child = os.fork()  # both go on
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    with stopping.one_process():
        if not (child := os.fork()):
            os._exit(5)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 5


def test_it_is_said_where_code_stands_that_gives_no_answer():
    said = []

    def slow() -> None:
        steps = 3
        loop(0.6 + 0 * steps)

    with no_answer.told("slow", lambda name: name == __file__, said.append, 0.2):
        slow()
    with no_answer.told("quick", lambda name: True, said.append, 0.5):
        pass
    (sentence,) = said
    assert sentence.startswith("slow: no answer for 0 s, in line ")
    assert "(loop): seconds = 0.6" in sentence
