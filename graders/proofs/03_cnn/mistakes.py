"""What goes wrong in project 03: pictures for convolutions, the block, the network, the count.

"Karpathy 2018" and "forum" as in 01.
"""

import torch
from torch import nn

from course.authoring.proofs.variants import Catalogue

MISTAKES = Catalogue("03")
mistake, patch = MISTAKES.mistake, MISTAKES.patch

# -- SignImages ---------------------------------------------------------------------------------------------------------

CHANNEL, STAND, GAP = (
    "test_a_picture_has_a_channel_a_height_and_a_width",
    "test_pixels_stand_where_the_file_has_them",
    "test_labels_have_no_gap",
)
VIEW, LABELS = ".view(-1, 1, 28, 28)", "torch.from_numpy(labels - (labels > 9))"

patch(
    "SignImages",
    (VIEW, ""),
    name="still_flat",
    caught_by=CHANNEL,
    says="The picture is still a flat vector: a convolution has no neighbours to look at.",
)
patch(
    "SignImages",
    (VIEW, ".view(-1, 28, 28, 1)"),
    name="channel_last",
    caught_by=CHANNEL,
    says="The channel stands last; PyTorch wants it first.",
)
patch(
    "SignImages",
    (VIEW, ".view(-1, 28, 28)"),
    name="no_channel",
    caught_by=CHANNEL,
    says="A grey picture also has a channel: one.",
)
patch(
    "SignImages",
    (VIEW, VIEW + ".expand(-1, 3, -1, -1)"),
    name="made_colour",
    caught_by=CHANNEL,
    says="Three channels that all say the same; one was asked for.",
)
patch(
    "SignImages",
    (VIEW, VIEW + ".transpose(2, 3)"),
    name="transposed",
    caught_by=STAND,
    says="Rows and columns are exchanged: the hand lies on its side, mirrored.",
)
patch(
    "SignImages",
    (VIEW, VIEW + ".flip(2)"),
    name="upside_down",
    caught_by=STAND,
    says="The last row is taken for the first: the hand hangs upside down.",
)
patch("SignImages", (" / 255", ""), name="never_divided", caught_by=STAND, says="The values still go up to 255.")
patch(
    "SignImages",
    (" / 255", " / 127.5 - 1"),
    name="centred",
    caught_by=STAND,
    says="The values are moved to -1 to 1; 0 to 1 was asked for.",
)
patch(
    "SignImages",
    (LABELS, "torch.from_numpy(labels)"),
    name="gap_left_in",
    caught_by=GAP,
    says="Kaggle's labels leave out 9: y is 24, and a network with 24 outputs has no 24.",
)
patch(
    "SignImages",
    (LABELS, "torch.from_numpy(np.unique(labels, return_inverse=True)[1])"),
    name="numbered_as_they_occur",
    caught_by=GAP,
    says="Numbering the letters of one file gives train and validation different classes.",
)
patch(
    "SignImages",
    (LABELS, LABELS + ".float()"),
    name="label_a_float",
    caught_by=GAP,
    says="The label is a float; nn.CrossEntropyLoss takes floats for probabilities.",
)

# -- conv_block ---------------------------------------------------------------------------------------------------------

HALVES, NEAR, MOVED = (
    "test_it_halves_height_and_width",
    "test_it_looks_at_a_neighbourhood_only",
    "test_a_moved_picture_gives_moved_maps",
)
NORMAL, BEND = "test_it_normalises_over_the_batch", "test_it_has_a_bend"
DROP = "test_dropout_happens_in_training_only_and_as_much_as_asked"
CONV = "nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1)"
NORM, POOL, DROPOUT = "        nn.BatchNorm2d(out_channels),\n", "        nn.MaxPool2d(2),\n", "nn.Dropout(dropout)"

patch(
    "conv_block",
    ("padding=1", "padding=0"),
    name="no_padding",
    caught_by=HALVES,
    says="Without padding a 3 × 3 window makes the picture two pixels smaller.",
)
patch("conv_block", (POOL, ""), name="no_pooling", caught_by=HALVES, says="Nothing halves the picture.")
patch(
    "conv_block",
    ("MaxPool2d(2)", "MaxPool2d(2, ceil_mode=True)"),
    name="rounded_up",
    caught_by=HALVES,
    says="An odd side is rounded up: 7 becomes 4 and not 3.",
)
patch(
    "conv_block",
    ("MaxPool2d(2)", "MaxPool2d(2, stride=1)"),
    name="pooled_without_stride",
    caught_by=HALVES,
    says="The window is moved by one and not by two: pooling makes nothing smaller.",
)
patch(
    "conv_block",
    ("padding=1)", "padding=1, groups=in_channels)"),
    name="maps_kept_apart",
    caught_by=HALVES,
    crashes=True,
    says="groups keeps the input maps apart, and only fits some numbers of maps.",
)
patch(
    "conv_block",
    (CONV, CONV + ",\n        nn.AdaptiveAvgPool2d(1),\n        nn.Upsample(scale_factor=16)"),
    name="mean_of_everything",
    caught_by=NEAR,
    says="A mean over the whole picture sees everything at once, and where nothing is.",
)


