"""What the worker says about a module: what is there, what is still a TODO, what went wrong and in which line."""

from pathlib import Path

import pytest
import torch
from PIL import Image

from course.checks import left_behind, wire
from course.checks.builders import linear_net, tensor_set
from course.checks.worker import Worker
from graders.kit.general import photo


@pytest.fixture
def worker_of(tmp_path: Path):
    workers = []

    def make(text: str, reference: str | None = None) -> Worker:
        (tmp_path / "ex01_mnist.py").write_text(text)
        other = None
        if reference is not None:
            other = tmp_path / "solution" / "ex01_mnist.py"
            other.parent.mkdir()
            other.write_text(reference)
        workers.append(Worker(tmp_path / "ex01_mnist.py", other))
        return workers[-1]

    yield make
    for worker in workers:
        worker.close()


def call(worker: Worker, name: str, *args, **kwargs):
    return worker.reply({"op": "call", "name": name, "args": list(args), "kwargs": kwargs, "seed": None})


def begin(worker: Worker, needs=(), task: str = "", seed: int = 0):
    return worker.reply({"op": "begin", "needs": list(needs), "seed": seed, "task": task})["value"]


def test_a_call_returns_the_result(worker_of):
    assert call(worker_of("def double(x):\n    return 2 * x\n"), "double", 4)["value"]["result"] == 8


def test_a_function_that_only_running_the_file_defines_is_there(worker_of):
    worker = worker_of("f = lambda: 1\ntry:\n    def g():\n        pass\nexcept ValueError:\n    pass\n")
    found = {name: begin(worker, task=name) for name in ("f", "g", "h")}
    assert {name: one["missing"] for name, one in found.items()} == {"f": False, "g": False, "h": True}


def test_a_missing_function_is_an_error_that_names_it(worker_of):
    assert "no function called build_model" in call(worker_of("x = 1\n"), "build_model")["error"]["text"]


def test_a_syntax_error_is_told_with_its_line(worker_of):
    error = call(worker_of("x = 1\ndef f(:\n    pass\n"), "f")["error"]
    assert error["type"] == "SyntaxError"
    assert error["loading"]
    assert error["line"] == 2
    assert error["code"] == "def f(:"


def test_an_error_while_loading_is_told_with_its_line(worker_of):
    error = call(worker_of("x = 1\ny = x / 0\n"), "f")["error"]
    assert (error["type"], error["line"], error["loading"]) == ("ZeroDivisionError", 2, True)


def test_an_error_is_told_with_the_students_own_line(worker_of):
    worker = worker_of("import torch\n\ndef f(a):\n    b = a + 1\n    return torch.cat([a, b[None]])\n")
    error = call(worker, "f", torch.zeros(3))["error"]
    assert (error["type"], error["line"], error["code"]) == ("RuntimeError", 5, "return torch.cat([a, b[None]])")
    assert not error["loading"]


@pytest.mark.parametrize("leave", ["exit(3)", "import sys; sys.exit()", "quit()", "raise SystemExit"])
def test_exit_is_an_error_and_no_exit(worker_of, leave):
    assert "exit" in call(worker_of(f"def f():\n    {leave}\n"), "f")["error"]["text"]


def test_exit_while_loading_is_an_error_too(worker_of):
    assert "exit" in call(worker_of("exit()\ndef f():\n    pass\n"), "f")["error"]["text"]


def test_prints_are_kept_apart_and_cut(worker_of):
    answer = call(worker_of("def f():\n    print('x' * 100_000)\n    return 1\n"), "f")
    assert answer["value"]["result"] == 1
    assert set(answer["printed"]) == {"x"}
    assert len(answer["printed"]) == 2_000


def test_a_long_message_is_cut(worker_of):
    assert len(call(worker_of("def f():\n    raise ValueError('x' * 100_000)\n"), "f")["error"]["text"]) == 2_000


