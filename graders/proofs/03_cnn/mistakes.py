"""What goes wrong in project 03: pictures for convolutions, the block, the network, the count.

"Karpathy 2018" and "forum" as in 01.
"""

import torch
from torch import nn

from course.authoring.proofs.variants import Catalogue
from graders.proofs.shared import dense, signs
from graders.proofs.shared.dense import LAST

MISTAKES = Catalogue("03")

# -- SignImages ---------------------------------------------------------------------------------------------------------

CHANNEL = MISTAKES.caught_by("SignImages", "test_a_picture_has_a_channel_a_height_and_a_width")
STAND = MISTAKES.caught_by("SignImages", "test_pixels_stand_where_the_file_has_them")
GAP = MISTAKES.caught_by("SignImages", "test_labels_have_no_gap")
VIEW = ".view(-1, 1, 28, 28)"

signs.rows(CHANNEL)
signs.pixels(STAND)
signs.labels(GAP, GAP)
CHANNEL.patch(
    "still_flat", "The picture is still a flat vector: a convolution has no neighbours to look at.", (VIEW, "")
)
CHANNEL.patch("channel_last", "The channel stands last; PyTorch wants it first.", (VIEW, ".view(-1, 28, 28, 1)"))
CHANNEL.patch("no_channel", "A grey picture also has a channel: one.", (VIEW, ".view(-1, 28, 28)"))
CHANNEL.patch(
    "made_colour", "Three channels that all say the same; one was asked for.", (VIEW, VIEW + ".expand(-1, 3, -1, -1)")
)
STAND.patch(
    "transposed",
    "Rows and columns are exchanged: the hand lies on its side, mirrored.",
    (VIEW, VIEW + ".transpose(2, 3)"),
)
STAND.patch(
    "upside_down", "The last row is taken for the first: the hand hangs upside down.", (VIEW, VIEW + ".flip(2)")
)
STAND.patch("never_divided", "The values still go up to 255.", (" / 255", ""))
STAND.patch("centred", "The values are moved to -1 to 1; 0 to 1 was asked for.", (" / 255", " / 127.5 - 1"))

# -- conv_block ---------------------------------------------------------------------------------------------------------

HALVES = MISTAKES.caught_by("conv_block", "test_it_halves_height_and_width")
NEAR = MISTAKES.caught_by("conv_block", "test_it_looks_at_a_neighbourhood_only")
MOVED = MISTAKES.caught_by("conv_block", "test_a_moved_picture_gives_moved_maps")
NORMAL = MISTAKES.caught_by("conv_block", "test_it_normalises_over_the_batch")
BEND = MISTAKES.caught_by("conv_block", "test_it_has_a_bend")
DROP = MISTAKES.caught_by("conv_block", "test_dropout_happens_in_training_only_and_as_much_as_asked")
CONV = "nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1)"
NORM, POOL, DROPOUT = "        nn.BatchNorm2d(out_channels),\n", "        nn.MaxPool2d(2),\n", "nn.Dropout(dropout)"

HALVES.patch(
    "no_padding", "Without padding a 3 × 3 window makes the picture two pixels smaller.", ("padding=1", "padding=0")
)
HALVES.patch("no_pooling", "Nothing halves the picture.", (POOL, ""))
HALVES.patch(
    "rounded_up", "An odd side is rounded up: 7 becomes 4 and not 3.", ("MaxPool2d(2)", "MaxPool2d(2, ceil_mode=True)")
)
HALVES.patch(
    "pooled_without_stride",
    "The window is moved by one and not by two: pooling makes nothing smaller.",
    ("MaxPool2d(2)", "MaxPool2d(2, stride=1)"),
)
HALVES.patch(
    "maps_kept_apart",
    "groups keeps the input maps apart, and only fits some numbers of maps.",
    ("padding=1)", "padding=1, groups=in_channels)"),
    crashes=True,
)
NEAR.patch(
    "mean_of_everything",
    "A mean over the whole picture sees everything at once, and where nothing is.",
    (CONV, CONV + ",\n        nn.AdaptiveAvgPool2d(1),\n        nn.Upsample(scale_factor=16)"),
)


