"""What goes wrong in project 01: pictures, loaders, the dense network, the two loops.

"Karpathy 2018" is his list of the most common neural net mistakes (2018-07-01); "Humbatova 2020" the taxonomy of real
faults in deep learning systems (ICSE 2020); "forum" discuss.pytorch.org, where the same questions come back every month.
"""

import itertools
import random

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, RandomSampler, Subset
from torchvision import transforms
from torchvision.transforms import v2

from course.authoring.proofs.variants import Catalogue
from course.training import Metrics
from graders.proofs.shared import dense, devices
from graders.proofs.shared.dense import LAST, Net

MISTAKES = Catalogue("01")

# -- make_transforms ----------------------------------------------------------------------------------------------------

DTYPE = "v2.ToDtype(torch.float32, scale=True)"
SHAPE = MISTAKES.caught_by("make_transforms", "test_picture_becomes_a_float_tensor_with_a_channel")
RANGE = MISTAKES.caught_by("make_transforms", "test_bytes_become_values_from_0_to_1")
PLACE = MISTAKES.caught_by("make_transforms", "test_every_pixel_stays_in_its_place")
SAME = MISTAKES.caught_by("make_transforms", "test_same_picture_always_gives_the_same_tensor")


@SHAPE.mistake("The channel is last, as Pillow and matplotlib have it; PyTorch wants it first.")
def channel_last():
    return lambda image: torch.from_numpy(np.array(image)).float().unsqueeze(-1) / 255


@SHAPE.mistake("A grey picture also has a channel: one.")
def no_channel():
    return lambda image: torch.from_numpy(np.array(image)).float() / 255


@SHAPE.mistake("The picture is still a tensor of bytes.", source="forum")
def still_bytes():
    return v2.Compose([v2.ToImage()])


@SHAPE.mistake("NumPy divides in float64; the layers' weights are float32.", source="forum")
def double_precision():
    return lambda image: torch.from_numpy(np.array(image)[None] / 255)


@SHAPE.mistake("The picture is turned into colour: three channels with the same content.")
def made_colour():
    return v2.Compose([v2.RGB(), v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])


@SHAPE.mistake("The picture is flattened already; its shape is lost to all later layers.")
def flattened():
    return v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Lambda(torch.flatten)])


RANGE.patch(
    "never_divided",
    "The values still go up to 255.",
    ("scale=True", "scale=False"),
    source="Humbatova 2020: missing scaling",
)
RANGE.patch(
    "divided_twice",
    "The conversion divides by 255 already; dividing once more leaves almost nothing.",
    (DTYPE, DTYPE + ", v2.Lambda(lambda x: x / 255)"),
    source="forum: ToTensor scales already",
)
RANGE.patch(
    "centred_too",
    "Normalize moves the values to -1 to 1; here 0 to 1 was asked for.",
    (DTYPE, DTYPE + ", v2.Normalize([0.5], [0.5])"),
)
RANGE.patch(
    "paper_for_ink",
    "Paper and ink are swapped: the picture is inverted.",
    (DTYPE, DTYPE + ", v2.Lambda(lambda x: 1 - x)"),
)


@RANGE.mistake("A picture whose brightest pixel is 1 is not divided: it comes out 255 times too bright.")
def divided_only_above_1():
    def transform(image):
        pixels = torch.from_numpy(np.array(image, dtype=np.float32))[None]
        return pixels / 255 if pixels.max() > 1 else pixels

    return transform


@RANGE.mistake("A byte's largest value is 255, not 256.")
def divided_by_256():
    return lambda image: torch.from_numpy(np.array(image)[None]).float() / 256


@PLACE.mistake("Each picture is divided by its own maximum: dark pictures turn bright.")
def stretched_by_its_own_maximum():
    def transform(image):
        pixels = torch.from_numpy(np.array(image)[None]).float()
        return pixels / pixels.max().clamp(min=1)

    return transform


PLACE.patch(
    "resized",
    "Every picture is forced to 28 × 28, whatever size it comes in.",
    ("v2.ToImage()", "v2.Resize((28, 28)), v2.ToImage()"),
)


@PLACE.mistake("Pillow says (width, height), arrays say (rows, columns): the picture is transposed.")
def width_and_height_exchanged():
    def transform(image):
        pixels = torch.tensor(list(image.getdata()), dtype=torch.float32) / 255
        return pixels.reshape(image.height, image.width).t()[None]

    return transform


@PLACE.mistake(
    "reshape only relabels the values in memory; it doesn't transpose anything.",
    source="Karpathy 2018: view for permute",
)
def dealt_out_anew():
    def transform(image):
        pixels = torch.tensor(list(image.getdata()), dtype=torch.float32) / 255
        return pixels.reshape(1, image.width, image.height)

    return transform


SAME.patch(
    "augmented_for_both",
    "The same transform is used for validation, where nothing may be random.",
    ("v2.ToImage()", "v2.RandomRotation(10), v2.ToImage()"),
    source="Humbatova 2020: preprocessing",
)


@SAME.mistake("Noise is added to every picture, validation pictures too.")
def noisy():
    return transforms.Compose([transforms.ToTensor(), lambda x: (x + 0.05 * torch.randn_like(x)).clamp(0, 1)])


@PLACE.mistake("Large pictures are shrunk; the transform keeps whatever size comes.")
def large_ones_shrunk():
    to_tensor = transforms.ToTensor()
    return lambda image: to_tensor(image if max(image.size) <= 64 else image.resize((64, 64)))