CHANGES = {
    "a tensor in place": ("a.add_(1)", torch.zeros(2)),
    "the shape of a tensor": ("a.unsqueeze_(0)", torch.zeros(2)),
    "the dtype of a tensor": ("a.data = a.half() if a.element_size() == 4 else a.float()", torch.zeros(2)),
    "a tensor with what is no number": ("a[0] += 1", torch.tensor([2.0, float("nan")])),
    "a list": ("a.append(1)", [1, 2]),
    "a dict": ("a.clear()", {"x": 1}),
    "a photo": ("a.thumbnail((2, 2))", photo(Image.new("L", (9, 9)))),
    "pixels of a photo": ("a.putpixel((0, 0), 5)", photo(Image.new("L", (9, 9)))),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_of_an_argument_is_noticed(worker_of, name):
    code, argument = CHANGES[name]
    worker = worker_of(f"def f(a, other=None):\n    {code}\n    return 0\n")
    assert call(worker, "f", argument)["value"]["changed"] == ["a"]
    assert call(worker, "f", a=argument)["value"]["changed"] == ["a"]


@pytest.mark.parametrize("name", CHANGES)
def test_an_argument_that_is_left_alone_is_not_called_changed(worker_of, name):
    worker = worker_of("def f(a):\n    return str(a)[:0]\n")
    assert call(worker, "f", CHANGES[name][1])["value"]["changed"] == []


def test_a_data_set_built_there_may_be_read(worker_of):
    worker = worker_of("def f(data):\n    return len(data)\n")
    data = tensor_set(images=torch.zeros(3, 1), labels=torch.zeros(3))
    assert call(worker, "f", data)["value"]["result"] == 3


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("torch.set_grad_enabled(False)", "gradients switched off"),
        ("torch.set_default_dtype(torch.float64)", "dtype"),
        ("torch.nn.modules.module.register_module_forward_pre_hook(print)", "a hook on every network"),
        ("torch.nn.modules.module.register_module_forward_hook(print)", "a hook on every network"),
    ],
)
def test_settings_of_the_whole_process_are_restored_and_told(worker_of, code, words):
    worker = worker_of(f"import torch\n\ndef f():\n    {code}\n\ndef g():\n    {code}\n    raise ValueError\n")
    assert words in call(worker, "f")["value"]["left"][0]
    assert torch.is_grad_enabled()
    call(worker, "g")
    begin(worker)
    assert torch.is_grad_enabled()
    assert torch.get_default_dtype() == torch.float32
    assert not torch.nn.modules.module._has_any_global_hook()


def test_warnings_of_the_student_are_passed_on(worker_of):
    worker = worker_of("import warnings\n\ndef f():\n    warnings.warn('no compiler', stacklevel=2)\n")
    assert call(worker, "f")["value"]["warned"] == ["no compiler"]
    assert call(worker, "f")["value"]["warned"] == ["no compiler"]


TODO = '''def first(x):
    """Says.

    More.
    """
    # TODO first: what?
    raise NotImplementedError("first")


def second(x):
    return x + 1
    raise NotImplementedError("second")


def third(x):
    if x:
        raise NotImplementedError("a mode that is not supported")
    return x


class Data:
    def __init__(self):
        raise NotImplementedError("Data")

    def __len__(self):
        raise NotImplementedError("Data")


class Begun:
    def __init__(self):
        self.x = 1

    def __len__(self):
        raise NotImplementedError("Begun")
'''


def test_a_todo_is_recognised_without_running_it(worker_of):
    worker = worker_of(TODO)
    found = {name: begin(worker, task=name)["todo"] for name in ("first", "second", "third", "Data", "Begun", "none")}
    assert found == {"first": True, "second": False, "third": False, "Data": True, "Begun": False, "none": False}


def test_a_todo_that_is_run_says_whose_it_is(worker_of):
    worker = worker_of(TODO + "\n\ndef user(x):\n    return first(x)\n")
    assert call(worker, "user", 1)["error"]["todo"] == "first"
    assert call(worker, "third", 1)["error"]["todo"] is None


def test_what_is_missing_upstream_is_waited_for_where_there_is_no_reference(worker_of):
    worker = worker_of(TODO)
    assert begin(worker, ["first", "second", "Data", "Begun", "gone"])["waiting"] == ["first", "Data", "Begun", "gone"]


