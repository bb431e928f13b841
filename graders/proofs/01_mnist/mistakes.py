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

MISTAKES = Catalogue("01")
mistake, patch = MISTAKES.mistake, MISTAKES.patch

# -- make_transforms ----------------------------------------------------------------------------------------------------

DTYPE = "v2.ToDtype(torch.float32, scale=True)"
SHAPE, RANGE = "test_picture_becomes_a_float_tensor_with_a_channel", "test_bytes_become_values_from_0_to_1"
PLACE, SAME = "test_every_pixel_stays_in_its_place", "test_same_picture_always_gives_the_same_tensor"


@mistake(
    "make_transforms",
    caught_by=SHAPE,
    says="The channel is last, as Pillow and matplotlib have it; PyTorch wants it first.",
)
def channel_last():
    return lambda image: torch.from_numpy(np.array(image)).float().unsqueeze(-1) / 255


@mistake("make_transforms", caught_by=SHAPE, says="A grey picture also has a channel: one.")
def no_channel():
    return lambda image: torch.from_numpy(np.array(image)).float() / 255


@mistake("make_transforms", caught_by=SHAPE, says="The picture is still a tensor of bytes.", source="forum")
def still_bytes():
    return v2.Compose([v2.ToImage()])


@mistake(
    "make_transforms",
    caught_by=SHAPE,
    says="NumPy divides in float64; the layers' weights are float32.",
    source="forum",
)
def double_precision():
    return lambda image: torch.from_numpy(np.array(image)[None] / 255)


@mistake("make_transforms", caught_by=SHAPE, says="The picture is made colour: three channels that all say the same.")
def made_colour():
    return v2.Compose([v2.RGB(), v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])


@mistake(
    "make_transforms", caught_by=SHAPE, says="The picture is flattened already; its shape is lost to all later layers."
)
def flattened():
    return v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Lambda(torch.flatten)])


patch(
    "make_transforms",
    ("scale=True", "scale=False"),
    name="never_divided",
    caught_by=RANGE,
    says="The values still go up to 255.",
    source="Humbatova 2020: missing scaling",
)
patch(
    "make_transforms",
    (DTYPE, DTYPE + ", v2.Lambda(lambda x: x / 255)"),
    name="divided_twice",
    caught_by=RANGE,
    says="The conversion divides by 255 already; dividing once more leaves almost nothing.",
    source="forum: ToTensor scales already",
)
patch(
    "make_transforms",
    (DTYPE, DTYPE + ", v2.Normalize([0.5], [0.5])"),
    name="centred_too",
    caught_by=RANGE,
    says="Normalize moves the values to -1 to 1; here 0 to 1 was asked for.",
)
patch(
    "make_transforms",
    (DTYPE, DTYPE + ", v2.Lambda(lambda x: 1 - x)"),
    name="paper_for_ink",
    caught_by=RANGE,
    says="Paper and ink are exchanged.",
)


@mistake("make_transforms", caught_by=RANGE, says="A byte's largest value is 255, not 256.")
def divided_by_256():
    return lambda image: torch.from_numpy(np.array(image)[None]).float() / 256


@mistake(
    "make_transforms", caught_by=PLACE, says="Each picture is stretched by its own maximum: dark ones turn bright."
)
def stretched_by_its_own_maximum():
    def transform(image):
        pixels = torch.from_numpy(np.array(image)[None]).float()
        return pixels / pixels.max().clamp(min=1)

    return transform


patch(
    "make_transforms",
    ("v2.ToImage()", "v2.Resize((28, 28)), v2.ToImage()"),
    name="resized",
    caught_by=PLACE,
    says="Every picture is forced to 28 × 28, whatever size it comes in.",
)


@mistake(
    "make_transforms",
    caught_by=PLACE,
    says="Pillow says (width, height), arrays say (rows, columns): the picture is transposed.",
)
def width_and_height_exchanged():
    def transform(image):
        pixels = torch.tensor(list(image.getdata()), dtype=torch.float32) / 255
        return pixels.reshape(image.height, image.width).t()[None]

    return transform


@mistake(
    "make_transforms",
    caught_by=PLACE,
    says="reshape deals the same numbers out to another shape; it turns nothing.",
    source="Karpathy 2018: view for permute",
)
def dealt_out_anew():
    def transform(image):
        pixels = torch.tensor(list(image.getdata()), dtype=torch.float32) / 255
        return pixels.reshape(1, image.width, image.height)

    return transform


patch(
    "make_transforms",
    ("v2.ToImage()", "v2.RandomRotation(10), v2.ToImage()"),
    name="augmented_for_both",
    caught_by=SAME,
    says="The same transform serves validation; there, nothing may be left to chance.",
    source="Humbatova 2020: preprocessing",
)