@SAME.mistake(
    "All pictures of one size are written into one buffer: the next one overwrites the last.", source="forum: out="
)
def one_buffer_for_all():
    to_bytes, buffers = transforms.PILToTensor(), {}

    def transform(image):
        pixels = to_bytes(image)
        return torch.div(pixels, 255, out=buffers.setdefault(pixels.shape, torch.empty(pixels.shape)))

    return transform


@SAME.mistake("Tensors are remembered by the size of the picture: all pictures of one size are the first of them.")
def remembered_by_size():
    to_tensor, seen = transforms.ToTensor(), {}

    def transform(image):
        if image.size not in seen:
            seen[image.size] = to_tensor(image)
        return seen[image.size]

    return transform


@SAME.mistake("id() names an object, not what it holds: another picture can have the same id.")
def remembered_by_identity():
    to_tensor, seen = transforms.ToTensor(), {}

    def transform(image):
        if id(image) not in seen:
            seen[id(image)] = to_tensor(image)
        return seen[id(image)]

    return transform


@SAME.mistake(
    "thumbnail shrinks in place: the caller's own picture is small afterwards.", source="Pillow: Image.thumbnail"
)
def thumbnail_in_place():
    def transform(image):
        image.thumbnail((200, 200))
        return transforms.functional.to_tensor(image)

    return transform


# -- make_loaders -------------------------------------------------------------------------------------------------------

ONCE = MISTAKES.caught_by("make_loaders", "test_every_item_comes_exactly_once_an_epoch")
NEW = MISTAKES.caught_by("make_loaders", "test_training_order_is_new_in_each_epoch")
FIXED = MISTAKES.caught_by("make_loaders", "test_validation_order_is_that_of_the_data_set")
TOGETHER = MISTAKES.caught_by("make_loaders", "test_images_keep_their_labels")
SIZES = MISTAKES.caught_by("make_loaders", "test_batches_have_the_size_that_was_asked_for")
TRAIN, VALID = (
    "DataLoader(train_set, batch_size=batch_size, shuffle=True)",
    "DataLoader(valid_set, batch_size=batch_size)",
)

ONCE.patch(
    "training_drops_the_rest",
    "drop_last throws the items of the last, smaller batch away.",
    (TRAIN, "DataLoader(train_set, batch_size=batch_size, shuffle=True, drop_last=True)"),
)
ONCE.patch(
    "validation_drops_the_rest",
    "drop_last leaves the last validation items unmeasured.",
    (VALID, "DataLoader(valid_set, batch_size=batch_size, drop_last=True)"),
)
ONCE.patch(
    "pair_exchanged",
    "The validation loader is returned first.",
    ("return train_loader, valid_loader", "return valid_loader, train_loader"),
)
ONCE.patch(
    "validated_on_training_data",
    "Both loaders read the training set: the network is tested on what it has practised.",
    (VALID, "DataLoader(train_set, batch_size=batch_size)"),
    source="Humbatova 2020: same data for training and testing",
)


@ONCE.mistake("Drawing with replacement shows some items twice and others never.")
def drawn_with_replacement(train_set, valid_set, batch_size=32):
    sampler = RandomSampler(train_set, replacement=True)
    return DataLoader(train_set, batch_size, sampler=sampler), DataLoader(valid_set, batch_size)


NEW.patch(
    "nothing_shuffled", "The training items come in the same order in every epoch.", ("shuffle=True", "shuffle=False")
)


@NEW.mistake("Shuffled once at the start is one fixed order for ever.")
def shuffled_once(train_set, valid_set, batch_size=32):
    order = torch.randperm(len(train_set)).tolist()
    return DataLoader(Subset(train_set, order), batch_size), DataLoader(valid_set, batch_size)


@NEW.mistake("The same seed before each epoch gives the same order in each epoch.")
def seeded_in_each_epoch(train_set, valid_set, batch_size=32):
    class Fixed(torch.utils.data.Sampler):
        def __init__(self):
            pass

        def __len__(self):
            return len(train_set)

        def __iter__(self):
            return iter(torch.randperm(len(train_set), generator=torch.Generator().manual_seed(0)).tolist())

    return DataLoader(train_set, batch_size, sampler=Fixed()), DataLoader(valid_set, batch_size)


FIXED.patch(
    "validation_shuffled_too",
    "Validation is shuffled too: the k-th answer no longer belongs to the k-th picture.",
    (VALID, "DataLoader(valid_set, batch_size=batch_size, shuffle=True)"),
)
FIXED.patch(
    "the_wrong_one_shuffled",
    "The validation loader is shuffled instead of the training loader.",
    ("shuffle=True)", ")"),
    (VALID, "DataLoader(valid_set, batch_size=batch_size, shuffle=True)"),
)


@TOGETHER.mistake("Images and labels are shuffled apart: no label belongs to its picture any more.")
def labels_shuffled_apart(train_set, valid_set, batch_size=32):
    class Apart(torch.utils.data.Dataset):
        def __init__(self):
            self.order = torch.randperm(len(train_set)).tolist()

        def __len__(self):
            return len(train_set)

        def __getitem__(self, index):
            return train_set[index][0], train_set[self.order[index]][1]

    return DataLoader(Apart(), batch_size, shuffle=True), DataLoader(valid_set, batch_size)


@TOGETHER.mistake("The labels are floats; a class is a whole number.", source="forum: expected Long but got Float")
def labels_as_floats(train_set, valid_set, batch_size=32):
    def collate(pairs):
        return torch.stack([image for image, _ in pairs]), torch.tensor([float(label) for _, label in pairs])

    return (
        DataLoader(train_set, batch_size, shuffle=True, collate_fn=collate),
        DataLoader(valid_set, batch_size, collate_fn=collate),
    )