def test_the_reference_stands_in_for_what_is_needed_and_for_nothing_else(worker_of):
    own = "def a():\n    return 'own a'\n\ndef b():\n    return 'own b'\n\ndef both():\n    return a() + b()\n"
    worker = worker_of(own, "def a():\n    return 'ref a'\n\ndef b():\n    return 'ref b'\n")
    assert begin(worker, ["a"])["waiting"] == []
    assert call(worker, "both")["value"]["result"] == "ref aown b"
    begin(worker, ["b"])
    assert call(worker, "both")["value"]["result"] == "own aref b"
    begin(worker)
    assert call(worker, "both")["value"]["result"] == "own aown b"


def test_a_function_that_only_the_reference_has_does_not_stay(worker_of):
    worker = worker_of("def f():\n    return helper()\n", "def helper():\n    return 1\n")
    begin(worker, ["helper"])
    assert call(worker, "f")["value"]["result"] == 1
    begin(worker)
    assert "error" in call(worker, "f")


def test_chance_begins_anew_with_each_check(worker_of):
    worker = worker_of("import torch\n\ndef f():\n    return torch.rand(1).item()\n")
    drawn = []
    for seed in (3, 3, 4):
        begin(worker, seed=seed)
        drawn.append(call(worker, "f")["value"]["result"])
    assert drawn[0] == drawn[1] != drawn[2]


def test_objects_stay_and_are_forgotten_at_the_next_check(worker_of):
    worker = worker_of("def f(model):\n    return model.weight.shape[0]\n")
    handle = worker.reply({"op": "build", "blueprint": linear_net(features=2, classes=3, seed=0)})["value"]["result"]
    assert isinstance(handle, wire.Handle)
    begin(worker)
    assert "error" in call(worker, "f", handle)


def test_only_files_of_its_own_folder_are_read(worker_of, tmp_path):
    worker = worker_of("x = 1\n")
    path = worker.reply({"op": "file", "name": "a/b.txt", "content": b"hello"})["value"]
    assert worker.reply({"op": "read", "path": path})["value"] == b"hello"
    for outside in (str(tmp_path / "ex01_mnist.py"), str(Path(path).parent / "../../x"), "/etc/hostname"):
        assert "error" in worker.reply({"op": "read", "path": outside})
    worker.close()
    assert not Path(path).exists()


@pytest.mark.parametrize(
    "request_", [{"op": "nothing"}, {"op": "call"}, {"op": "probe", "name": "x", "args": [], "kwargs": {}}]
)
def test_a_request_that_is_none_is_an_error(worker_of, request_):
    assert "error" in worker_of("x = 1\n").reply(request_)


PATCHES = {
    "a method of its own": (
        "torch.nn.modules.batchnorm._BatchNorm.train = lambda self, mode=True: self",
        "_BatchNorm.train",
    ),
    "another's method": ("torch.nn.ReLU.forward = torch.nn.GELU.forward", "ReLU.forward"),
    "a method taken away": ("del torch.nn.Dropout.forward", "Dropout.forward"),
    "of every network": ("torch.nn.Module.eval = lambda self: self", "Module.eval"),
    "a setter": ("torch.nn.Linear.bias = property(lambda self: None)", "Linear.bias"),
}


@pytest.mark.parametrize("name", PATCHES)
def test_a_method_put_into_a_class_of_torch_is_taken_out_again_and_told(worker_of, name):
    code, words = PATCHES[name]
    worker = worker_of(f"import torch\n\ndef f():\n    {code}\n\ndef g():\n    {code}\n    raise ValueError\n")
    networks = torch.nn.modules
    kinds = networks.batchnorm._BatchNorm, networks.ReLU, networks.Dropout, networks.Module, networks.Linear
    before = [dict(vars(kind)) for kind in kinds]
    left = call(worker, "f")["value"]["left"]
    assert len(left) == 1
    assert words in left[0]
    assert [dict(vars(kind)) for kind in kinds] == before
    call(worker, "g")
    begin(worker)
    assert [dict(vars(kind)) for kind in kinds] == before


