"""The pretend GPU: tensors that say cuda:0, compute what the CPU computes, and refuse the CPU's in CUDA's words."""

import copy
import io

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torchvision.models import mobilenet_v3_small
from torchvision.transforms import v2

from course.pretend_gpu import DEVICE, OnGpu, PretendGpu
from course.pretend_gpu.surroundings import works

torch.manual_seed(0)
X, Y = torch.randn(4, 3, 32, 32), torch.tensor([0, 2, 1, 2])


@pytest.fixture
def gpu():
    with PretendGpu():
        yield


def on_gpu(value):
    return isinstance(value, OnGpu) and value.device == DEVICE and value.is_cuda and not value.is_cpu


def test_it_works_here_and_leaves_no_trace():
    before = torch.tensor, torch.load, nn.Module._apply, F.one_hot, torch.cuda.is_available()
    assert works()
    assert (torch.tensor, torch.load, nn.Module._apply, F.one_hot, torch.cuda.is_available()) == before
    assert not {"to", "cuda", "cpu"} & set(vars(torch.Tensor))


def test_it_can_be_entered_within_itself(gpu):
    with PretendGpu():
        pass
    assert torch.cuda.is_available()
    assert on_gpu(torch.zeros(2, device="cuda"))


MAKERS = {
    "zeros": lambda d: torch.zeros(3, device=d),
    "ones": lambda d: torch.ones(2, 2, device=d),
    "full": lambda d: torch.full((2,), 3.0, device=d),
    "arange": lambda d: torch.arange(4, device=d),
    "eye": lambda d: torch.eye(2, device=d),
    "linspace": lambda d: torch.linspace(0, 1, 3, device=d),
    "rand": lambda d: torch.rand(3, device=d),
    "randn": lambda d: torch.randn(3, device=d),
    "randint": lambda d: torch.randint(0, 3, (2,), device=d),
    "randperm": lambda d: torch.randperm(4, device=d),
    "tensor": lambda d: torch.tensor([1.0, 2.0], device=d),
    "as_tensor": lambda d: torch.as_tensor([1, 2], device=d),
    "asarray": lambda d: torch.asarray([1.0], device=d),
    "to": lambda d: torch.zeros(2).to(d),
    "to with a dtype": lambda d: torch.zeros(2).to(d, torch.float64),
    "to, non-blocking": lambda d: torch.zeros(2).to(d, non_blocking=True),
    "to another tensor": lambda d: torch.zeros(2).to(torch.ones(1, device=d)),
    "zeros_like": lambda d: torch.zeros_like(torch.ones(2, device=d)),
    "new_zeros": lambda d: torch.ones(2, device=d).new_zeros(3),
    "new_tensor": lambda d: torch.ones(2, device=d).new_tensor([1.0]),
    "one_hot": lambda d: F.one_hot(torch.tensor([1, 0]).to(d), 3),
    "empty, filled": lambda d: torch.empty(2, device=d).fill_(1),
    "layer": lambda d: nn.Linear(2, 2, device=d).weight,
    "moved layer": lambda d: nn.Linear(2, 2).to(d).weight,
    "data": lambda d: torch.ones(2, device=d).data,
    "detached": lambda d: torch.ones(2, device=d).detach(),
    "slice": lambda d: torch.ones(2, device=d)[:1],
    "copied network": lambda d: copy.deepcopy(nn.Linear(2, 2).to(d)).weight,
}


@pytest.mark.parametrize("maker", MAKERS)
def test_what_is_made_there_is_there_and_comes_back(gpu, maker):
    for device in ("cuda", "cuda:0", DEVICE):
        made = MAKERS[maker](device)
        assert on_gpu(made)
        assert type(made.detach().cpu()) is torch.Tensor
    assert not on_gpu(MAKERS[maker]("cpu"))


OPERATORS = {
    "arithmetic": lambda x: (x * 2 - x / 3 + 1).pow(2),
    "reductions": lambda x: x.mean((2, 3)) + x.amax((2, 3)) - x.std((2, 3)),
    "matrix": lambda x: x.flatten(1) @ x.flatten(1).T,
    "softmax": lambda x: x.flatten(1).softmax(1),
    "comparison": lambda x: (x > 0).float(),
    "argmax": lambda x: x.flatten(1).argmax(1),
    "topk": lambda x: x.flatten(1).topk(3).values,
    "where": lambda x: torch.where(x > 0, x, torch.zeros_like(x)),
    "index by a mask": lambda x: x[x > 0],
    "cat and stack": lambda x: torch.cat([x, torch.stack([x[0], x[1]])]),
    "permute": lambda x: x.permute(0, 2, 3, 1).contiguous(),
    "interpolate": lambda x: F.interpolate(x, size=16, mode="bilinear", antialias=True),
    "convolution": lambda x: F.conv2d(x, torch.ones_like(x)[:, :, :3, :3], padding=1),
    "pooling": lambda x: F.max_pool2d(x, 2) + F.avg_pool2d(x, 2),
    "layer norm": lambda x: F.layer_norm(x, x.shape[-1:]),
    "attention": lambda x: F.scaled_dot_product_attention(x, x, x),
    "affine view": lambda x: v2.functional.affine(x, 10, [1, 2], 1.1, [0.0, 0.0]),
    "in place": lambda x: x.clone().mul_(2).clamp_(0, 1),
    "written into": lambda x: _written(x),
    "cumulative": lambda x: x.cumsum(1).sort(dim=1).values,
    "einsum": lambda x: torch.einsum("bchw,bdhw->bcd", x, x),
}


def _written(x):
    made = torch.zeros_like(x)
    made[0] = x[1]
    made[:, 0, 0, 0] = 5
    return made