@TOGETHER.mistake("The labels have one dimension too many: (B, 1) in place of (B,).", source="forum")
def labels_in_a_column(train_set, valid_set, batch_size=32):
    def collate(pairs):
        return torch.stack([image for image, _ in pairs]), torch.tensor([[int(label)] for _, label in pairs])

    return (
        DataLoader(train_set, batch_size, shuffle=True, collate_fn=collate),
        DataLoader(valid_set, batch_size, collate_fn=collate),
    )


@NEW.mistake("A random start of the same round is no random order: the same items are neighbours in each epoch.")
def random_start(train_set, valid_set, batch_size=32):
    class Round(torch.utils.data.Sampler):
        def __init__(self):
            pass

        def __len__(self):
            return len(train_set)

        def __iter__(self):
            start = random.randrange(len(train_set))
            return iter([(start + k) % len(train_set) for k in range(len(train_set))])

    return DataLoader(train_set, batch_size, sampler=Round()), DataLoader(valid_set, batch_size)


@NEW.mistake(
    "Items are shuffled only among their neighbours: the epoch still follows the data set.", source="shuffle buffers"
)
def shuffled_among_neighbours(train_set, valid_set, batch_size=32):
    class Nearby(torch.utils.data.Sampler):
        def __init__(self):
            pass

        def __len__(self):
            return len(train_set)

        def __iter__(self):
            parts = torch.arange(len(train_set)).split(8)
            return iter([int(part[k]) for part in parts for k in torch.randperm(len(part))])

    return DataLoader(train_set, batch_size, sampler=Nearby()), DataLoader(valid_set, batch_size)


@TOGETHER.mistake("The items are read once and kept: what the data set would draw anew in each epoch is frozen.")
def read_once_and_kept(train_set, valid_set, batch_size=32):
    kept = [[data[k] for k in range(len(data))] for data in (train_set, valid_set)]
    return DataLoader(kept[0], batch_size, shuffle=True), DataLoader(kept[1], batch_size)


SIZES.patch(
    "size_of_the_smaller_set",
    "The size of a batch is cut to that of the smaller set, for both loaders.",
    ("    train_loader =", "    batch_size = min(batch_size, len(train_set), len(valid_set))\n    train_loader ="),
)
SIZES.patch(
    "batch_size_written_in",
    "The batch size is hard-coded in the loader; the argument is ignored.",
    (TRAIN, "DataLoader(train_set, batch_size=32, shuffle=True)"),
)
SIZES.patch(
    "validation_one_by_one", "Without batch_size a DataLoader gives batches of one.", (VALID, "DataLoader(valid_set)")
)
SIZES.patch(
    "another_default",
    "batch_size must default to 32.",
    ("batch_size: int = 32", "batch_size: int = 64"),
)


@NEW.mistake("A generator is used up after one pass: the second epoch is empty.")
def used_up_after_one_epoch(train_set, valid_set, batch_size=32):
    def batches(data, shuffle):
        yield from DataLoader(data, batch_size, shuffle=shuffle)

    return batches(train_set, True), batches(valid_set, False)


@NEW.mistake("Whole batches change places, but the same items always meet in a batch.")
def batches_shuffled_not_items(train_set, valid_set, batch_size=32):
    class Batches(torch.utils.data.Sampler):
        def __init__(self):
            pass

        def __len__(self):
            return -(-len(train_set) // batch_size)

        def __iter__(self):
            parts = list(torch.arange(len(train_set)).split(batch_size))
            ragged = parts.pop() if len(parts[-1]) < batch_size else None
            random.shuffle(parts)
            return iter([part.tolist() for part in [*parts, *([] if ragged is None else [ragged])]])

    return DataLoader(train_set, batch_sampler=Batches()), DataLoader(valid_set, batch_size)


@TOGETHER.mistake("The channel dimension is squeezed away in the batch.")
def channel_squeezed_away(train_set, valid_set, batch_size=32):
    def collate(pairs):
        return torch.stack([image.squeeze() for image, _ in pairs]), torch.tensor([int(label) for _, label in pairs])

    return (
        DataLoader(train_set, batch_size, shuffle=True, collate_fn=collate),
        DataLoader(valid_set, batch_size, collate_fn=collate),
    )


# -- build_model --------------------------------------------------------------------------------------------------------

SCORES = MISTAKES.caught_by("build_model", "test_each_picture_gets_one_score_for_each_class")
LOGITS = MISTAKES.caught_by("build_model", "test_scores_are_logits_and_not_probabilities")
ALONE = MISTAKES.caught_by("build_model", "test_a_picture_is_judged_by_itself_alone")
BENT = MISTAKES.caught_by("build_model", "test_network_is_more_than_one_linear_layer")
USED = MISTAKES.caught_by("build_model", "test_every_parameter_takes_part")
LEARNS = MISTAKES.caught_by("build_model", "test_it_learns_digits")

SCORES.patch(
    "ten_written_in", "Ten is hard-coded in the last layer; n_classes is ignored.", (LAST, "nn.Linear(512, 10),")
)
SCORES.patch(
    "one_long_row",
    "The scores of all pictures stand in one long row.",
    (LAST, "nn.Linear(512, n_classes), nn.Flatten(0),"),
)
SCORES.patch(
    "one_score",
    "One score for each picture says how much, not which: each class needs its own.",
    (LAST, "nn.Linear(512, 1),"),
)
SCORES.patch(
    "not_flattened",
    "A linear layer reads the last dimension: 28 values, where 784 are wanted.",
    ("nn.Flatten(),", ""),
    crashes=True,
    source="forum: mat1 and mat2 shapes cannot be multiplied",
)

dense.ends_in(LOGITS, *dense.ENDS)
dense.networks(ALONE, BENT, USED, LEARNS, "ten kinds of digits")
dense.in_train_mode(LOGITS, ALONE)
SCORES.patch(
    "never_more_than_24",
    "There are never more than 24 scores, however many classes are asked for.",
    (LAST, "nn.Linear(512, min(n_classes, 24)),"),
)
USED.patch(
    "first_layer_frozen",
    "The first layer is frozen: it never learns anything.",
    ("nn.Linear(28 * 28, 512),", "nn.Linear(28 * 28, 512).requires_grad_(False),"),
)


@ALONE.mistake(
    "The pixels of all pictures are mixed: the batch dimension did not survive the reshape.",
    uses=[Net],
    source="Karpathy 2018: view for permute",
)
def mixes_the_batch(n_classes):
    return Net(n_classes, lambda net, x: net.last(net.first(x.view(784, -1).t()).relu()))


@ALONE.mistake("Each picture is normalised with its neighbours in the batch, in eval mode too.", uses=[Net])
def normalised_over_the_batch(n_classes):
    def normalised(net, x):
        x = (x - x.mean(0)) / (x.std(0, unbiased=False) + 1e-5)
        return net.last(net.first(x).relu())

    return Net(n_classes, normalised)


@BENT.mistake("One linear layer weighs pixels; it has no hidden layer.")
def no_hidden_layer(n_classes):
    return nn.Sequential(nn.Flatten(), nn.Linear(784, n_classes))


@BENT.mistake("nn.ReLU() is made in forward, but never applied.", uses=[Net])
def activation_never_applied(n_classes):
    def straight(net, x):
        x = net.first(x)
        nn.ReLU()(x)
        return net.last(x)

    return Net(n_classes, straight)


@USED.mistake("The middle layers stand in a plain list: they are not registered, saved or trained.", uses=[Net])
def middle_layers_in_a_plain_list(n_classes):
    model = Net(n_classes, lambda net, x: net.last(net.middle[0](net.first(x).relu()).relu()))
    model.middle = [nn.Linear(512, 512)]
    return model


@USED.mistake("Layers made in forward are new in each pass: they never learn.", uses=[Net])
def layer_made_in_forward(n_classes):
    return Net(n_classes, lambda net, x: net.last(nn.Linear(512, 512)(net.first(x).relu()).relu()))


@USED.mistake("All weights start at zero: no gradient gets past the last layer.")
def starts_at_zero(n_classes):
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, n_classes))
    for parameter in model.parameters():
        nn.init.zeros_(parameter)
    return model


