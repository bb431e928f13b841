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
CHANNEL.patch("channel_last", "The channel comes last; PyTorch wants it first.", (VIEW, ".view(-1, 28, 28, 1)"))
CHANNEL.patch("no_channel", "A grey picture also has a channel: one.", (VIEW, ".view(-1, 28, 28)"))
CHANNEL.patch(
    "made_colour", "Three channels with the same content; one was asked for.", (VIEW, VIEW + ".expand(-1, 3, -1, -1)")
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
    "no_padding",
    "Without padding, a 3 × 3 convolution makes the picture two pixels smaller.",
    ("padding=1", "padding=0"),
)
HALVES.patch("no_pooling", "Height and width are not halved.", (POOL, ""))
HALVES.patch(
    "rounded_up", "An odd side is rounded up: 7 becomes 4 and not 3.", ("MaxPool2d(2)", "MaxPool2d(2, ceil_mode=True)")
)
HALVES.patch(
    "pooled_without_stride",
    "The pooling window moves by one pixel, not two: height and width are not halved.",
    ("MaxPool2d(2)", "MaxPool2d(2, stride=1)"),
)
HALVES.patch(
    "maps_kept_apart",
    "`groups` keeps the input maps apart, and works only for some numbers of maps.",
    ("padding=1)", "padding=1, groups=in_channels)"),
    crashes=True,
)
NEAR.patch(
    "mean_of_everything",
    "A mean over the whole picture loses where things are.",
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
    "Without running statistics, eval mode normalises by the other pictures of the batch.",
    ("BatchNorm2d(out_channels)", "BatchNorm2d(out_channels, track_running_stats=False)"),
)
NORMAL.patch(
    "normalised_over_itself",
    "GroupNorm uses the mean and variance of one picture; batch normalisation uses those of the batch.",
    ("BatchNorm2d(out_channels)", "GroupNorm(1, out_channels)"),
)
BEND.patch(
    "no_activation", "There is no activation: two such blocks are hardly more than one.", ("        nn.ReLU(),\n", "")
)
BEND.patch("identity_for_activation", "nn.Identity is not an activation.", ("nn.ReLU()", "nn.Identity()"))
DROP.patch("no_dropout", "The argument dropout is not used.", ("        " + DROPOUT + ",\n", ""))
DROP.patch("dropout_written_in", "The rate is hard-coded: at 0 it still drops.", (DROPOUT, "nn.Dropout(0.2)"))
DROP.patch(
    "always_the_same_rate",
    "The rate is hard-coded: whatever is asked for, a fifth is dropped.",
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
    "average_pooling",
    "The mean of four values is taken (average pooling); max pooling was asked for.",
    ("MaxPool2d", "AvgPool2d"),
)
DROP.patch(
    "dropout_after_pooling",
    "Dropout comes before the pooling: where the largest of four is dropped, the next largest comes out.",
    (f"        {DROPOUT},\n{POOL}", f"{POOL}        {DROPOUT},\n"),
)
DROP.patch(
    "whole_maps_dropped",
    "Dropout2d drops whole maps; each value should be dropped independently.",
    (DROPOUT, "nn.Dropout2d(dropout)"),
)
DROP.patch(
    "dropped_before_the_norm",
    "Dropout comes after the ReLU: what is dropped before the normalisation comes back as the mean.",
    (NORM, f"        {DROPOUT},\n{NORM}"),
    (f"        nn.ReLU(),\n        {DROPOUT},\n", "        nn.ReLU(),\n"),
)


class Stage(nn.Module):
    """Convolution, norm and ReLU, then the mistake's own way to drop, then pooling."""

    def __init__(self, in_channels, out_channels, rate, way):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(in_channels, out_channels, 3, padding=1), nn.BatchNorm2d(out_channels)
        self.rate, self.way, self.passes = rate, way, 0

    def forward(self, x):
        x = self.norm(self.conv(x)).relu()
        return nn.functional.max_pool2d(self.way(self, x) if self.training else x, 2)


@DROP.mistake("One mask serves the whole batch: all its pictures lose the same values.", uses=[Stage])
def one_mask_for_a_batch(in_channels, out_channels, dropout=0.0):
    def drop(stage, x):
        return x * (torch.rand(x.shape[1:]) >= stage.rate) / (1 - stage.rate)

    return Stage(in_channels, out_channels, dropout, drop)