@pytest.mark.parametrize("operator", OPERATORS)
def test_it_computes_what_the_cpu_computes(gpu, operator):
    expected = OPERATORS[operator](X)
    found = OPERATORS[operator](X.to("cuda"))
    assert on_gpu(found)
    torch.testing.assert_close(found.cpu(), expected)


@pytest.mark.parametrize("kind", [torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW, torch.optim.RMSprop])
def test_training_comes_to_the_same_weights(gpu, kind):
    ends = []
    for device in ("cpu", "cuda"):
        torch.manual_seed(3)
        model = mobilenet_v3_small(num_classes=3).to(device)
        optimizer = kind(model.parameters(), 1e-3)
        model.to(device)  # it is there already: the optimizer's parameters stay the model's
        for _ in range(2):
            torch.manual_seed(4)  # of dropout
            loss = F.cross_entropy(model(X.to(device)), Y.to(device))
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        assert all(p.device.type == device for p in (*model.parameters(), *model.buffers()))
        ends.append((loss.item(), model.classifier[3].weight.detach().cpu()))
    assert ends[0][0] == pytest.approx(ends[1][0], rel=1e-4)
    torch.testing.assert_close(ends[0][1], ends[1][1], rtol=1e-3, atol=1e-5)


def test_an_optimizer_goes_on_with_a_network_that_is_moved(gpu):
    model = nn.Linear(2, 2)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    model.to("cuda")
    before = model.weight.detach().clone()
    model(torch.ones(1, 2, device="cuda")).sum().backward()
    optimizer.step()
    assert not torch.equal(model.weight.detach(), before)


def test_gradients_come_back_over_a_move(gpu):
    x = torch.ones(3, requires_grad=True)
    (x.to("cuda") * 2).cpu().sum().backward()
    assert type(x.grad) is torch.Tensor
    assert x.grad.tolist() == [2, 2, 2]


TWO = "Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!"
GOT = "but got {} is on {}, different from other tensors on {} (when checking argument in method wrapper_CUDA_{})"
REFUSED = {
    "linear": (lambda x: nn.Linear(3, 2).cuda()(torch.ones(1, 3)), GOT.format("mat1", "cpu", "cuda:0", "addmm")),
    "network on the CPU": (
        lambda x: nn.Linear(3, 2)(torch.ones(1, 3).cuda()),
        GOT.format("mat1", "cuda:0", "cpu", "addmm"),
    ),
    "convolution": (
        lambda x: nn.Conv2d(3, 2, 3).cuda()(X),
        "Input type (torch.FloatTensor) and weight type (torch.cuda.FloatTensor) should be the same or input should be a MKLDNN",
    ),
    "embedding": (
        lambda x: nn.Embedding(3, 2).cuda()(torch.tensor([1])),
        GOT.format("index", "cpu", "cuda:0", "_index_select"),
    ),
    "loss": (
        lambda x: F.cross_entropy(x[:, :, 0, 0], Y),
        GOT.format("target", "cpu", "cuda:0", "nll_loss_forward"),
    ),
    "comparison": (lambda x: x[:, :, 0, 0].argmax(1) == Y, TWO),
    "sum": (lambda x: x + torch.zeros(32), TWO),
    "cat": (lambda x: torch.cat([x, X]), GOT.format("tensors", "cpu", "cuda:0", "cat")),
    "added to a number on the CPU": (lambda x: torch.zeros(()).add_(x.mean()), TWO),
    "mask from the GPU": (lambda x: X[x > 0], "indices should be either on cpu or on the same device"),
    "where": (lambda x: torch.where(x > 0, x, X), TWO),
    "batch norm": (lambda x: nn.BatchNorm2d(3).cuda()(X), "_cudnn_batch_norm"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_mix_is_refused_in_cudas_words(gpu, case):
    call, words = REFUSED[case]
    with pytest.raises(RuntimeError) as caught:
        call(X.to("cuda"))
    assert words in str(caught.value)


def test_what_cuda_allows_is_allowed(gpu):
    x = X.to("cuda")
    assert on_gpu(x + torch.tensor(1.0))  # a number from the CPU
    assert on_gpu(x[torch.tensor([0, 1])])  # indices from the CPU
    assert x.mean().item() == pytest.approx(float(X.mean()))
    assert x[0, 0, 0].tolist() == X[0, 0, 0].tolist()
    assert bool(x.sum() == x.sum())
    cpu = torch.zeros_like(X)
    cpu.copy_(x)
    torch.testing.assert_close(cpu, X)
    with torch.inference_mode():
        assert on_gpu(mobilenet_v3_small(num_classes=3).cuda().eval()(x))


def test_numpy_cannot_read_it(gpu):
    for call in (lambda x: x.numpy(), np.asarray):
        with pytest.raises(TypeError, match="can't convert cuda:0 device type tensor to numpy"):
            call(X.to("cuda"))


def test_files_remember_the_device():
    stream = io.BytesIO()
    with PretendGpu():
        model = nn.Linear(2, 2).to("cuda")
        torch.save(model.state_dict(), stream)
        stream.seek(0)
        assert on_gpu(torch.load(stream, weights_only=True)["weight"])
        stream.seek(0)
        back = torch.load(stream, weights_only=True, map_location="cpu")
        assert type(back["weight"]) is torch.Tensor
        other = nn.Linear(2, 2).to("cuda")
        other.load_state_dict(back)
        assert on_gpu(other.weight.detach())
        torch.testing.assert_close(other.weight.detach().cpu(), back["weight"])
    stream.seek(0)
    if not torch.cuda.is_available():
        with pytest.raises(RuntimeError, match="Attempting to deserialize object on a CUDA device"):
            torch.load(stream, weights_only=True)
    stream.seek(0)
    torch.testing.assert_close(torch.load(stream, weights_only=True, map_location="cpu")["weight"], back["weight"])