@USED.mistake("`.data` in the forward pass cuts the graph: the layers before it learn nothing.", uses=[Net])
def graph_cut(n_classes):
    return Net(n_classes, lambda net, x: net.last(net.first(x).relu().data))


@LEARNS.mistake("Where all weights of a layer start equal, all its units stay the same unit.")
def all_weights_equal(n_classes):
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, n_classes))
    for parameter in model.parameters():
        nn.init.constant_(parameter, 0.01)
    return model


@LEARNS.mistake("Sigmoid upon sigmoid: the gradient shrinks in each, and the first layers hardly move.")
def sigmoids_all_the_way(n_classes):
    wide = itertools.chain.from_iterable((nn.Linear(64, 64), nn.Sigmoid()) for _ in range(6))
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.Sigmoid(), *wide, nn.Linear(64, n_classes))


# -- batch_accuracy -----------------------------------------------------------------------------------------------------

FRACTION = MISTAKES.caught_by("batch_accuracy", "test_it_is_the_fraction_of_right_answers")
AXIS = MISTAKES.caught_by("batch_accuracy", "test_the_highest_score_is_looked_for_within_each_picture")
FLOAT = MISTAKES.caught_by("batch_accuracy", "test_it_is_a_python_float")
ANY = MISTAKES.caught_by("batch_accuracy", "test_it_is_right_for_any_batch")
RIGHT = "(logits.argmax(dim=1) == labels).float().mean().item()"

FRACTION.patch("counted", "This is the number of right answers, not their fraction.", (".mean()", ".sum()"))
FRACTION.patch("percent", "This is a percentage; a fraction from 0 to 1 was asked for.", (RIGHT, "100 * " + RIGHT))
FRACTION.patch("wrong_answers", "This is the fraction of wrong answers.", (" == ", " != "))
FRACTION.patch(
    "everyone_against_everyone",
    "(B, 1) compared with (B,) gives a (B, B) table: every answer is compared with every label.",
    ("argmax(dim=1)", "argmax(dim=1, keepdim=True)"),
    source="forum: broadcasting",
)
FRACTION.patch("lowest_score", "The lowest score is taken for the answer.", ("argmax", "argmin"))
AXIS.patch(
    "the_wrong_axis",
    "argmax over dim 0 looks for the best picture of each class, not for the best class of each picture.",
    ("dim=1", "dim=0"),
    source="Humbatova 2020: wrong axis",
)
for name, kind, limit in (("bytes", "int8", 127), ("shorts", "int16", 32_767)):
    AXIS.patch(
        f"answers_in_{name}",
        f"Classes above {limit:,} do not fit into {kind}: they wrap around to other numbers, and are never right.",
        ("argmax(dim=1)", f"argmax(dim=1).to(torch.{kind})"),
    )
FLOAT.patch("still_a_tensor", "The accuracy is still a tensor.", (".item()", ""))


@FLOAT.mistake("The accuracy is a NumPy number; it prints like a Python float, but it isn't one.")
def a_numpy_number(logits, labels):
    return np.mean(logits.argmax(1).numpy() == labels.numpy(), dtype=np.float32)