@mistake("make_transforms", caught_by=SAME, says="Noise is added to every picture, the measured ones too.")
def noisy():
    return transforms.Compose([transforms.ToTensor(), lambda x: (x + 0.05 * torch.randn_like(x)).clamp(0, 1)])


# -- make_loaders -------------------------------------------------------------------------------------------------------

ONCE, NEW = "test_every_item_comes_exactly_once_an_epoch", "test_training_order_is_new_in_each_epoch"
FIXED, TOGETHER = "test_validation_order_is_that_of_the_data_set", "test_images_keep_their_labels"
SIZES = "test_batches_have_the_size_that_was_asked_for"
TRAIN, VALID = (
    "DataLoader(train_set, batch_size=batch_size, shuffle=True)",
    "DataLoader(valid_set, batch_size=batch_size)",
)

patch(
    "make_loaders",
    (TRAIN, "DataLoader(train_set, batch_size=batch_size, shuffle=True, drop_last=True)"),
    name="training_drops_the_rest",
    caught_by=ONCE,
    says="drop_last throws the items of the last, smaller batch away.",
)
patch(
    "make_loaders",
    (VALID, "DataLoader(valid_set, batch_size=batch_size, drop_last=True)"),
    name="validation_drops_the_rest",
    caught_by=ONCE,
    says="drop_last leaves the last validation items unmeasured.",
)
patch(
    "make_loaders",
    ("return train_loader, valid_loader", "return valid_loader, train_loader"),
    name="pair_exchanged",
    caught_by=ONCE,
    says="The validation loader is returned first.",
)
patch(
    "make_loaders",
    (VALID, "DataLoader(train_set, batch_size=batch_size)"),
    name="validated_on_training_data",
    caught_by=ONCE,
    says="Both loaders read the training set: the network is examined on what it has practised.",
    source="Humbatova 2020: same data for training and testing",
)


@mistake("make_loaders", caught_by=ONCE, says="Drawing with replacement shows some items twice and others never.")
def drawn_with_replacement(train_set, valid_set, batch_size=32):
    sampler = RandomSampler(train_set, replacement=True)
    return DataLoader(train_set, batch_size, sampler=sampler), DataLoader(valid_set, batch_size)


patch(
    "make_loaders",
    ("shuffle=True", "shuffle=False"),
    name="nothing_shuffled",
    caught_by=NEW,
    says="The training items come in the same order in every epoch.",
)


@mistake("make_loaders", caught_by=NEW, says="Shuffled once at the start is one fixed order for ever.")
def shuffled_once(train_set, valid_set, batch_size=32):
    order = torch.randperm(len(train_set)).tolist()
    return DataLoader(Subset(train_set, order), batch_size), DataLoader(valid_set, batch_size)


@mistake("make_loaders", caught_by=NEW, says="The same seed before each epoch gives the same order in each epoch.")
def seeded_in_each_epoch(train_set, valid_set, batch_size=32):
    class Fixed(torch.utils.data.Sampler):
        def __init__(self):
            pass

        def __len__(self):
            return len(train_set)

        def __iter__(self):
            return iter(torch.randperm(len(train_set), generator=torch.Generator().manual_seed(0)).tolist())

    return DataLoader(train_set, batch_size, sampler=Fixed()), DataLoader(valid_set, batch_size)


patch(
    "make_loaders",
    (VALID, "DataLoader(valid_set, batch_size=batch_size, shuffle=True)"),
    name="validation_shuffled_too",
    caught_by=FIXED,
    says="Validation is shuffled too: the k-th answer no longer belongs to the k-th picture.",
)
patch(
    "make_loaders",
    ("shuffle=True)", ")"),
    (VALID, "DataLoader(valid_set, batch_size=batch_size, shuffle=True)"),
    name="the_wrong_one_shuffled",
    caught_by=FIXED,
    says="The validation loader is shuffled instead of the training loader.",
)


@mistake(
    "make_loaders",
    caught_by=TOGETHER,
    says="Images and labels are shuffled apart: no label belongs to its picture any more.",
)
def labels_shuffled_apart(train_set, valid_set, batch_size=32):
    class Apart(torch.utils.data.Dataset):
        def __init__(self):
            self.order = torch.randperm(len(train_set)).tolist()

        def __len__(self):
            return len(train_set)

        def __getitem__(self, index):
            return train_set[index][0], train_set[self.order[index]][1]

    return DataLoader(Apart(), batch_size, shuffle=True), DataLoader(valid_set, batch_size)


@mistake(
    "make_loaders",
    caught_by=TOGETHER,
    says="The labels are floats; a class is a whole number.",
    source="forum: expected Long but got Float",
)
def labels_as_floats(train_set, valid_set, batch_size=32):
    def collate(pairs):
        return torch.stack([image for image, _ in pairs]), torch.tensor([float(label) for _, label in pairs])

    return (
        DataLoader(train_set, batch_size, shuffle=True, collate_fn=collate),
        DataLoader(valid_set, batch_size, collate_fn=collate),
    )