def test_a_method_under_a_new_name_is_the_students_own_affair(worker_of):
    worker = worker_of(
        "import torch\ntorch.nn.Module.of_mine = lambda self: 7\n\ndef f():\n    return torch.nn.ReLU().of_mine()\n"
    )
    try:
        for _ in range(2):
            begin(worker)
            value = call(worker, "f")["value"]
            assert (value["result"], value["left"]) == (7, [])
    finally:
        del torch.nn.Module.of_mine


def test_a_class_patched_while_the_module_loads_is_whole_again(worker_of):
    worker = worker_of(
        "import torch\ntorch.nn.Module.eval = lambda self: 7\n\ndef f():\n    return torch.nn.ReLU().eval() == 7\n"
    )
    begin(worker)
    assert call(worker, "f")["value"] | {"warned": []} == {"result": False, "changed": [], "left": [], "warned": []}


def test_a_compiler_that_is_to_fail_in_silence_is_told_and_undone(worker_of):
    worker = worker_of(
        "import torch._dynamo\n\ndef f():\n    torch._dynamo.config.suppress_errors = True\n"
        "    return torch._dynamo.config.suppress_errors\n"
    )
    value = call(worker, "f")["value"]
    assert value["result"] is True
    assert value["left"] == ["compiling that fails in silence (torch._dynamo.config.suppress_errors)"]
    assert torch._dynamo.config.suppress_errors is False


def test_a_class_is_looked_at_after_the_first_calls_of_each_function_in_a_check(worker_of):
    worker = worker_of(
        "from torch import nn\n\ncalls = 0\n\ndef f(at):\n    global calls\n    calls += 1\n"
        "    if calls == at:\n        nn.ReLU.forward = lambda self, x: x\n\ndef g(at):\n    f(at)\n"
    )
    begin(worker)
    told = [len(call(worker, "f", 3)["value"]["left"]) for _ in range(8)]
    assert told == [0, 0, 0, 1, 0, 0, 0, 0]  # put there by the third call, found after the fourth
    assert call(worker, "g", 9)["value"]["left"]  # by the first call of another function
    begin(worker)
    assert call(worker, "f", 10)["value"]["left"]


def test_what_torch_and_the_students_own_classes_change_is_not_told(worker_of):
    worker = worker_of(
        "import torch\nfrom torch import nn\n\nclass Net(nn.Linear):\n    pass\n\n"
        "def f():\n    Net.forward = lambda self, x: x\n    nn.Linear.note = 'mine'\n"
        "    net = Net(1, 1)\n    torch.optim.Rprop(net.parameters()).step()\n    nn.Linear.__doc__ = ''\n"
    )
    assert call(worker, "f")["value"]["left"] == []
    del torch.nn.Linear.note


def test_what_an_installed_library_gives_every_network_is_not_told(worker_of, monkeypatch):
    # of transformers, with its first model in a process
    monkeypatch.delattr(torch.nn.Module, "smart_apply", raising=False)
    worker = worker_of(
        "from transformers import BertConfig, BertModel\n\ndef f():\n"
        "    sizes = {'hidden_size': 4, 'num_hidden_layers': 1, 'num_attention_heads': 1, 'intermediate_size': 4}\n"
        "    BertModel(BertConfig(vocab_size=9, **sizes)).init_weights()\n"
    )
    assert call(worker, "f")["value"]["left"] == []
    assert hasattr(torch.nn.Module, "smart_apply")
    left_behind.remember_classes()
    left_behind.undo()
    monkeypatch.delattr(torch.nn.Module, "smart_apply")
    assert call(worker, "f")["value"]["left"] == []


def test_an_optimizer_that_inherits_its_step_is_not_told(worker_of):
    for name in ("AdamW", "Adam", "Rprop"):
        kind = getattr(torch.optim, name)
        worker = worker_of(
            f"import torch\n\ndef f():\n    torch.optim.{name}([torch.zeros(1, requires_grad=True)]).step()\n"
        )
        if name == "AdamW" and "step" in vars(kind):
            del kind.step  # as in a new process: torch puts it there with the first one
            left_behind._kept[kind] = dict(vars(kind))
        assert call(worker, "f")["value"]["left"] == []