@FLOAT.mistake("Whole-number division gives 0 or 1.")
def divided_to_whole_numbers(logits, labels):
    return int((logits.argmax(1) == labels).sum()) // len(labels)


@ANY.mistake("A score is compared with 0.5 as if it were a probability.")
def over_a_half(logits, labels):
    answers = (logits > 0.5).float().argmax(1)
    return (answers == labels).float().mean().item()


@ANY.mistake("The batch is taken to be 32, but the last one is smaller.")
def always_thirty_two(logits, labels):
    return (logits.argmax(1) == labels).sum().item() / 32


@ANY.mistake("exp overflows from 89 on: the highest scores all become inf or nan.")
def softmax_by_hand(logits, labels):
    probabilities = logits.exp() / logits.exp().sum(1, keepdim=True)
    return (probabilities.argmax(1) == labels).float().mean().item()


@ANY.mistake("The size of a score counts, and so does its sign: -5 is less than 1.")
def without_the_sign(logits, labels):
    return (logits.abs().argmax(1) == labels).float().mean().item()


@ANY.mistake("The accuracy is rounded for printing before it is used.")
def rounded(logits, labels):
    return round((logits.argmax(1) == labels).float().mean().item(), 2)


ANY.patch(
    "scores_rounded",
    "The scores are rounded first: two that are close become equal, and the first of them wins.",
    ("logits.argmax", "logits.round(decimals=1).argmax"),
)


FRACTION.patch(
    "answer_remembered",
    "Answers are remembered for each tensor: one that is filled with another batch gets the old one.",
    (
        f"return {RIGHT}",
        'kept = globals().setdefault("_kept", {})\n'
        "    if (id(logits), id(labels)) not in kept:\n"
        f"        kept[id(logits), id(labels)] = {RIGHT}, logits, labels\n"
        "    return kept[id(logits), id(labels)][0]",
    ),
)


@FLOAT.mistake("numpy() refuses logits that have a graph, as all have in training: detach() comes first.", crashes=True)
def not_detached(logits, labels):
    return float((logits.numpy().argmax(1) == labels.numpy()).mean())


@ANY.mistake("squeeze also takes the batch dimension away when the batch is one.", crashes=True, source="forum")
def squeezed(logits, labels):
    return (logits.squeeze().argmax(1) == labels).float().mean().item()


# -- train_epoch --------------------------------------------------------------------------------------------------------

STEP = MISTAKES.caught_by("train_epoch", "test_one_batch_is_one_step_against_the_gradient")
PILE = MISTAKES.caught_by("train_epoch", "test_gradients_do_not_pile_up_over_batches")
GIVEN_OPTIMIZER = MISTAKES.caught_by("train_epoch", "test_the_optimizer_is_used_as_it_is_given")
RAGGED = MISTAKES.caught_by("train_epoch", "test_the_ragged_last_batch_is_trained_on_too")
GIVEN = MISTAKES.caught_by("train_epoch", "test_the_given_loss_function_is_used")
MODE = MISTAKES.caught_by("train_epoch", "test_it_trains_in_train_mode")
MEANS = MISTAKES.caught_by("train_epoch", "test_metrics_are_means_over_items")
ZERO, BACK, MOVE = "        optimizer.zero_grad()\n", "        loss.backward()\n", "        optimizer.step()\n"
LOSS, EACH = "loss = loss_function(logits, labels)", "for images, labels in loader:\n"

STEP.patch("no_step", "Gradients are computed, but no step is taken.", (MOVE, ""))
STEP.patch("no_backward", "Without backward there is no gradient to step along.", (BACK, ""))
STEP.patch(
    "zeroed_before_the_step",
    "The gradients are thrown away between backward and step: every step is zero.",
    (ZERO, ""),
    (BACK, BACK + ZERO),
    source="forum",
)
STEP.patch(
    "step_before_backward",
    "The step comes before backward: the gradient of this batch is not there yet.",
    (BACK + MOVE, MOVE + BACK),
    source="forum",
)
STEP.patch(
    "softmax_before_the_loss",
    "nn.CrossEntropyLoss applies the softmax itself; the loop must hand over the logits as they are.",
    (LOSS, "loss = loss_function(logits.softmax(dim=1), labels)"),
    source="Karpathy 2018",
)
STEP.patch(
    "backward_twice",
    "backward is called twice: the gradient counts double.",
    (BACK, "        loss.backward(retain_graph=True)\n" + BACK),
)
STEP.patch(
    "step_grows_with_the_batch",
    "The loss is multiplied by the batch size before backward: so is the step.",
    (BACK, "        (loss * len(labels)).backward()\n"),
)
PILE.patch(
    "no_zero_grad",
    "Without zero_grad the gradients of all batches so far are added up.",
    (ZERO, ""),
    source="Karpathy 2018",
)
PILE.patch(
    "zeroed_once_an_epoch",
    "zero_grad comes before the loop: it clears once an epoch and not once a batch.",
    (ZERO, ""),
    ("    model.train()\n", "    model.train()\n    optimizer.zero_grad()\n"),
)
PILE.patch(
    "one_step_an_epoch",
    "step comes after the loop: one step an epoch, along the last batch's gradient.",
    (MOVE, ""),
    ("    return Metrics", "    optimizer.step()\n    return Metrics"),
    source="forum",
)
PILE.patch(
    "loss_shared_out_among_batches",
    "The loss of a batch is divided by the number of batches: every step is too short.",
    (BACK, "        (loss / len(loader)).backward()\n"),
)