@mistake(
    "conv_block",
    caught_by=NEAR,
    says="A dense layer connects every pixel with every other; a convolution only neighbours.",
)
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


patch(
    "conv_block",
    ("kernel_size=3, padding=1", "kernel_size=5, padding=2"),
    name="five_by_five",
    caught_by=NEAR,
    says="The window is 5 × 5; 3 × 3 was asked for.",
)
patch(
    "conv_block",
    ("kernel_size=3, padding=1", "kernel_size=1"),
    name="one_by_one",
    caught_by=NEAR,
    says="A window of 1 × 1 sees no neighbour.",
)


@mistake(
    "conv_block",
    caught_by=MOVED,
    says="A bias for each place lets the block know where it looks: a moved hand is another hand.",
)
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


patch("conv_block", (NORM, ""), name="no_normalisation", caught_by=NORMAL, says="There is no batch normalisation.")
patch(
    "conv_block",
    ("BatchNorm2d(out_channels)", "BatchNorm2d(out_channels, track_running_stats=False)"),
    name="no_running_statistics",
    caught_by=NORMAL,
    says="Without running statistics eval mode normalises with the neighbours in the batch.",
)
patch(
    "conv_block",
    ("BatchNorm2d(out_channels)", "GroupNorm(1, out_channels)"),
    name="normalised_over_itself",
    caught_by=NORMAL,
    says="GroupNorm takes mean and variance of one picture; batch normalisation takes them of the batch.",
)
patch(
    "conv_block",
    ("        nn.ReLU(),\n", ""),
    name="no_activation",
    caught_by=BEND,
    says="There is no activation: two such blocks are hardly more than one.",
)
patch(
    "conv_block",
    ("nn.ReLU()", "nn.Identity()"),
    name="identity_for_activation",
    caught_by=BEND,
    says="Identity is no activation.",
)
patch(
    "conv_block",
    ("        " + DROPOUT + ",\n", ""),
    name="no_dropout",
    caught_by=DROP,
    says="The argument dropout is not used.",
)
patch(
    "conv_block",
    (DROPOUT, "nn.Dropout(0.2)"),
    name="dropout_written_in",
    caught_by=DROP,
    says="The rate is written in: at 0 it still drops.",
)
patch(
    "conv_block",
    (DROPOUT, "nn.Dropout(0.2 if dropout else 0.0)"),
    name="always_the_same_rate",
    caught_by=DROP,
    says="The rate is written in: whatever is asked for, a fifth is dropped.",
)
patch(
    "conv_block",
    (DROPOUT, "nn.Dropout(1 - dropout)"),
    name="kept_taken_for_dropped",
    caught_by=DROP,
    says="nn.Dropout wants the share that is dropped, not the share that is kept.",
)


@mistake(
    "conv_block",
    caught_by=DROP,
    says="The function F.dropout does not know model.eval(): it needs training=self.training.",
    source="forum",
)
def dropout_never_off(in_channels, out_channels, dropout=0.0):
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(in_channels, out_channels, 3, padding=1)
            self.norm = nn.BatchNorm2d(out_channels)

        def forward(self, x):
            return nn.functional.max_pool2d(nn.functional.dropout(self.norm(self.conv(x)).relu(), dropout), 2)

    return Block()


patch(
    "conv_block",
    ("MaxPool2d", "AvgPool2d"),
    name="average_pooling",
    caught_by="test_it_keeps_the_largest_of_four",
    says="The mean of four values is taken; the largest was asked for.",
)

# -- build_model --------------------------------------------------------------------------------------------------------

SCORES, LOGITS = "test_each_picture_gets_one_score_for_each_class", "test_scores_are_logits_that_every_parameter_shapes"
ALONE, BEATS = "test_a_picture_is_judged_by_itself_alone", "test_it_beats_the_dense_network_on_unseen_hands"
LAST = "nn.Linear(512, n_classes),"