@mistake(
    "make_loaders",
    caught_by=TOGETHER,
    says="The labels have one dimension too many: (B, 1) in place of (B,).",
    source="forum",
)
def labels_in_a_column(train_set, valid_set, batch_size=32):
    def collate(pairs):
        return torch.stack([image for image, _ in pairs]), torch.tensor([[int(label)] for _, label in pairs])

    return (
        DataLoader(train_set, batch_size, shuffle=True, collate_fn=collate),
        DataLoader(valid_set, batch_size, collate_fn=collate),
    )


patch(
    "make_loaders",
    (TRAIN, "DataLoader(train_set, batch_size=32, shuffle=True)"),
    name="batch_size_written_in",
    caught_by=SIZES,
    says="The batch size is written into the loader; the argument is not read.",
)
patch(
    "make_loaders",
    (VALID, "DataLoader(valid_set)"),
    name="validation_one_by_one",
    caught_by=SIZES,
    says="Without batch_size a DataLoader gives batches of one.",
)
patch(
    "make_loaders",
    ("batch_size: int = 32", "batch_size: int = 64"),
    name="another_default",
    caught_by=SIZES,
    says="The default of batch_size is 32 in the contract.",
)


@mistake("make_loaders", caught_by=NEW, says="A generator is used up after one pass: the second epoch is empty.")
def used_up_after_one_epoch(train_set, valid_set, batch_size=32):
    def batches(data, shuffle):
        yield from DataLoader(data, batch_size, shuffle=shuffle)

    return batches(train_set, True), batches(valid_set, False)


@mistake("make_loaders", caught_by=NEW, says="Whole batches change places, but the same items always meet in a batch.")
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


@mistake("make_loaders", caught_by=TOGETHER, says="The channel dimension is squeezed away in the batch.")
def channel_squeezed_away(train_set, valid_set, batch_size=32):
    def collate(pairs):
        return torch.stack([image.squeeze() for image, _ in pairs]), torch.tensor([int(label) for _, label in pairs])

    return (
        DataLoader(train_set, batch_size, shuffle=True, collate_fn=collate),
        DataLoader(valid_set, batch_size, collate_fn=collate),
    )


# -- build_model --------------------------------------------------------------------------------------------------------

SCORES, LOGITS = "test_each_picture_gets_one_score_for_each_class", "test_scores_are_logits_and_not_probabilities"
ALONE, BENT = "test_a_picture_is_judged_by_itself_alone", "test_network_is_more_than_one_linear_layer"
USED, LEARNS = "test_every_parameter_takes_part", "test_it_learns_digits"
LAST, FIRST = "nn.Linear(512, n_classes),", "nn.Linear(28 * 28, 512),"
MIDDLE = "nn.Linear(512, 512),\n        nn.ReLU(),"

patch(
    "build_model",
    (LAST, "nn.Linear(512, 10),"),
    name="ten_written_in",
    caught_by=SCORES,
    says="Ten is written into the last layer; n_classes is not read.",
)
patch(
    "build_model",
    (LAST, "nn.Linear(512, n_classes), nn.Flatten(0),"),
    name="one_long_row",
    caught_by=SCORES,
    says="The scores of all pictures stand in one long row.",
)
patch(
    "build_model",
    (LAST, "nn.Linear(512, 1),"),
    name="one_score",
    caught_by=SCORES,
    says="One score for each picture says how much, not which: each class needs its own.",
)
patch(
    "build_model",
    ("nn.Flatten(),", ""),
    name="not_flattened",
    caught_by=SCORES,
    crashes=True,
    says="A linear layer reads the last dimension: 28 values, where 784 are wanted.",
    source="forum: mat1 and mat2 shapes cannot be multiplied",
)

for layer, effect in (
    (
        "nn.Softmax(dim=1)",
        "nn.CrossEntropyLoss applies the softmax itself; applied twice, gradients shrink and training crawls.",
    ),
    ("nn.LogSoftmax(dim=1)", "LogSoftmax belongs to nn.NLLLoss; nn.CrossEntropyLoss wants the scores as they are."),
    ("nn.Sigmoid()", "A sigmoid at the end squeezes every score between 0 and 1."),
    ("nn.Tanh()", "A tanh at the end squeezes every score between -1 and 1."),
    ("nn.LeakyReLU()", "An activation after the last layer presses the negative scores together."),
    ("nn.GELU()", "An activation after the last layer presses the negative scores together."),
    ("nn.ReLU()", "A ReLU after the last layer cuts off every negative score, and its gradient with it."),
):
    patch(
        "build_model",
        (LAST, f"{LAST} {layer}"),
        name="ends_in_" + layer.split(".")[1].split("(")[0].lower(),
        caught_by=LOGITS,
        says=effect,
        source="Karpathy 2018: softmaxed outputs to a loss that expects logits",
    )