@NEAR.mistake("A dense layer connects every pixel with every other; a convolution only neighbours.")
def dense_in_disguise(in_channels, out_channels, dropout=0.0):
    class Dense(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(in_channels, out_channels, 3, padding=1)
            self.norm, self.drop = nn.BatchNorm2d(out_channels), nn.Dropout(dropout)

        def forward(self, x):
            x = self.conv(x)
            x = x + x.mean((2, 3), keepdim=True)
            return nn.functional.max_pool2d(self.drop(self.norm(x).relu()), 2)

    return Dense()


NEAR.patch(
    "five_by_five",
    "The window is 5 × 5; 3 × 3 was asked for.",
    ("kernel_size=3, padding=1", "kernel_size=5, padding=2"),
)
NEAR.patch("one_by_one", "A window of 1 × 1 sees no neighbour.", ("kernel_size=3, padding=1", "kernel_size=1"))


@MOVED.mistake("A bias for each place lets the block know where it looks: a moved hand is another hand.")
def place_matters(in_channels, out_channels, dropout=0.0):
    class Placed(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(in_channels, out_channels, 3, padding=1)
            self.norm, self.drop = nn.BatchNorm2d(out_channels), nn.Dropout(dropout)

        def forward(self, x):
            columns = torch.linspace(0, 1, x.shape[-1])
            return nn.functional.max_pool2d(self.drop(self.norm(self.conv(x * (1 + columns))).relu()), 2)

    return Placed()


NORMAL.patch("no_normalisation", "There is no batch normalisation.", (NORM, ""))
NORMAL.patch(
    "no_running_statistics",
    "Without running statistics eval mode normalises with the neighbours in the batch.",
    ("BatchNorm2d(out_channels)", "BatchNorm2d(out_channels, track_running_stats=False)"),
)
NORMAL.patch(
    "normalised_over_itself",
    "GroupNorm takes mean and variance of one picture; batch normalisation takes them of the batch.",
    ("BatchNorm2d(out_channels)", "GroupNorm(1, out_channels)"),
)
BEND.patch(
    "no_activation", "There is no activation: two such blocks are hardly more than one.", ("        nn.ReLU(),\n", "")
)
BEND.patch("identity_for_activation", "Identity is no activation.", ("nn.ReLU()", "nn.Identity()"))
DROP.patch("no_dropout", "The argument dropout is not used.", ("        " + DROPOUT + ",\n", ""))
DROP.patch("dropout_written_in", "The rate is written in: at 0 it still drops.", (DROPOUT, "nn.Dropout(0.2)"))
DROP.patch(
    "always_the_same_rate",
    "The rate is written in: whatever is asked for, a fifth is dropped.",
    (DROPOUT, "nn.Dropout(0.2 if dropout else 0.0)"),
)
DROP.patch(
    "kept_taken_for_dropped",
    "nn.Dropout wants the share that is dropped, not the share that is kept.",
    (DROPOUT, "nn.Dropout(1 - dropout)"),
)


@DROP.mistake("The function F.dropout does not know model.eval(): it needs training=self.training.", source="forum")
def dropout_never_off(in_channels, out_channels, dropout=0.0):
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(in_channels, out_channels, 3, padding=1)
            self.norm = nn.BatchNorm2d(out_channels)

        def forward(self, x):
            return nn.functional.max_pool2d(nn.functional.dropout(self.norm(self.conv(x)).relu(), dropout), 2)

    return Block()


MISTAKES.caught_by("conv_block", "test_it_keeps_the_largest_of_four").patch(
    "average_pooling", "The mean of four values is taken; the largest was asked for.", ("MaxPool2d", "AvgPool2d")
)

# -- build_model --------------------------------------------------------------------------------------------------------

SCORES = MISTAKES.caught_by("build_model", "test_each_picture_gets_one_score_for_each_class")
LOGITS = MISTAKES.caught_by("build_model", "test_scores_are_logits_that_every_parameter_shapes")
ALONE = MISTAKES.caught_by("build_model", "test_a_picture_is_judged_by_itself_alone")
BEATS = MISTAKES.caught_by("build_model", "test_it_beats_the_dense_network_on_unseen_hands")

dense.ends_in(LOGITS, "nn.Softmax(dim=1)", "nn.LogSoftmax(dim=1)", "nn.ReLU()", "nn.Tanh()")
SCORES.patch(
    "classes_written_in", "24 is written into the last layer; n_classes is not read.", (LAST, "nn.Linear(512, 24),")
)
SCORES.patch(
    "flattening_miscounted",
    "After three poolings 28 is 3: the flattening gives 75 · 3 · 3 numbers.",
    ("75 * 3 * 3", "75 * 7 * 7"),
    crashes=True,
    source="forum: mat1 and mat2 shapes cannot be multiplied",
)
SCORES.patch(
    "not_flattened",
    "A linear layer reads the last dimension: the maps must be flattened before it.",
    ("        nn.Flatten(),\n", ""),
    crashes=True,
)


@LOGITS.mistake(
    "Blocks in a plain list are not registered: no optimizer ever sees them, nor does eval().", source="forum"
)
def blocks_in_a_plain_list(n_classes=24):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.blocks = [
                nn.Sequential(nn.Conv2d(a, b, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
                for a, b in ((1, 25), (25, 50), (50, 75))
            ]
            self.head = nn.Linear(675, n_classes)

        def forward(self, x):
            for block in self.blocks:
                x = block(x)
            return self.head(x.flatten(1))

    return Net()


@LOGITS.mistake("A layer is made, but the forward pass leaves it out.")
def layer_left_out(n_classes=24):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(
                nn.Conv2d(1, 25, 3, padding=1), nn.BatchNorm2d(25), nn.ReLU(), nn.MaxPool2d(4), nn.Flatten()
            )
            self.hidden, self.head = nn.Linear(25 * 49, 25 * 49), nn.Linear(25 * 49, n_classes)

        def forward(self, x):
            return self.head(self.body(x))

    return Net()


@ALONE.mistake("BatchNorm without running statistics: a picture's scores depend on its neighbours in eval mode too.")
def neighbours_matter(n_classes=24):
    return nn.Sequential(
        nn.Conv2d(1, 25, 3, padding=1),
        nn.BatchNorm2d(25, track_running_stats=False),
        nn.ReLU(),
        nn.MaxPool2d(4),
        nn.Flatten(),
        nn.Linear(25 * 49, n_classes),
    )


@BEATS.mistake("The picture is flattened first: without convolutions this is the dense network again.")
def dense_again(n_classes=24):
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, n_classes))


@BEATS.mistake("Pooled to one number a map at once: what is left of the hand is how bright it is.")
def pooled_at_once(n_classes=24):
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, n_classes)
    )


