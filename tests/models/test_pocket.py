"""The pocket network behaves as any torchvision network does, and says what is wrong with its files."""

import json

import pytest
import torch
import torchvision
from PIL import Image
from safetensors.torch import load_file, save_file

from course.errors import CourseError
from course.models import pocket
from course.paths import real_folder


@pytest.fixture(scope="module")
def trained():
    return torchvision.models.get_model("pocket_mobilenet", weights="DEFAULT").eval()


def test_it_is_listed_and_built_by_name():
    assert "pocket_mobilenet" in torchvision.models.list_models()
    model = torchvision.models.get_model("pocket_mobilenet", weights=None, num_classes=7)
    assert model(torch.zeros(2, 3, 64, 64)).shape == (2, 7)


def test_weights_are_reached_by_torchvisions_calls():
    weights = torchvision.models.get_model_weights("pocket_mobilenet").DEFAULT
    assert weights is torchvision.models.get_weight("Pocket_MobileNet_Weights.DEFAULT")
    assert weights.transforms()(Image.new("RGB", (120, 100))).shape == (3, 96, 96)


def test_categories_name_every_output(trained):
    names = pocket.Pocket_MobileNet_Weights.DEFAULT.meta["categories"]
    assert trained.classifier[-1].out_features == len(names) == len(set(names)) >= 40
    for kind, least in (("dog: ", 5), ("cat: ", 2), ("bear: ", 2)):
        assert sum(name.startswith(kind) for name in names) >= least
    assert not [name for name in names if name.startswith(("fresh ", "rotten "))]


def test_children_without_the_head_are_the_extractor(trained):
    """The usual trick of cutting a network before its classifier gives what `features` gives."""
    images = torch.randint(0, 256, (3, 3, 96, 96), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    preset = pocket.Pocket_MobileNet_Weights.DEFAULT.transforms()
    with torch.inference_mode():
        cut = torch.nn.Sequential(*list(trained.children())[:-1])(preset(images)).flatten(1)
    torch.testing.assert_close(cut, pocket.features()(images), rtol=1e-4, atol=1e-4)
    assert cut.shape == (3, trained.classifier[-1].in_features)


def test_any_size_and_a_batch_of_one_in_train_mode(trained):
    model = pocket.pocket_mobilenet(weights="DEFAULT").train()
    model(torch.rand(1, 3, 96, 96)).sum().backward()
    with torch.inference_mode():
        assert trained(torch.rand(2, 3, 33, 57)).isfinite().all()


def test_random_weights_follow_the_seed():
    states = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        states.append(pocket.pocket_mobilenet(num_classes=3).classifier[-1].weight)
    assert torch.equal(states[0], states[1])
    assert not torch.equal(states[0], states[2])


def test_another_number_of_classes_with_weights_is_refused():
    with pytest.raises(ValueError, match="num_classes"):
        pocket.pocket_mobilenet(weights="DEFAULT", num_classes=6)


def test_file_sizes():
    assert (pocket.FOLDER / pocket.WEIGHTS_FILE).stat().st_size <= 5e6  # the budget of all pocket networks is 10 MB


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A copy of the weights folder that the network reads instead."""
    for name in (pocket.WEIGHTS_FILE, pocket.CARD_FILE):
        (tmp_path / name).write_bytes((pocket.FOLDER / name).read_bytes())
    monkeypatch.setattr(pocket, "FOLDER", tmp_path)
    return tmp_path


def refusal() -> CourseError:
    with pytest.raises(CourseError) as caught:
        pocket.pocket_mobilenet(weights="DEFAULT")
    assert "Restore the file" in caught.value.cure
    return caught.value


def test_missing_weights_name_the_file(copy):
    (copy / pocket.WEIGHTS_FILE).unlink()
    assert str(copy / pocket.WEIGHTS_FILE) in refusal().problem


@pytest.mark.parametrize("keep", [0, 5, 1000, -1])
def test_truncated_weights_name_the_file(copy, keep):
    file = copy / pocket.WEIGHTS_FILE
    file.write_bytes(file.read_bytes()[:keep])
    assert str(file) in refusal().problem


def test_weights_of_another_network(copy):
    save_file({"fc.weight": torch.zeros(2, 2)}, copy / pocket.WEIGHTS_FILE)
    assert "another network" in refusal().problem


def test_a_tensor_of_another_shape(copy):
    file = copy / pocket.WEIGHTS_FILE
    state = load_file(file)
    state["features.blocks.0.0.weight"] = torch.zeros(16, 3, 5, 5)
    save_file(state, file)
    assert "features.blocks.0.0.weight" in refusal().problem


def test_categories_of_another_length(copy):
    card = json.loads((copy / pocket.CARD_FILE).read_text())
    card["categories"] = card["categories"][:-1]
    (copy / pocket.CARD_FILE).write_text(json.dumps(card))
    problem = refusal().problem
    assert str(len(card["categories"])) in problem
    assert str(len(card["categories"]) + 1) in problem


@pytest.mark.parametrize("text", ["", "{", "[]", '{"categories": 3}', '{"categories": [1]}'])
def test_a_card_that_is_no_card(copy, text):
    (copy / pocket.CARD_FILE).write_text(text)
    assert str(copy / pocket.CARD_FILE) in refusal().problem


@pytest.mark.real
def test_a_linear_head_on_real_fruit():
    """Frozen features carry real photographs; the bar leaves 0.02 below the measured figure for another machine's arithmetic."""
    real = real_folder()
    if real is None:
        pytest.skip("COURSE_REAL names no folder of real photos")
    from benchmarks.pocket_backbone import featurise, photos, probe

    images, labels = photos(real / "fruits" / "train", 96)
    accuracy, _ = probe(featurise(pocket.features(), images), labels)
    assert accuracy >= 0.93
