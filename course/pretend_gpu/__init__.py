"""A GPU that is only pretended, so that a check can say on any machine whether a function would run on a real one.

    from course.pretend_gpu import PretendGpu

    with PretendGpu():
        model = nn.Linear(784, 10).to("cuda")      # its parameters say that they are on cuda:0
        model(torch.zeros(2, 784))                 # RuntimeError: Expected all tensors to be on the same device, …

Tensors on it say `cuda:0`, are computed on the CPU, and refuse to meet tensors of the CPU with the sentences that CUDA gives.
What it does not know: memory, speed, streams, `torch.compile`, several devices. `tensor` holds the tensors and their operators,
`refusal` the sentences, `moving` what moves between devices, `surroundings` what else of torch knows of a GPU.
"""

from course.pretend_gpu.moving import move
from course.pretend_gpu.surroundings import PretendGpu
from course.pretend_gpu.tensor import DEVICE, OnGpu

__all__ = ["DEVICE", "OnGpu", "PretendGpu", "move"]