@DROP.mistake("The dropout mask comes from a fixed seed: it is the same in every pass.", uses=[Stage])
def mask_from_a_seed(in_channels, out_channels, dropout=0.0):
    def drop(stage, x):
        stage.passes += 1
        generator = torch.Generator().manual_seed(stage.passes % 2)
        return x * (torch.rand(x.shape, generator=generator) >= stage.rate) / (1 - stage.rate)

    return Stage(in_channels, out_channels, dropout, drop)


@DROP.mistake("Noise is added to the values; dropout should drop or keep them.", uses=[Stage])
def noise_for_dropout(in_channels, out_channels, dropout=0.0):
    def drop(stage, x):
        return x * (1 + stage.rate * torch.randn_like(x))

    return Stage(in_channels, out_channels, dropout, drop)


STEPS = MISTAKES.caught_by("conv_block", "test_it_does_the_five_steps_in_their_order")
for name, says, layer in (
    ("leaky", "A leaky ReLU lets a little of the negative values through; ReLU lets nothing.", "LeakyReLU()"),
    ("gelu", "GELU is not ReLU: it lets a little of the negative values through.", "GELU()"),
    ("tanh", "Tanh is not ReLU: it squeezes large values.", "Tanh()"),
    ("relu6", "ReLU6 also cuts off everything above 6.", "ReLU6()"),
):
    STEPS.patch(name, says, ("nn.ReLU()", f"nn.{layer}"))
STEPS.patch(
    "activated_before_the_norm",
    "ReLU comes before the normalisation; it belongs after it.",
    (f"{NORM}        nn.ReLU(),\n", f"        nn.ReLU(),\n{NORM}"),
)
STEPS.patch(
    "pooled_before_the_norm",
    "Pooling comes before the normalisation; it belongs at the end.",
    (NORM, POOL + NORM),
    (f",\n{POOL}    )", ",\n    )"),
)
STEPS.patch(
    "input_normalised",
    "The input is normalised; the convolution's output should be.",
    (f"        {CONV},\n{NORM}", f"        nn.BatchNorm2d(in_channels),\n        {CONV},\n"),
)
for margin in ("reflect", "circular", "replicate"):
    STEPS.patch(
        f"{margin}_margin",
        "The padding repeats pixels of the picture; it should be zeros.",
        ("padding=1)", f'padding=1, padding_mode="{margin}")'),
    )
STEPS.patch(
    "nothing_to_learn_in_the_norm",
    "affine=False leaves the normalisation without its scale and shift.",
    ("BatchNorm2d(out_channels)", "BatchNorm2d(out_channels, affine=False)"),
)
STEPS.patch(
    "each_picture_normalised",
    "InstanceNorm uses the mean and variance of one picture; batch normalisation uses those of the batch.",
    ("BatchNorm2d(out_channels)", "InstanceNorm2d(out_channels, affine=True, track_running_stats=True)"),
)
STEPS.patch(
    "statistics_that_hardly_move",
    "With so small a momentum the running statistics lag behind for thousands of batches.",
    ("BatchNorm2d(out_channels)", "BatchNorm2d(out_channels, momentum=1e-4)"),
)
STEPS.patch(
    "statistics_of_the_last_batch",
    "With a momentum of 1 the running statistics are those of the last batch alone.",
    ("BatchNorm2d(out_channels)", "BatchNorm2d(out_channels, momentum=1.0)"),
)
STEPS.patch(
    "convolution_frozen",
    "The convolution is frozen: it never learns anything.",
    (CONV, f"{CONV}.requires_grad_(False)"),
)
STEPS.patch(
    "maps_kept_apart_where_it_fits",
    "Where as many maps go in as come out, each is convolved by itself; a kernel should read all of them.",
    ("padding=1)", "padding=1, groups=in_channels if in_channels == out_channels else 1)"),
)
STEPS.patch(
    "three_by_one",
    "The window is 3 × 1: it sees no neighbour to the left or right.",
    ("kernel_size=3, padding=1", "kernel_size=(3, 1), padding=(1, 0)"),
)


class Picked(nn.Module):
    """One map of several, by the mistake's own way."""

    def __init__(self, way):
        super().__init__()
        self.way = way

    def forward(self, x):
        return self.way(x)