@mistake(
    "build_model",
    caught_by=ALONE,
    says="The pixels of all pictures are mixed: the batch dimension did not survive the reshape.",
    source="Karpathy 2018: view for permute",
)
def mixes_the_batch(n_classes=10):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, n_classes))

        def forward(self, x):
            return self.layers(x.view(784, -1).t())

    return Net()


@mistake(
    "build_model",
    caught_by=ALONE,
    says="Each picture is normalised with its neighbours in the batch, in eval mode too.",
)
def normalised_over_the_batch(n_classes=10):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(784, 512), nn.Linear(512, n_classes)

        def forward(self, x):
            x = x.flatten(1)
            x = (x - x.mean(0)) / (x.std(0, unbiased=False) + 1e-5)
            return self.last(self.first(x).relu())

    return Net()


@mistake(
    "build_model",
    caught_by=ALONE,
    says="The function F.dropout does not know model.eval(): it needs training=self.training.",
    source="forum",
)
def functional_dropout_never_off(n_classes=10):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(784, 512), nn.Linear(512, n_classes)

        def forward(self, x):
            return self.last(nn.functional.dropout(self.first(x.flatten(1)).relu()))

    return Net()


@mistake(
    "build_model", caught_by=BENT, says="There is no activation between the layers: together they are one linear layer."
)
def no_activation(n_classes=10):
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 512), nn.Linear(512, 512), nn.Linear(512, n_classes))


@mistake("build_model", caught_by=BENT, says="One linear layer weighs pixels; it has no hidden layer.")
def no_hidden_layer(n_classes=10):
    return nn.Sequential(nn.Flatten(), nn.Linear(784, n_classes))


@mistake("build_model", caught_by=BENT, says="nn.ReLU() is made in forward, but never applied.")
def activation_never_applied(n_classes=10):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(784, 512), nn.Linear(512, n_classes)

        def forward(self, x):
            x = self.first(x.flatten(1))
            nn.ReLU()(x)
            return self.last(x)

    return Net()


@mistake("build_model", caught_by=USED, says="A layer is made, but the forward pass leaves it out.")
def layer_left_out(n_classes=10):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second, self.last = nn.Linear(784, 512), nn.Linear(512, 512), nn.Linear(512, n_classes)

        def forward(self, x):
            return self.last(self.first(x.flatten(1)).relu())

    return Net()


@mistake(
    "build_model",
    caught_by=USED,
    says="Layers in a plain list are not registered: no optimizer ever sees them.",
    source="forum: optimizer got an empty parameter list",
)
def layers_in_a_plain_list(n_classes=10):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.hidden = [nn.Linear(784, 512), nn.Linear(512, 512)]
            self.last = nn.Linear(512, n_classes)

        def forward(self, x):
            x = x.flatten(1)
            for layer in self.hidden:
                x = layer(x).relu()
            return self.last(x)

    return Net()


@mistake(
    "build_model",
    caught_by=USED,
    says="The middle layers stand in a plain list: they are not registered, saved or trained.",
)
def middle_layers_in_a_plain_list(n_classes=10):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(784, 512), nn.Linear(512, n_classes)
            self.middle = [nn.Linear(512, 512)]

        def forward(self, x):
            x = self.first(x.flatten(1)).relu()
            for layer in self.middle:
                x = layer(x).relu()
            return self.last(x)

    return Net()


@mistake("build_model", caught_by=USED, says="Layers made in forward are new in each pass: they never learn.")
def layer_made_in_forward(n_classes=10):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(784, 512), nn.Linear(512, n_classes)

        def forward(self, x):
            x = self.first(x.flatten(1)).relu()
            return self.last(nn.Linear(512, 512)(x).relu())

    return Net()


@mistake("build_model", caught_by=USED, says="All weights start at zero: no gradient gets past the last layer.")
def starts_at_zero(n_classes=10):
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, n_classes))
    for parameter in model.parameters():
        nn.init.zeros_(parameter)
    return model


@mistake(
    "build_model",
    caught_by=USED,
    says="`.data` in the forward pass cuts the graph: what stands before it learns nothing.",
)
def graph_cut(n_classes=10):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(784, 512), nn.Linear(512, n_classes)

        def forward(self, x):
            return self.last(self.first(x.flatten(1)).relu().data)

    return Net()


@mistake("build_model", caught_by=LEARNS, says="Four numbers are too narrow a gate for ten kinds of digits.")
def too_narrow(n_classes=10):
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 4), nn.ReLU(), nn.Linear(4, n_classes))


@mistake(
    "build_model", caught_by=LEARNS, says="Where all weights of a layer start equal, all its units stay the same unit."
)
def all_weights_equal(n_classes=10):
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, n_classes))
    for parameter in model.parameters():
        nn.init.constant_(parameter, 0.01)
    return model