# -- count_parameters ---------------------------------------------------------------------------------------------------

COUNT = MISTAKES.caught_by("count_parameters", "test_weights_and_biases_count")
FROZEN = MISTAKES.caught_by("count_parameters", "test_frozen_parameters_do_not_count")
SHARED = MISTAKES.caught_by("count_parameters", "test_shared_parameters_count_once")
SUM = "sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)"

COUNT.patch("tensors_counted", "This counts tensors, not the numbers in them.", (SUM, "len(list(model.parameters()))"))
COUNT.patch(
    "rows_counted", "len of a tensor is its first dimension only.", (SUM, "sum(len(p) for p in model.parameters())")
)
COUNT.patch(
    "biases_left_out", "Biases are parameters too.", (SUM, "sum(p.numel() for p in model.parameters() if p.dim() > 1)")
)
COUNT.patch(
    "a_tensor",
    "The count is a tensor; a Python int was asked for.",
    (SUM, "torch.tensor([p.numel() for p in model.parameters() if p.requires_grad]).sum()"),
)
FROZEN.patch(
    "frozen_counted_too",
    "Frozen parameters are counted too; the optimizer cannot change them.",
    (" if parameter.requires_grad", ""),
)
FROZEN.patch(
    "buffers_counted_too",
    "The state dict also holds buffers and what is frozen.",
    (SUM, "sum(t.numel() for t in model.state_dict().values())"),
)
SHARED.patch(
    "shared_counted_twice",
    "Going from layer to layer counts shared weights as often as they are used.",
    (SUM, "sum(p.numel() for m in model for p in m.parameters() if p.requires_grad)"),
)