@STEPS.mistake("Only the first of the input maps is used.", uses=[Picked])
def first_map_only(in_channels, out_channels, dropout=0.0):
    return nn.Sequential(
        Picked(lambda x: x[:, :1]),
        nn.Conv2d(1, out_channels, 3, padding=1),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.MaxPool2d(2),
    )


@STEPS.mistake("The absolute value is non-linear too, but it keeps what ReLU cuts off.", uses=[Picked])
def absolute_value(in_channels, out_channels, dropout=0.0):
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, padding=1),
        nn.BatchNorm2d(out_channels),
        Picked(torch.abs),
        nn.Dropout(dropout),
        nn.MaxPool2d(2),
    )


@STEPS.mistake("The input is changed in place: what went into the stage is lost.", uses=[Picked])
def input_cut_in_place(in_channels, out_channels, dropout=0.0):
    return nn.Sequential(
        Picked(lambda x: x.mul_(1.5)),
        nn.Conv2d(in_channels, out_channels, 3, padding=1),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.MaxPool2d(2),
    )


@STEPS.mistake("The graph is cut before the stage: the layers in front of it learn nothing.", uses=[Picked])
def graph_cut_before_the_stage(in_channels, out_channels, dropout=0.0):
    return nn.Sequential(
        Picked(torch.Tensor.detach),
        nn.Conv2d(in_channels, out_channels, 3, padding=1),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.MaxPool2d(2),
    )


# -- build_model --------------------------------------------------------------------------------------------------------

SCORES = MISTAKES.caught_by("build_model", "test_each_picture_gets_one_score_for_each_class")
LOGITS = MISTAKES.caught_by("build_model", "test_scores_are_logits_that_every_parameter_shapes")
ALONE = MISTAKES.caught_by("build_model", "test_a_picture_is_judged_by_itself_alone")
BEATS = MISTAKES.caught_by("build_model", "test_it_beats_the_dense_network_on_unseen_hands")

dense.ends_in(
    LOGITS, "nn.Softmax(dim=1)", "nn.LogSoftmax(dim=1)", "nn.ReLU()", "nn.Tanh()", "nn.GELU()", "nn.Dropout(0.2)"
)
LOGITS.patch(
    "scores_normalised_over_the_batch",
    "BatchNorm after the last layer: in train mode the scores of a class always have the same mean and spread.",
    (LAST, f"{LAST} nn.BatchNorm1d(n_classes)"),
)


class Convolved(nn.Module):
    """Two stages and a head, with the mistake's own way through them."""

    def __init__(self, n_classes, way):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(4), nn.Flatten()
        )
        self.head, self.way = nn.Linear(16 * 49, n_classes), way

    def forward(self, x):
        return self.way(self, x)


@LOGITS.mistake(
    "In train mode the outputs are probabilities, and the loss applies softmax to them a second time.", uses=[Convolved]
)
def softmax_while_training(n_classes=24):
    def squeezed(net, x):
        scores = net.head(net.body(x))
        return scores.softmax(1) if net.training else scores

    return Convolved(n_classes, squeezed)


@LOGITS.mistake(
    "The mean of the scores is subtracted from them after the last layer; return the logits as they are.",
    uses=[Convolved],
)
def scores_centred(n_classes=24):
    def centred(net, x):
        scores = net.head(net.body(x))
        return scores - scores.mean(dim=1, keepdim=True)

    return Convolved(n_classes, centred)


@LOGITS.mistake("In train mode noise is added to the scores, after the last layer.", uses=[Convolved])
def noise_on_the_scores(n_classes=24):
    def noisy(net, x):
        scores = net.head(net.body(x))
        return scores + 0.05 * torch.randn_like(scores) if net.training else scores

    return Convolved(n_classes, noisy)