@mistake(
    "build_model",
    caught_by=LEARNS,
    says="Sigmoid upon sigmoid: the gradient shrinks in each, and the first layers hardly move.",
)
def sigmoids_all_the_way(n_classes=10):
    wide = itertools.chain.from_iterable((nn.Linear(64, 64), nn.Sigmoid()) for _ in range(6))
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.Sigmoid(), *wide, nn.Linear(64, n_classes))


# -- batch_accuracy -----------------------------------------------------------------------------------------------------

FRACTION, AXIS = "test_it_is_the_fraction_of_right_answers", "test_the_highest_score_is_looked_for_within_each_picture"
FLOAT, ANY = "test_it_is_a_python_float", "test_it_is_right_for_any_batch"
RIGHT = "(logits.argmax(dim=1) == labels).float().mean().item()"

patch(
    "batch_accuracy",
    (".mean()", ".sum()"),
    name="counted",
    caught_by=FRACTION,
    says="This is the number of right answers, not their fraction.",
)
patch(
    "batch_accuracy",
    (RIGHT, "100 * " + RIGHT),
    name="percent",
    caught_by=FRACTION,
    says="This is a percentage; a fraction from 0 to 1 was asked for.",
)
patch(
    "batch_accuracy",
    (" == ", " != "),
    name="wrong_answers",
    caught_by=FRACTION,
    says="This is the fraction of wrong answers.",
)
patch(
    "batch_accuracy",
    ("argmax(dim=1)", "argmax(dim=1, keepdim=True)"),
    name="everyone_against_everyone",
    caught_by=FRACTION,
    says="(B, 1) compared with (B,) gives a (B, B) table: every answer is compared with every label.",
    source="forum: broadcasting",
)
patch(
    "batch_accuracy",
    ("argmax", "argmin"),
    name="lowest_score",
    caught_by=FRACTION,
    says="The lowest score is taken for the answer.",
)
patch(
    "batch_accuracy",
    ("dim=1", "dim=0"),
    name="the_wrong_axis",
    caught_by=AXIS,
    says="argmax over dim 0 looks for the best picture of each class, not for the best class of each picture.",
    source="Humbatova 2020: wrong axis",
)
patch("batch_accuracy", (".item()", ""), name="still_a_tensor", caught_by=FLOAT, says="The accuracy is still a tensor.")


@mistake("batch_accuracy", caught_by=FLOAT, says="The accuracy is a NumPy number; it prints like a float, but is none.")
def a_numpy_number(logits, labels):
    return np.mean(logits.argmax(1).numpy() == labels.numpy(), dtype=np.float32)


@mistake("batch_accuracy", caught_by=FLOAT, says="Whole-number division gives 0 or 1.")
def divided_to_whole_numbers(logits, labels):
    return int((logits.argmax(1) == labels).sum()) // len(labels)


@mistake("batch_accuracy", caught_by=ANY, says="A score is compared with 0.5 as if it were a probability.")
def over_a_half(logits, labels):
    answers = (logits > 0.5).float().argmax(1)
    return (answers == labels).float().mean().item()


@mistake("batch_accuracy", caught_by=ANY, says="The batch is taken to be 32, but the last one is smaller.")
def always_thirty_two(logits, labels):
    return (logits.argmax(1) == labels).sum().item() / 32


@mistake("batch_accuracy", caught_by=ANY, says="exp overflows from 89 on: the highest scores all become inf or nan.")
def softmax_by_hand(logits, labels):
    probabilities = logits.exp() / logits.exp().sum(1, keepdim=True)
    return (probabilities.argmax(1) == labels).float().mean().item()


@mistake("batch_accuracy", caught_by=ANY, says="The size of a score counts, and so does its sign: -5 is less than 1.")
def without_the_sign(logits, labels):
    return (logits.abs().argmax(1) == labels).float().mean().item()


@mistake("batch_accuracy", caught_by=ANY, says="The accuracy is rounded for printing before it is used.")
def rounded(logits, labels):
    return round((logits.argmax(1) == labels).float().mean().item(), 2)


@mistake(
    "batch_accuracy",
    caught_by=ANY,
    says="squeeze also takes the batch dimension away when the batch is one.",
    crashes=True,
    source="forum",
)
def squeezed(logits, labels):
    return (logits.squeeze().argmax(1) == labels).float().mean().item()


# -- train_epoch --------------------------------------------------------------------------------------------------------

STEP, PILE = "test_one_batch_is_one_step_against_the_gradient", "test_gradients_do_not_pile_up_over_batches"
RAGGED, GIVEN = "test_the_ragged_last_batch_is_trained_on_too", "test_the_given_loss_function_is_used"
MODE, MEANS = "test_it_trains_in_train_mode", "test_metrics_are_means_over_items"
ZERO, BACK, MOVE = "        optimizer.zero_grad()\n", "        loss.backward()\n", "        optimizer.step()\n"
LOSS = "loss = loss_function(logits, labels)"