PILE.patch(
    "always_the_first_batch",
    "next(iter(loader)) starts anew each time: it is always the first batch.",
    (EACH, "for _ in range(len(loader)):\n        images, labels = next(iter(loader))\n"),
    source="forum",
)
RAGGED.patch(
    "ragged_batch_left_out",
    "The last batch is left out because it is smaller.",
    (
        "        logits = model",
        "        if len(labels) < loader.batch_size:\n            continue\n        logits = model",
    ),
)
RAGGED.patch(
    "ragged_batch_made_small",
    "The step of the last batch is made smaller, because it holds fewer items.",
    (BACK, "        (loss * len(labels) / loader.batch_size).backward()\n"),
)


RAGGED.patch(
    "ends_one_early",
    "len(loader) batches less one: the loop ends before the last batch.",
    (EACH, "for images, labels in list(loader)[: max(1, len(loader) - 1)]:\n"),
)
GIVEN.patch(
    "own_loss_built_in",
    "The loss is built in; the argument loss_function is not used.",
    (LOSS, "loss = nn.CrossEntropyLoss()(logits, labels)"),
)
MODE.patch(
    "train_mode_forgotten",
    "The network is still in eval mode from the last validation: no dropout, and BatchNorm collects nothing.",
    ("model.train()", "pass"),
    source="Karpathy 2018",
)
MODE.patch("trained_in_eval_mode", "The network is trained in eval mode.", ("model.train()", "model.eval()"))
MISTAKES.caught_by("train_epoch", "test_it_trains_in_train_mode").patch(
    "only_the_outer_module_told",
    "Setting `training` tells the outer module only; `model.train()` tells every layer in it.",
    ("model.train()", "model.training = True"),
)
MODE.patch(
    "measured_after_the_step",
    "A second forward pass measures the network after the step, at twice the cost.",
    (
        "        right += ",
        "        model.eval()\n        logits = model(images)\n        model.train()\n        right += ",
    ),
)
MEANS.patch(
    "mean_of_batch_means",
    "The mean of the batch means counts the two items of the last batch as much as four others.",
    ("loss.item() * len(labels)", "loss.item()"),
    ("total_loss / items", "total_loss / len(loader)"),
)
MEANS.patch(
    "batch_losses_over_items",
    "Batch means are added up and then divided by the number of items: the loss comes out too small by the batch size.",
    ("loss.item() * len(labels)", "loss.item()"),
)
MEANS.patch(
    "every_batch_taken_for_full",
    "The last batch is counted as if it were full.",
    ("loss.item() * len(labels)", "loss.item() * loader.batch_size"),
)
MEANS.patch(
    "loss_still_a_tensor",
    "The loss is still a tensor.",
    ("total_loss += loss.item()", "total_loss += loss.detach()"),
    source="forum: memory grows with each batch",
)
MEANS.patch("last_loss_only", "This is the loss of the last batch only.", ("total_loss / items", "loss.item()"))
MEANS.patch(
    "accuracy_in_percent", "This is a percentage; a fraction was asked for.", ("right / items", "100 * right / items")
)
MEANS.patch(
    "loss_and_accuracy_exchanged",
    "Accuracy and loss are returned in the wrong order.",
    ("Metrics(total_loss / items, right / items)", "Metrics(right / items, total_loss / items)"),
)
MEANS.patch(
    "right_answers_of_the_last_batch",
    "The count of right answers starts anew with each batch.",
    ("right += (", "right = ("),
)


PILE.patch(
    "step_by_hand",
    "The step is written by hand: the optimizer that was given, and its momentum, do nothing.",
    (
        MOVE,
        "        with torch.no_grad():\n"
        "            for parameter in model.parameters():\n"
        "                parameter -= optimizer.param_groups[0]['lr'] * parameter.grad\n",
    ),
)
PILE.patch(
    "new_optimizer_for_each_batch",
    "A new optimizer for each batch has forgotten its momentum.",
    (
        "        logits = model",
        "        optimizer = type(optimizer)(model.parameters(), lr=optimizer.param_groups[0]['lr'])\n        logits = model",
    ),
    source="Humbatova 2020",
)
STEP.patch(
    "loop_flattens",
    "The loop flattens the images: that is the network's own business, and a convolution cannot undo it.",
    ("model(images)", "model(images.flatten(1))"),
    crashes=True,
)
STEP.patch(
    "gradients_clipped",
    "The gradients are clipped, which nobody asked for: the step is shorter than the optimizer says.",
    (BACK, BACK + "        nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n"),
)
STEP.patch(
    "learning_rate_lowered",
    "The loop lowers the learning rate of the optimizer that was given; the next epoch goes slower than its caller thinks.",
    ("    return Metrics", "    for group in optimizer.param_groups:\n        group['lr'] *= 0.9\n    return Metrics"),
)
GIVEN_OPTIMIZER.patch(
    "fresh_optimizer_of_the_same_kind",
    "A new optimizer of the same kind has forgotten what the given one remembers of the last epoch.",
    ("    model.train()\n", "    model.train()\n    optimizer = type(optimizer)(optimizer.param_groups)\n"),
)
GIVEN_OPTIMIZER.patch(
    "one_rate_for_all_groups",
    "Every group gets the first one's learning rate.",
    (
        "    model.train()\n",
        "    model.train()\n    for group in optimizer.param_groups:\n        group['lr'] = optimizer.param_groups[0]['lr']\n",
    ),
)
GIVEN_OPTIMIZER.patch(
    "thawed",
    "Every parameter is made trainable: what was frozen on purpose learns too.",
    ("    model.train()\n", "    model.train()\n    model.requires_grad_(True)\n"),
)
MEANS.patch(
    "divided_by_the_data_set",
    "This uses loader.dataset, but a loader may be anything that yields batches, such as a progress bar.",
    ("total_loss / items", "total_loss / len(loader.dataset)"),
    crashes=True,
)
MEANS.patch(
    "loss_rounded",
    "The loss is rounded; rounding is for printing.",
    ("total_loss / items", "round(total_loss / items, 3)"),
)
RAGGED.patch(
    "single_item_left_out",
    "A last batch of one item is left out.",
    ("        logits = model", "        if len(labels) == 1:\n            continue\n        logits = model"),
)
RAGGED.patch(
    "stops_when_it_is_good",
    "The loop ends as soon as the loss of a batch is small; the batches after it are not trained on.",
    (MOVE, MOVE + "        if loss.item() < 0.01:\n            break\n"),
    (
        "    return Metrics(total_loss / items, right / items)",
        "    return Metrics(total_loss / max(items, 1), right / max(items, 1))",
    ),
)
RAGGED.patch(
    "a_hundred_at_most",
    "The loop ends after a hundred batches; the data of this course have more.",
    (EACH, "for images, labels in [batch for batch, _ in zip(loader, range(100))]:\n"),
)
MODE.patch(
    "first_level_told",
    "Only the outermost layers are told; dropout and BatchNorm are inside the blocks.",
    ("    model.train()\n", "    for layer in (model, *model.children()):\n        layer.training = True\n"),
)
# -- validate -----------------------------------------------------------------------------------------------------------