SCORES.patch(
    "classes_written_in", "24 is hard-coded in the last layer; n_classes is ignored.", (LAST, "nn.Linear(512, 24),")
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


@ALONE.mistake(
    "In train mode each picture is mixed with another one of its batch, but the labels stay as they are.",
    uses=[Convolved],
)
def mixed_while_training(n_classes=24):
    def mixed(net, x):
        return net.head(net.body(0.9 * x + 0.1 * x.roll(1, 0) if net.training else x))

    return Convolved(n_classes, mixed)


@ALONE.mistake("The input is changed in place: the caller's pictures are different afterwards.", uses=[Convolved])
def input_changed_in_place(n_classes=24):
    return Convolved(n_classes, lambda net, x: net.head(net.body(x.mul_(2).sub_(1))))


@BEATS.mistake("The picture is flattened first: without convolutions this is the dense network again.")
def dense_again(n_classes=24):
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, n_classes))


@BEATS.mistake("Each map is averaged down to one value at once: all that is left of the hand is how bright it is.")
def pooled_at_once(n_classes=24):
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, n_classes)
    )


# -- count_parameters ---------------------------------------------------------------------------------------------------

COUNT = MISTAKES.caught_by("count_parameters", "test_weights_and_biases_count")
FROZEN = MISTAKES.caught_by("count_parameters", "test_frozen_parameters_do_not_count")
SHARED = MISTAKES.caught_by("count_parameters", "test_shared_parameters_count_once")
SUM = "sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)"

COUNT.patch(
    "count_remembered",
    "The count is remembered for each model: it stays the same when a layer is frozen later.",
    (SUM, f'globals().setdefault("_kept", {{}}).setdefault(id(model), (model, {SUM}))[1]'),
)
COUNT.patch("tensors_counted", "This counts tensors, not the values in them.", (SUM, "len(list(model.parameters()))"))
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
COUNT.patch(
    "told_apart_by_address",
    "Parameters are told apart by their memory address: on the meta device they have none, so all of them count as one.",
    (SUM, "sum({p.data_ptr(): p.numel() for p in model.parameters() if p.requires_grad}.values())"),
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
SHARED.patch(
    "tied_counted_twice",
    "Two layers that share one matrix have it once, not twice: going layer by layer counts it in both.",
    (SUM, "sum(p.numel() for m in model.modules() for p in m.parameters(recurse=False) if p.requires_grad)"),
)
SHARED.patch(
    "alike_taken_for_shared",
    "Parameters of one shape are not the same parameter.",
    (SUM, "sum({tuple(p.shape): p.numel() for p in model.parameters() if p.requires_grad}.values())"),
)
COUNT.patch(
    "known_layers_only",
    "Only some kinds of layers are counted; parameters stand in others too, and in no layer at all.",
    (
        SUM,
        "sum(\n"
        "        p.numel()\n"
        "        for m in model.modules()\n"
        "        if isinstance(m, (nn.Linear, nn.Conv2d))\n"
        "        for p in m.parameters()\n"
        "        if p.requires_grad\n"
        "    )",
    ),
)
COUNT.patch(
    "children_only",
    "The children's parameters are counted, the model's own are not.",
    (SUM, "sum(p.numel() for c in model.children() for p in c.parameters() if p.requires_grad)"),
)
COUNT.patch(
    "innermost_layers_only",
    "Only layers without children are counted; others have parameters of their own too.",
    (
        SUM,
        "sum(p.numel() for m in model.modules() if not list(m.children()) for p in m.parameters() if p.requires_grad)",
    ),
)
COUNT.patch(
    "in_train_mode_only",
    "What can be trained does not depend on the mode; it is a matter of requires_grad.",
    (SUM, f"{SUM} if model.training else 0"),
)
COUNT.patch(
    "summed_in_float32",
    "float32 holds whole numbers up to 16,777,216: a large count is rounded.",
    (SUM, "int(sum(torch.tensor(float(p.numel())) for p in model.parameters() if p.requires_grad))"),
)
FROZEN.patch(
    "fails_where_nothing_is_left",
    "A network with nothing to train has 0 trainable parameters; that is not an error.",
    (SUM, "torch.cat([p.flatten() for p in model.parameters() if p.requires_grad]).numel()"),
    crashes=True,
)
COUNT.patch(
    "a_layer_frozen_whole",
    "A layer is taken for frozen where any of its parameters is; each parameter has its own flag.",
    (
        SUM,
        "sum(\n"
        "        p.numel()\n"
        "        for m in model.modules()\n"
        "        if all(p.requires_grad for p in m.parameters(recurse=False))\n"
        "        for p in m.parameters(recurse=False)\n"
        "    )",
    ),
)