patch("train_epoch", (MOVE, ""), name="no_step", caught_by=STEP, says="Gradients are computed, but no step is taken.")
patch(
    "train_epoch",
    (BACK, ""),
    name="no_backward",
    caught_by=STEP,
    says="Without backward there is no gradient to step along.",
)
patch(
    "train_epoch",
    (ZERO, ""),
    (BACK, BACK + ZERO),
    name="zeroed_before_the_step",
    caught_by=STEP,
    says="The gradients are thrown away between backward and step: every step is zero.",
    source="forum",
)
patch(
    "train_epoch",
    (BACK + MOVE, MOVE + BACK),
    name="step_before_backward",
    caught_by=STEP,
    says="The step comes before backward: the gradient of this batch is not there yet.",
    source="forum",
)
patch(
    "train_epoch",
    (LOSS, "loss = loss_function(logits.softmax(dim=1), labels)"),
    name="softmax_before_the_loss",
    caught_by=STEP,
    says="nn.CrossEntropyLoss applies the softmax itself; the loop must hand over the logits as they are.",
    source="Karpathy 2018",
)
patch(
    "train_epoch",
    (BACK, "        loss.backward(retain_graph=True)\n" + BACK),
    name="backward_twice",
    caught_by=STEP,
    says="backward is called twice: the gradient counts double.",
)
patch(
    "train_epoch",
    (BACK, "        (loss * len(labels)).backward()\n"),
    name="step_grows_with_the_batch",
    caught_by=STEP,
    says="The loss is multiplied by the batch size before backward: so is the step.",
)
patch(
    "train_epoch",
    (ZERO, ""),
    name="no_zero_grad",
    caught_by=PILE,
    says="Without zero_grad the gradients of all batches so far are added up.",
    source="Karpathy 2018",
)
patch(
    "train_epoch",
    (ZERO, ""),
    ("    model.train()\n", "    model.train()\n    optimizer.zero_grad()\n"),
    name="zeroed_once_an_epoch",
    caught_by=PILE,
    says="zero_grad stands before the loop: it clears once an epoch and not once a batch.",
)
patch(
    "train_epoch",
    (MOVE, ""),
    ("    return Metrics", "    optimizer.step()\n    return Metrics"),
    name="one_step_an_epoch",
    caught_by=PILE,
    says="step stands after the loop: one step an epoch, along the last batch's gradient.",
    source="forum",
)
patch(
    "train_epoch",
    (BACK, "        (loss / len(loader)).backward()\n"),
    name="loss_shared_out_among_batches",
    caught_by=PILE,
    says="The loss of a batch is divided by the number of batches: every step is too short.",
)


@mistake(
    "train_epoch",
    caught_by=PILE,
    says="next(iter(loader)) starts anew each time: it is always the first batch.",
    source="forum",
)
def always_the_first_batch(model, loader, loss_function, optimizer):
    model.train()
    total, right, items = 0.0, 0, 0
    for _ in range(len(loader)):
        images, labels = next(iter(loader))
        logits = model(images)
        loss = loss_function(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)
        right += (logits.argmax(1) == labels).sum().item()
        items += len(labels)
    return Metrics(total / items, right / items)


patch(
    "train_epoch",
    (
        "        logits = model",
        "        if len(labels) < loader.batch_size:\n            continue\n        logits = model",
    ),
    name="ragged_batch_left_out",
    caught_by=RAGGED,
    says="The last batch is left out because it is smaller.",
)
patch(
    "train_epoch",
    (BACK, "        (loss * len(labels) / loader.batch_size).backward()\n"),
    name="ragged_batch_made_small",
    caught_by=RAGGED,
    says="The step of the last batch is made smaller, because it holds fewer items.",
)


@mistake("train_epoch", caught_by=RAGGED, says="len(loader) batches less one: the loop ends before the last batch.")
def ends_one_early(model, loader, loss_function, optimizer):
    model.train()
    total, right, items = 0.0, 0, 0
    for images, labels in itertools.islice(loader, max(1, len(loader) - 1)):
        logits = model(images)
        loss = loss_function(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)
        right += (logits.argmax(1) == labels).sum().item()
        items += len(labels)
    return Metrics(total / items, right / items)


