"""Backbones of torchvision's registry without their heads, and what is refused."""

import pytest
import torch

from course.errors import CourseError
from course.models.zoo import POCKET, load_backbone


@pytest.mark.parametrize(
    ("name", "width"), [(POCKET, 1200), ("squeezenet1_0", 512), ("resnet18", 512), ("shufflenet_v2_x0_5", 1024)]
)
def test_one_vector_an_image(name, width):
    backbone, found = load_backbone(name, "DEFAULT" if name == POCKET else None)
    assert found == width
    with torch.inference_mode():
        assert backbone(torch.zeros(3, 3, 96, 96)).shape == (3, width)


@pytest.mark.parametrize(
    ("name", "said"), [("swin_t", "channels last"), ("vit_b_16", "neither"), ("resnet19", "resnet19")]
)
def test_what_is_refused_names_a_network_to_try(name, said):
    with pytest.raises(CourseError, match=said) as caught:
        load_backbone(name, None)
    assert POCKET in caught.value.cure