patch(
    "build_model",
    (LAST, "nn.Linear(512, 24),"),
    name="classes_written_in",
    caught_by=SCORES,
    says="24 is written into the last layer; n_classes is not read.",
)
patch(
    "build_model",
    ("75 * 3 * 3", "75 * 7 * 7"),
    name="flattening_miscounted",
    caught_by=SCORES,
    crashes=True,
    says="After three poolings 28 is 3: the flattening gives 75 · 3 · 3 numbers.",
    source="forum: mat1 and mat2 shapes cannot be multiplied",
)
patch(
    "build_model",
    ("        nn.Flatten(),\n", ""),
    name="not_flattened",
    caught_by=SCORES,
    crashes=True,
    says="A linear layer reads the last dimension: the maps must be flattened before it.",
)
patch(
    "build_model",
    (LAST, LAST + " nn.Softmax(dim=1)"),
    name="ends_in_softmax",
    caught_by=LOGITS,
    says="nn.CrossEntropyLoss applies the softmax itself.",
    source="Karpathy 2018",
)
patch(
    "build_model",
    (LAST, LAST + " nn.LogSoftmax(dim=1)"),
    name="ends_in_logsoftmax",
    caught_by=LOGITS,
    says="LogSoftmax belongs to nn.NLLLoss.",
)
patch(
    "build_model",
    (LAST, LAST + " nn.ReLU()"),
    name="ends_in_relu",
    caught_by=LOGITS,
    says="A ReLU after the last layer cuts off every negative score.",
)
patch(
    "build_model",
    (LAST, LAST + " nn.Tanh()"),
    name="ends_in_tanh",
    caught_by=LOGITS,
    says="A tanh at the end squeezes every score between -1 and 1.",
)


@mistake(
    "build_model",
    caught_by=LOGITS,
    says="Blocks in a plain list are not registered: no optimizer ever sees them, nor does eval().",
    source="forum",
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


@mistake("build_model", caught_by=LOGITS, says="A layer is made, but the forward pass leaves it out.")
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


@mistake(
    "build_model",
    caught_by=ALONE,
    says="BatchNorm without running statistics: a picture's scores depend on its neighbours in eval mode too.",
)
def neighbours_matter(n_classes=24):
    return nn.Sequential(
        nn.Conv2d(1, 25, 3, padding=1),
        nn.BatchNorm2d(25, track_running_stats=False),
        nn.ReLU(),
        nn.MaxPool2d(4),
        nn.Flatten(),
        nn.Linear(25 * 49, n_classes),
    )


@mistake(
    "build_model",
    caught_by=BEATS,
    says="The picture is flattened first: without convolutions this is the dense network again.",
)
def dense_again(n_classes=24):
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, n_classes))


@mistake(
    "build_model",
    caught_by=BEATS,
    says="Pooled to one number a map at once: what is left of the hand is how bright it is.",
)
def pooled_at_once(n_classes=24):
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, n_classes)
    )


# -- count_parameters ---------------------------------------------------------------------------------------------------

COUNT, FROZEN, SHARED = (
    "test_weights_and_biases_count",
    "test_frozen_parameters_do_not_count",
    "test_shared_parameters_count_once",
)
SUM = "sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)"

patch(
    "count_parameters",
    (SUM, "len(list(model.parameters()))"),
    name="tensors_counted",
    caught_by=COUNT,
    says="This counts tensors, not the numbers in them.",
)
patch(
    "count_parameters",
    (SUM, "sum(len(p) for p in model.parameters())"),
    name="rows_counted",
    caught_by=COUNT,
    says="len of a tensor is its first dimension only.",
)
patch(
    "count_parameters",
    (SUM, "sum(p.numel() for p in model.parameters() if p.dim() > 1)"),
    name="biases_left_out",
    caught_by=COUNT,
    says="Biases are parameters too.",
)
patch(
    "count_parameters",
    (SUM, "torch.tensor([p.numel() for p in model.parameters() if p.requires_grad]).sum()"),
    name="a_tensor",
    caught_by=COUNT,
    says="The count is a tensor; a Python int was asked for.",
)
patch(
    "count_parameters",
    (" if parameter.requires_grad", ""),
    name="frozen_counted_too",
    caught_by=FROZEN,
    says="Frozen parameters are counted too; the optimizer cannot change them.",
)
patch(
    "count_parameters",
    (SUM, "sum(t.numel() for t in model.state_dict().values())"),
    name="buffers_counted_too",
    caught_by=FROZEN,
    says="The state dict also holds buffers and what is frozen.",
)
patch(
    "count_parameters",
    (SUM, "sum(p.numel() for m in model for p in m.parameters() if p.requires_grad)"),
    name="shared_counted_twice",
    caught_by=SHARED,
    says="Going from layer to layer counts shared weights as often as they are used.",
)