patch(
    "train_epoch",
    (LOSS, "loss = nn.CrossEntropyLoss()(logits, labels)"),
    name="own_loss_built_in",
    caught_by=GIVEN,
    says="The loss is built in; the argument loss_function is not used.",
)
patch(
    "train_epoch",
    ("model.train()", "pass"),
    name="train_mode_forgotten",
    caught_by=MODE,
    says="The network is still in eval mode from the last validation: no dropout, and BatchNorm stands still.",
    source="Karpathy 2018",
)
patch(
    "train_epoch",
    ("model.train()", "model.eval()"),
    name="trained_in_eval_mode",
    caught_by=MODE,
    says="The network is trained in eval mode.",
)
patch(
    "train_epoch",
    ("model.train()", "model.training = True"),
    name="only_the_outer_module_told",
    caught_by="test_it_trains_in_train_mode",
    says="Setting `training` tells the outer module only; `model.train()` tells every layer in it.",
)
patch(
    "train_epoch",
    (
        "        right += ",
        "        model.eval()\n        logits = model(images)\n        model.train()\n        right += ",
    ),
    name="measured_after_the_step",
    caught_by=MODE,
    says="A second forward pass measures the network after the step, at twice the cost.",
)
patch(
    "train_epoch",
    ("loss.item() * len(labels)", "loss.item()"),
    ("total_loss / items", "total_loss / len(loader)"),
    name="mean_of_batch_means",
    caught_by=MEANS,
    says="The mean of the batch means counts the two items of the last batch as much as four others.",
)
patch(
    "train_epoch",
    ("loss.item() * len(labels)", "loss.item()"),
    name="batch_losses_over_items",
    caught_by=MEANS,
    says="Batch means are added up and then divided by the number of items: the loss comes out too small by the batch size.",
)
patch(
    "train_epoch",
    ("loss.item() * len(labels)", "loss.item() * loader.batch_size"),
    name="every_batch_taken_for_full",
    caught_by=MEANS,
    says="The last batch is counted as if it were full.",
)
patch(
    "train_epoch",
    ("total_loss += loss.item()", "total_loss += loss.detach()"),
    name="loss_still_a_tensor",
    caught_by=MEANS,
    says="The loss is still a tensor.",
    source="forum: memory grows with each batch",
)
patch(
    "train_epoch",
    ("total_loss / items", "loss.item()"),
    name="last_loss_only",
    caught_by=MEANS,
    says="This is the loss of the last batch only.",
)
patch(
    "train_epoch",
    ("right / items", "100 * right / items"),
    name="accuracy_in_percent",
    caught_by=MEANS,
    says="This is a percentage; a fraction was asked for.",
)
patch(
    "train_epoch",
    ("Metrics(total_loss / items, right / items)", "Metrics(right / items, total_loss / items)"),
    name="loss_and_accuracy_exchanged",
    caught_by=MEANS,
    says="Accuracy and loss are returned in the wrong order.",
)
patch(
    "train_epoch",
    ("right += (", "right = ("),
    name="right_answers_of_the_last_batch",
    caught_by=MEANS,
    says="The count of right answers starts anew with each batch.",
)