EVAL = MISTAKES.caught_by("validate", "test_it_measures_in_eval_mode")
QUIET = MISTAKES.caught_by("validate", "test_no_gradients_are_recorded")
KEPT = MISTAKES.caught_by("validate", "test_the_network_is_not_changed")
VALID_MEANS = MISTAKES.caught_by("validate", "test_validation_metrics_are_means_over_items")
GRAD = "with torch.no_grad():"

EVAL.patch(
    "eval_mode_forgotten",
    "The network is measured in train mode: dropout is on, and BatchNorm learns from the validation data.",
    ("model.eval()", "pass"),
    source="Karpathy 2018",
)
EVAL.patch(
    "eval_not_called",
    "model.eval without brackets names the method and does not call it.",
    ("model.eval()", "model.eval"),
    source="forum",
)
EVAL.patch(
    "eval_taken_for_no_grad",
    "Gradients and mode are two things: without gradients, dropout is still on.",
    ("model.eval()", "model.requires_grad_(False)"),
    ("    return Metrics", "    model.requires_grad_(True)\n    return Metrics"),
)
QUIET.patch(
    "gradients_recorded",
    "model.eval() does not switch gradients off; torch.no_grad() does.",
    (GRAD, "if True:"),
    source="forum: eval() vs no_grad()",
)
QUIET.patch(
    "no_grad_around_nothing",
    "The forward passes stand outside of the no_grad block.",
    ("        for images, labels in loader:", "        pass\n    if True:\n        for images, labels in loader:"),
)
KEPT.patch(
    "running_statistics_learn",
    "In train mode BatchNorm's running statistics learn from the validation data, gradients or not.",
    ("model.eval()", "model.train()"),
)


KEPT.patch(
    "it_steps",
    "The training loop was copied, step and all: the network learns the validation data by heart.",
    ("    with torch.no_grad():\n", "    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)\n    if True:\n"),
    (
        "            total_loss += loss_function(logits, labels).item() * len(labels)\n",
        "            loss = loss_function(logits, labels)\n"
        "            optimizer.zero_grad()\n"
        "            loss.backward()\n"
        "            optimizer.step()\n"
        "            total_loss += loss.item() * len(labels)\n",
    ),
)
VALID_MEANS.patch(
    "validation_mean_of_batch_means",
    "The mean of the batch means counts the items of the last, smaller batch too much.",
    (" * len(labels)", ""),
    ("total_loss / items", "total_loss / len(loader)"),
)


@VALID_MEANS.mistake("The accuracies of the batches are averaged, whatever their size.")
def accuracy_over_batches(model, loader, loss_function):
    model.eval()
    total, parts, items = 0.0, [], 0
    with torch.no_grad():
        for images, labels in loader:
            logits = model(images)
            total += loss_function(logits, labels).item() * len(labels)
            parts.append((logits.argmax(1) == labels).float().mean().item())
            items += len(labels)
    return Metrics(total / items, sum(parts) / len(parts))


VALID_MEANS.patch(
    "validation_softmax_before_the_loss",
    "nn.CrossEntropyLoss applies the softmax itself.",
    ("loss_function(logits, labels)", "loss_function(logits.softmax(1), labels)"),
)
VALID_MEANS.patch(
    "right_answers_counted", "This is the number of right answers, not their fraction.", ("right / items", "right")
)
VALID_MEANS.patch(
    "validation_wrong_axis",
    "argmax over dim 0 looks for the best picture of each class.",
    ("argmax(dim=1)", "argmax(dim=0)"),
)
VALID_MEANS.patch(
    "first_batch_only",
    "The loop is left after the first batch.",
    ("    return Metrics(total_loss", "        return Metrics(total_loss"),
    ("            items += len(labels)\n", "            items += len(labels)\n            break\n"),
)


@VALID_MEANS.mistake("One batch drawn at random is an estimate, not the measurement.")
def one_batch_for_all(model, loader, loss_function):
    model.eval()
    with torch.no_grad():
        images, labels = random.choice(list(loader))
        logits = model(images)
        return Metrics(loss_function(logits, labels).item(), (logits.argmax(1) == labels).float().mean().item())


VALID_MEANS.patch(
    "validation_loss_built_in",
    "The loss is built in; the argument loss_function is not used.",
    ("loss_function(logits, labels)", "nn.functional.cross_entropy(logits, labels)"),
)
SUMS = "The loss is asked for sums by its `reduction`: a loss that does not know that gives its mean, which is taken for a sum."