@mistake(
    "train_epoch",
    caught_by=PILE,
    says="The step is written by hand: the optimizer that was given, and its momentum, do nothing.",
)
def step_by_hand(model, loader, loss_function, optimizer):
    model.train()
    total, right, items = 0.0, 0, 0
    for images, labels in loader:
        logits = model(images)
        loss = loss_function(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= optimizer.param_groups[0]["lr"] * parameter.grad
        total += loss.item() * len(labels)
        right += (logits.argmax(1) == labels).sum().item()
        items += len(labels)
    return Metrics(total / items, right / items)


patch(
    "train_epoch",
    (
        "        logits = model",
        "        optimizer = type(optimizer)(model.parameters(), lr=optimizer.param_groups[0]['lr'])\n        logits = model",
    ),
    name="new_optimizer_for_each_batch",
    caught_by=PILE,
    says="A new optimizer for each batch has forgotten its momentum.",
    source="Humbatova 2020",
)
patch(
    "train_epoch",
    ("model(images)", "model(images.flatten(1))"),
    name="loop_flattens",
    crashes=True,
    caught_by=STEP,
    says="The loop flattens the images: that is the network's own business, and a convolution cannot undo it.",
)
patch(
    "train_epoch",
    (BACK, BACK + "        nn.utils.clip_grad_norm_(model.parameters(), 1.0)\n"),
    name="gradients_clipped",
    caught_by=STEP,
    says="The gradients are clipped, which nobody asked for: the step is shorter than the optimizer says.",
)
patch(
    "train_epoch",
    ("    return Metrics", "    for group in optimizer.param_groups:\n        group['lr'] *= 0.9\n    return Metrics"),
    name="learning_rate_lowered",
    caught_by=STEP,
    says="The loop lowers the learning rate of the optimizer that was given; the next epoch goes slower than its caller thinks.",
)
# -- validate -----------------------------------------------------------------------------------------------------------

EVAL, QUIET = "test_it_measures_in_eval_mode", "test_no_gradients_are_recorded"
KEPT, VALID_MEANS = "test_the_network_is_not_changed", "test_validation_metrics_are_means_over_items"
GRAD = "with torch.no_grad():"

patch(
    "validate",
    ("model.eval()", "pass"),
    name="eval_mode_forgotten",
    caught_by=EVAL,
    says="The network is measured in train mode: dropout is on, and BatchNorm learns from the validation data.",
    source="Karpathy 2018",
)
patch(
    "validate",
    ("model.eval()", "model.eval"),
    name="eval_not_called",
    caught_by=EVAL,
    says="model.eval without brackets names the method and does not call it.",
    source="forum",
)
patch(
    "validate",
    ("model.eval()", "model.requires_grad_(False)"),
    ("    return Metrics", "    model.requires_grad_(True)\n    return Metrics"),
    name="eval_taken_for_no_grad",
    caught_by=EVAL,
    says="Gradients and mode are two things: without gradients, dropout is still on.",
)
patch(
    "validate",
    (GRAD, "if True:"),
    name="gradients_recorded",
    caught_by=QUIET,
    says="model.eval() does not switch gradients off; torch.no_grad() does.",
    source="forum: eval() vs no_grad()",
)
patch(
    "validate",
    ("        for images, labels in loader:", "        pass\n    if True:\n        for images, labels in loader:"),
    name="no_grad_around_nothing",
    caught_by=QUIET,
    says="The forward passes stand outside of the no_grad block.",
)
patch(
    "validate",
    ("model.eval()", "model.train()"),
    name="running_statistics_learn",
    caught_by=KEPT,
    says="In train mode BatchNorm's running statistics learn from the validation data, gradients or not.",
)


@mistake(
    "validate",
    caught_by=KEPT,
    says="The loop of training was copied, its step too: the network learns the validation data by heart.",
)
def it_steps(model, loader, loss_function):
    model.eval()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    total, right, items = 0.0, 0, 0
    for images, labels in loader:
        logits = model(images)
        loss = loss_function(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(labels)
        right += (logits.argmax(1) == labels).sum().item()
        items += len(labels)
    return Metrics(total / items, right / items)


patch(
    "validate",
    (" * len(labels)", ""),
    ("total_loss / items", "total_loss / len(loader)"),
    name="validation_mean_of_batch_means",
    caught_by=VALID_MEANS,
    says="The mean of the batch means counts the items of the last, smaller batch too much.",
)


@mistake("validate", caught_by=VALID_MEANS, says="The accuracies of the batches are averaged, whatever their size.")
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


patch(
    "validate",
    ("loss_function(logits, labels)", "loss_function(logits.softmax(1), labels)"),
    name="validation_softmax_before_the_loss",
    caught_by=VALID_MEANS,
    says="nn.CrossEntropyLoss applies the softmax itself.",
)
patch(
    "validate",
    ("right / items", "right"),
    name="right_answers_counted",
    caught_by=VALID_MEANS,
    says="This is the number of right answers, not their fraction.",
)
patch(
    "validate",
    ("argmax(dim=1)", "argmax(dim=0)"),
    name="validation_wrong_axis",
    caught_by=VALID_MEANS,
    says="argmax over dim 0 looks for the best picture of each class.",
)
patch(
    "validate",
    ("    return Metrics(total_loss", "        return Metrics(total_loss"),
    ("            items += len(labels)\n", "            items += len(labels)\n            break\n"),
    name="first_batch_only",
    caught_by=VALID_MEANS,
    says="The loop is left after the first batch.",
)


@mistake("validate", caught_by=VALID_MEANS, says="One batch drawn at random is an estimate, not the measurement.")
def one_batch_for_all(model, loader, loss_function):
    model.eval()
    with torch.no_grad():
        images, labels = random.choice(list(loader))
        logits = model(images)
        return Metrics(loss_function(logits, labels).item(), (logits.argmax(1) == labels).float().mean().item())


patch(
    "validate",
    ("loss_function(logits, labels)", "nn.functional.cross_entropy(logits, labels)"),
    name="validation_loss_built_in",
    caught_by=VALID_MEANS,
    says="The loss is built in; the argument loss_function is not used.",
)
patch(
    "validate",
    ("model(images)", "model(images.flatten(1))"),
    name="validation_flattens",
    crashes=True,
    caught_by=VALID_MEANS,
    says="The loop flattens the images: that is the network's own business.",
)
patch(
    "validate",
    (GRAD, "torch.set_grad_enabled(False)\n    if True:"),
    name="gradients_off_for_ever",
    caught_by=KEPT,
    says="set_grad_enabled(False) is never taken back: after the first validation nothing can be trained any more.",
    source="forum",
)
patch(
    "validate",
    ("model.eval()", "model.eval()\n    model.requires_grad_(False)"),
    name="parameters_frozen_for_ever",
    caught_by=KEPT,
    says="requires_grad_(False) freezes the network: the next epoch cannot train it.",
)