@VALID_MEANS.mistake(SUMS)
def validation_sums_asked_for(model, loader, loss_function):
    before = getattr(loss_function, "reduction", "mean")
    loss_function.reduction = "sum"
    model.eval()
    total, right, items = 0.0, 0, 0
    with torch.no_grad():
        for images, labels in loader:
            logits = model(images)
            total += loss_function(logits, labels).item()
            right += (logits.argmax(1) == labels).sum().item()
            items += len(labels)
    loss_function.reduction = before
    return Metrics(total / items, right / items)


VALID_MEANS.patch(
    "validation_flattens",
    "The loop flattens the images: that is the network's own business.",
    ("model(images)", "model(images.flatten(1))"),
    crashes=True,
)
KEPT.patch(
    "gradients_off_for_ever",
    "set_grad_enabled(False) is never taken back: after the first validation nothing can be trained any more.",
    (GRAD, "torch.set_grad_enabled(False)\n    if True:"),
    source="forum",
)
KEPT.patch(
    "parameters_frozen_for_ever",
    "requires_grad_(False) freezes the network: the next epoch cannot train it.",
    ("model.eval()", "model.eval()\n    model.requires_grad_(False)"),
)
KEPT.patch(
    "thawed_afterwards",
    "requires_grad goes off and on again for all: what was frozen before comes out trainable.",
    ("model.eval()", "model.eval()\n    model.requires_grad_(False)"),
    ("    return Metrics", "    model.requires_grad_(True)\n    return Metrics"),
)
KEPT.patch(
    "reduction_left_changed",
    "The caller's loss function is set to sums, and left so: the next epoch trains with another loss.",
    ("model.eval()", "model.eval()\n    loss_function.reduction = 'sum'"),
    (".item() * len(labels)", ".item()"),
)
KEPT.patch(
    "momentum_set_to_0",
    "BatchNorm's momentum is set to 0 for ever: in the next epoch its running statistics do not move.",
    (
        "model.eval()",
        "model.eval()\n    for layer in model.modules():\n        if hasattr(layer, 'momentum'):\n            layer.momentum = 0.0",
    ),
)
KEPT.patch(
    "gradients_cleared",
    "The network's gradients are cleared: anyone who validates between backward and step loses a step.",
    ("model.eval()", "model.eval()\n    model.zero_grad()"),
)
EVAL.patch(
    "statistics_reset",
    "The running statistics are reset: the network is measured without what it knows of its data.",
    (
        "model.eval()",
        "model.eval()\n    for layer in model.modules():\n"
        "        if hasattr(layer, 'reset_running_stats'):\n            layer.reset_running_stats()",
    ),
)
EVAL.patch(
    "outermost_layers_told",
    "Only the outermost layers are told; dropout and BatchNorm are inside the blocks.",
    ("model.eval()", "for layer in (model, *model.children()):\n        layer.training = False"),
)
VALID_MEANS.patch(
    "metrics_rounded",
    "The metrics are rounded; rounding is for printing.",
    ("Metrics(total_loss / items, right / items)", "Metrics(round(total_loss / items, 3), round(right / items, 3))"),
)
VALID_MEANS.patch(
    "a_hundred_batches",
    "The loop ends after a hundred batches.",
    ("for images, labels in loader:", "for images, labels in [batch for batch, _ in zip(loader, range(100))]:"),
)


@VALID_MEANS.mistake("The result is cached, and returned again after the network has learned more.")
def measured_once(model, loader, loss_function):
    if not hasattr(model, "measured"):
        model.eval()
        with torch.no_grad():
            rows = [(model(images), labels) for images, labels in loader]
        logits, labels = torch.cat([row[0] for row in rows]), torch.cat([row[1] for row in rows])
        right = (logits.argmax(1) == labels).double().mean().item()
        model.measured = Metrics(loss_function(logits, labels).item(), right)
    return model.measured


EVAL.patch(
    "length_of_the_data_set",
    "This uses loader.dataset, but a loader may be anything that yields batches, such as a progress bar.",
    ("total_loss / items", "total_loss / len(loader.dataset)"),
    crashes=True,
)

# -- devices ------------------------------------------------------------------------------------------------------------

EPOCH_DEVICE = MISTAKES.caught_by("train_epoch", "test_an_epoch_goes_to_the_device_of_the_network")
VALID_DEVICE = MISTAKES.caught_by("validate", "test_measuring_goes_to_the_device_of_the_network")

devices.batches(EPOCH_DEVICE, "training")
devices.batches(VALID_DEVICE, "measuring")
EPOCH_DEVICE.patch(
    "graphs_added_up",
    devices.GRAPHS,
    ("total_loss += loss.item() * len(labels)", "total_loss += loss * len(labels)"),
    ("total_loss / items", "float(total_loss) / items"),
)
EPOCH_DEVICE.patch(
    "added_up_on_the_cpu",
    devices.ZEROS,
    ("total_loss, right, items = 0.0, 0.0, 0", "total_loss, right, items = torch.zeros(1), 0.0, 0"),
    ("total_loss += loss.item() * len(labels)", "total_loss += loss.detach() * len(labels)"),
    ("total_loss / items", "total_loss.item() / items"),
    crashes=True,
)
COUNTED = "right += (logits.argmax(dim=1) == labels).sum().item()"
for name, place in (("training_in_numpy", EPOCH_DEVICE), ("measuring_in_numpy", VALID_DEVICE)):
    place.patch(
        name,
        devices.NUMPY,
        (COUNTED, "right += float((logits.argmax(dim=1).numpy() == labels.numpy()).sum())"),
        crashes=True,
    )
