"""Mistakes of transfer learning, which 05b teaches and 07 asks for once more.

A function registers one mistake, or a family of them, at the places that it is handed: those of the checks that must catch them in
that project. What a student would write stands in nested functions, which see nothing of what is around them.
"""

import torch
from torch import nn

from course.authoring.proofs.variants import Mistakes
from course.training import fit
from graders.proofs.shared import loops
from graders.proofs.shared.loops import batch_means, in_train_mode

TRAINED = "        trained = one_pass(model, train_loader, loss_function, optimizer)\n"
VALID = "        valid = one_pass(model, valid_loader, loss_function)\n"
ADD = "history.add(trained, valid)"
BUILD = "nn.Sequential(backbone, nn.Linear(width, n_classes))"

# -- make_transforms ----------------------------------------------------------------------------------------------------


def photos(normal: Mistakes, plain: Mistakes, anew: Mistakes, size: int) -> None:
    """What the backbone expects, validation photos as they are, training photos anew each time; `size` is what they write down."""
    normalize, resize = "v2.Normalize(MEAN, STD)", "[v2.Resize(size, antialias=True), v2.CenterCrop(size)]"
    normal.patch(
        "not_normalised",
        "Mean and standard deviation are left out: the backbone sees values that it was not trained on.",
        (", " + normalize, ""),
    )
    normal.patch(
        "only_validation_normalised",
        "Validation photos are normalised and training photos are not.",
        (normalize, f"*([] if train else [{normalize}])"),
        source="Humbatova 2020",
    )
    normal.patch(
        "never_divided",
        "Pixels go up to 255: they were not divided before mean and standard deviation were applied.",
        ("scale=True", "scale=False"),
    )
    normal.patch(
        "size_by_heart",
        f"{size} is hard-coded; `size` is ignored.",
        ("    if train:", f"    size = {size}\n    if train:"),
    )
    plain.patch(
        "bgr",
        "The channels are blue, green, red, as OpenCV gives them: what is orange turns blue.",
        ("v2.ToImage(), *views", "v2.ToImage(), v2.Lambda(lambda image: image.flip(-3)), *views"),
        source="forum: cv2.imread",
    )
    plain.patch(
        "validation_augmented",
        "The validation photos are augmented too: what is measured depends on luck.",
        ("    if train:", "    if True:"),
        source="Humbatova 2020",
    )
    plain.patch(
        "squeezed",
        "A photo that is not square is squeezed into one: what is long comes out short and thick.",
        (resize, "[v2.Resize((size, size), antialias=True)]"),
    )
    anew.patch("never_augmented", "The training photos are not augmented at all.", ("    if train:", "    if False:"))


# -- freeze_backbone ----------------------------------------------------------------------------------------------------


def freezing(frozen: Mistakes, drift: Mistakes, within: Mistakes, called: str) -> None:
    """Parameters that are not frozen, statistics that move; `called` is the solution's name for what it freezes."""
    frozen.patch(
        "attribute_of_the_module",
        f"{called}.requires_grad = False sets a new attribute of the module; its parameters do not notice.",
        (f"{called}.requires_grad_(False)", f"{called}.requires_grad = False"),
        source="forum",
    )

    @drift.mistake(
        "Running mean and variance are buffers, not parameters: they move in train mode although nothing requires a gradient.",
        source="forum: frozen BatchNorm still changes",
    )
    def parameters_only(model):
        for parameter in model.parameters():
            parameter.requires_grad = False
        return model

    @drift.mistake("eval() holds until the next model.train(), which comes with the next epoch.", source="forum")
    def eval_once(model):
        model.requires_grad_(False)
        return model.eval()

    drift.patch(
        "outermost_layers_only",
        "Only the outermost layers are looked at; the BatchNorm layers are inside the blocks.",
        (f"{called}.modules()", f"{called}.children()"),
    )

    @within.mistake(
        "With momentum 0 the running mean stays, but in train mode the batch's own mean is used.",
        source="forum: momentum=0 to freeze BatchNorm",
    )
    def no_momentum(model):
        model.requires_grad_(False)
        for layer in model.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.momentum = 0.0
                layer.num_batches_tracked = None
        return model

    drift.patch(
        "two_dimensions_only",
        "Only BatchNorm2d is kept in eval mode; BatchNorm1d and BatchNorm3d keep running statistics too.",
        ('hasattr(layer, "running_mean")', "isinstance(layer, nn.BatchNorm2d)"),
    )
    drift.patch(
        "found_by_its_name",
        "The layers are found by the name of their class, which does not say what a layer does.",
        ('hasattr(layer, "running_mean")', '"BatchNorm" in type(layer).__name__'),
    )
    drift.patch(
        "itself_forgotten",
        "The layers inside stay in eval mode, but the module itself may be a BatchNorm layer.",
        (f"{called}.modules()", f"list({called}.modules())[1:]"),
    )
    frozen.patch(
        "known_names_only",
        "Only parameters called weight or bias are frozen; a parameter may have any name.",
        (
            f"{called}.requires_grad_(False)",
            f"[p.requires_grad_(False) for n, p in {called}.named_parameters() if n.endswith(('weight', 'bias'))]",
        ),
    )
    frozen.patch(
        "layers_only",
        "Only the parameters of the inner layers are frozen; the module has some of its own.",
        (f"{called}.requires_grad_(False)", f"[layer.requires_grad_(False) for layer in {called}.children()]"),
    )

    @frozen.mistake(
        "You return a wrapper around the backbone, in which every name is different; return the backbone itself."
    )
    def wrapped(model):
        class Frozen(nn.Module):
            def __init__(self, inner):
                super().__init__()
                self.inner = inner

            def train(self, mode=True):
                return super().train(False)

            def forward(self, x):
                return self.inner(x)

        return Frozen(model.requires_grad_(False)).train()

    @frozen.mistake(
        "The backbone always runs under no_grad: even when unfrozen, it learns nothing.", source="forum: no_grad"
    )
    def without_gradients_for_ever(model):
        model.requires_grad_(False)
        model.eval()
        model.train = lambda mode=True: model
        model.forward = torch.no_grad()(model.forward)
        return model

    drift.patch(
        "held_in_train_mode",
        "train() no longer does anything, so the layers keep the mode that they had: a new network is in train mode.",
        ("            layer.eval()\n", ""),
    )


# -- build_model --------------------------------------------------------------------------------------------------------


class Headed(nn.Module):
    """A backbone and a head, with the mistake's own way from one to the other."""

    def __init__(self, backbone, width, n_classes, way):
        super().__init__()
        self.backbone, self.head, self.way = backbone, nn.Linear(width, n_classes), way

    def forward(self, x):
        return self.way(self, x)


def heads(logits: Mistakes, learns: Mistakes, as_it_is: Mistakes, by_heart: tuple[str, int], ends_from: str) -> None:
    """What comes out, what can learn, what the backbone still knows; `by_heart` is the one that writes the classes down."""
    name, classes = by_heart
    logits.patch(
        name,
        f"{classes} is hard-coded; n_classes is ignored.",
        (BUILD, f"nn.Sequential(backbone, nn.Linear(width, {classes}))"),
    )
    logits.patch(
        "width_by_heart",
        "The number of features is hard-coded; another backbone has a different one.",
        (BUILD, "nn.Sequential(backbone, nn.Linear(576, n_classes))"),
        crashes=True,
        source="forum: mat1 and mat2 shapes cannot be multiplied",
    )
    for end in ("Softmax(dim=1)", "Sigmoid()", "ReLU()", "LeakyReLU()", "GELU()", "Dropout(0.2)"):
        ends_in(logits, end, ends_from)
    logits.patch(
        "normalised_over_the_batch",
        "BatchNorm after the last layer: in train mode the logits of a class always have the same mean and spread.",
        (BUILD, f"{BUILD[:-1]}, nn.BatchNorm1d(n_classes))"),
    )
    logits.patch(
        "never_more_than_a_hundred",
        "There are never more than a hundred logits, however many classes are asked for.",
        (BUILD, "nn.Sequential(backbone, nn.Linear(width, min(n_classes, 100)))"),
    )

    @logits.mistake(
        "In train mode the outputs are probabilities, and the loss applies softmax to them a second time.",
        uses=[Headed],
    )
    def softmax_while_training(backbone, width, n_classes):
        def squeezed(net, x):
            scores = net.head(net.backbone(x))
            return scores.softmax(1) if net.training else scores

        return Headed(backbone, width, n_classes, squeezed)

    @logits.mistake(
        "The mean of the logits is subtracted from them after the head; return them as they are.", uses=[Headed]
    )
    def logits_centred(backbone, width, n_classes):
        def centred(net, x):
            scores = net.head(net.backbone(x))
            return scores - scores.mean(dim=1, keepdim=True)

        return Headed(backbone, width, n_classes, centred)

    @logits.mistake("In train mode noise is added to the logits, after the head.", uses=[Headed])
    def noise_on_the_logits(backbone, width, n_classes):
        def noisy(net, x):
            scores = net.head(net.backbone(x))
            return scores + 0.05 * torch.randn_like(scores) if net.training else scores

        return Headed(backbone, width, n_classes, noisy)

    @logits.mistake(
        "The function F.dropout does not know model.eval(): it needs training=self.training.", uses=[Headed]
    )
    def dropout_never_off(backbone, width, n_classes):
        return Headed(backbone, width, n_classes, lambda net, x: net.head(nn.functional.dropout(net.backbone(x), 0.3)))

    @logits.mistake("The mean over the batch is subtracted: a photo's logits depend on its neighbours.", uses=[Headed])
    def mean_of_the_batch_taken_off(backbone, width, n_classes):
        def centred(net, x):
            scores = net.head(net.backbone(x))
            return scores - scores.mean(dim=0)

        return Headed(backbone, width, n_classes, centred)

    @logits.mistake(
        "In train mode each photo is mixed with another one of its batch, but the labels stay as they are.",
        uses=[Headed],
    )
    def mixed_while_training(backbone, width, n_classes):
        def mixed(net, x):
            return net.head(net.backbone(0.9 * x + 0.1 * x.roll(1, 0) if net.training else x))

        return Headed(backbone, width, n_classes, mixed)

    @logits.mistake("The input is changed in place: the caller's photos are different afterwards.", uses=[Headed])
    def input_changed_in_place(backbone, width, n_classes):
        return Headed(backbone, width, n_classes, lambda net, x: net.head(net.backbone(x.mul_(1.1))))

    as_it_is.patch(
        "a_copy_of_the_backbone",
        "A copy of the backbone is in the model: the caller's own is not used, and not trained.",
        (BUILD, BUILD.replace("(backbone,", "(__import__('copy').deepcopy(backbone),")),
    )
    as_it_is.patch(
        "put_into_eval_mode",
        "The backbone is put into eval mode; use it as it is.",
        (BUILD, BUILD.replace("(backbone,", "(backbone.eval(),")),
    )

    @as_it_is.mistake(
        "The backbone is in eval mode for ever: train() does not reach it, though nobody has frozen it.", uses=[Headed]
    )
    def held_in_eval_mode(backbone, width, n_classes):
        return Headed(backbone, width, n_classes, lambda net, x: net.head(net.backbone.eval()(x)))

    @as_it_is.mistake(
        "Whether the backbone learns is decided once, when the model is built: unfrozen later, it still learns nothing.",
        uses=[Headed],
    )
    def decided_when_built(backbone, width, n_classes):
        learns = any(parameter.requires_grad for parameter in backbone.parameters())

        def way(net, x):
            with torch.set_grad_enabled(learns and torch.is_grad_enabled()):
                features = net.backbone(x)
            return net.head(features)

        return Headed(backbone, width, n_classes, way)

    @as_it_is.mistake(
        "The head is attached to the backbone that you were given, which then returns no features any more."
    )
    def head_attached(backbone, width, n_classes):
        backbone.add_module("fc", nn.Linear(width, n_classes))
        features = backbone.forward
        backbone.forward = lambda x: backbone.fc(features(x))
        return backbone

    @as_it_is.mistake(
        "A second head reads detached features: its part of the gradient never reaches the backbone.", uses=[Headed]
    )
    def half_of_the_gradient(backbone, width, n_classes):
        def both(net, x):
            features = net.backbone(x)
            return net.head(features) + net.second(features.detach())

        model = Headed(backbone, width, n_classes, both)
        model.second = nn.Linear(width, n_classes)
        return model

    @as_it_is.mistake("The photos are scaled before the backbone sees them; pass them on as they are.", uses=[Headed])
    def photos_scaled(backbone, width, n_classes):
        return Headed(backbone, width, n_classes, lambda net, x: net.head(net.backbone(2 * x)))

    @learns.mistake(
        "The head is in a plain list: it is not registered, so it is neither saved nor trained.", uses=[Headed]
    )
    def head_in_a_list(backbone, width, n_classes):
        model = Headed(backbone, width, n_classes, lambda net, x: net.heads[0](net.backbone(x)))
        model.heads = [model.head]
        del model.head
        return model

    learns.patch(
        "head_frozen_too", "The head is frozen too: nothing can learn.", (BUILD, BUILD + ".requires_grad_(False)")
    )
    learns.patch(
        "backbone_thawed",
        "The frozen backbone is unfrozen while the head is added.",
        (BUILD, BUILD + ".requires_grad_(True)"),
    )
    as_it_is.patch(
        "frozen_by_the_way",
        "The backbone is frozen here, whether that was asked for or not.",
        (BUILD, BUILD.replace("(backbone,", "(backbone.requires_grad_(False),")),
    )

    @as_it_is.mistake(
        "Every layer is re-initialised, the backbone's too: what it knew is gone.",
        source="forum: model.apply(init)",
    )
    def all_started_anew(backbone, width, n_classes):
        model = nn.Sequential(backbone, nn.Linear(width, n_classes))
        for layer in model.modules():
            if hasattr(layer, "reset_parameters"):
                layer.reset_parameters()
        return model


def ends_in(logits: Mistakes, end: str, source: str) -> None:
    """A layer after the head, as "LogSoftmax(dim=1)"."""
    logits.patch(
        f"ends_in_{end.partition('(')[0].replace('LogS', 'log_s').lower()}",
        f"Cross entropy wants logits; nn.{end} at the end squeezes them.",
        (BUILD, f"{BUILD[:-1]}, nn.{end})"),
        source=source,
    )


# -- fine_tune, and the loop of 07's train ------------------------------------------------------------------------------


def twice(at: Mistakes, name: str) -> None:
    """Two passes an epoch."""
    at.patch(
        name,
        "An epoch goes through the training photos once; here it goes twice, and only the second pass is recorded.",
        (TRAINED, 2 * TRAINED),
    )


def written_in(at: Mistakes, name: str, lr: str) -> None:
    """A learning rate that the caller cannot change."""
    at.patch(name, f"{lr} is hard-coded; `lr` is ignored.", ("lr=lr)", f"lr={lr})"))


def taught(at: Mistakes, name: str) -> None:
    """Validation photos that teach."""
    at.patch(
        name,
        "The validation photos are trained on: their accuracy says nothing any more.",
        (VALID, VALID.replace("function)", "function, optimizer)")),
        source="Humbatova 2020",
    )


def measured(at: Mistakes, train_mode: Mistakes) -> None:
    """Means over batches, not photos; and validation in train mode."""
    at.patch(
        "batch_means_averaged",
        "The mean of the batches is not the mean of the photos: the last batch is smaller.",
        (TRAINED, TRAINED.replace("one_pass", "batch_means")),
        (VALID, VALID.replace("one_pass", "batch_means")),
        uses=[batch_means],
        source="Humbatova 2020",
    )
    train_mode.patch(
        "validated_in_train_mode",
        "The validation is measured in train mode: dropout and batch statistics are on.",
        (VALID, VALID.replace("one_pass", "in_train_mode")),
        uses=[in_train_mode],
    )


def loop(
    steps: Mistakes, history: Mistakes, rate: Mistakes, given: str, prefix: str = "", teach: Mistakes | None = None
) -> None:
    """What goes wrong in any loop; `given` is what the optimizer is made of."""
    loops.slips(steps, history, rate, prefix)
    loops.epochs(history, history, history, teach, prefix)
    loops.rates(rate, given, prefix)
    made = f"    optimizer = torch.optim.{given}\n"
    rate.patch(
        f"{prefix}new_optimizer_each_epoch",
        "A new optimizer each epoch: Adam forgets all the gradients that it has seen.",
        (loops.EPOCHS, loops.EPOCHS + "    " + made),
    )


def thawed(at: Mistakes, name: str, line: str, effect: str) -> None:
    """Statistics that move again, after this line of the solution."""
    at.patch(
        name,
        f"BatchNorm gets its train method back: {effect}.",
        (line, line + '    for layer in model.modules():\n        layer.__dict__.pop("train", None)\n'),
    )


def tuning(
    history: Mistakes, whole: Mistakes, small: Mistakes, best: Mistakes, bar: Mistakes, thaw: str, parameters: str
) -> None:
    """What learns, how far, which state is kept; `thaw` is the line that unfreezes, `parameters` what the optimizer gets."""
    adam = f"    optimizer = torch.optim.Adam({parameters}, lr=lr)\n"
    first = "    best = one_pass(model, valid_loader, loss_function).accuracy\n"
    kept = "    kept = {name: value.clone() for name, value in model.state_dict().items()}\n"
    better = "        if valid.accuracy > best:\n"
    keep = (
        "            best, kept = valid.accuracy, {name: value.clone() for name, value in model.state_dict().items()}\n"
    )
    back = "    model.load_state_dict(kept)\n"

    history.patch(
        "curves_exchanged", "The curves of training and validation are exchanged.", (ADD, "history.add(valid, trained)")
    )
    whole.patch("never_unfrozen", "The backbone is still frozen: only the head goes on learning.", (thaw, ""))
    whole.patch(
        "layers_unfrozen",
        "Only the parameters of the inner layers are unfrozen; the model may have some of its own.",
        (thaw, "    for layer in model.children():\n        layer.requires_grad_(True)\n"),
    )
    whole.patch(
        "optimizer_before_unfreezing",
        "The optimizer was built while the backbone was frozen, and keeps the list that it was given.",
        (thaw, ""),
        (adam, adam.replace(parameters, "[p for p in model.parameters() if p.requires_grad]") + thaw),
        source="forum",
    )
    small.patch(
        "learning_rate_of_the_head",
        "The head's learning rate: what the backbone knows is overwritten in a few steps.",
        ("lr: float = 1e-5", "lr: float = 1e-3"),
    )
    best.patch("ends_with_the_last_state", "The best state is kept and never put back.", (back, ""))
    best.patch(
        "the_first_state_forgotten",
        "The state before the first epoch is not among the candidates: fine-tuning can make it worse.",
        (first, "    best = 0.0\n"),
    )
    best.patch(
        "state_not_copied",
        "state_dict() gives the tensors themselves: they go on changing while they are kept.",
        (kept, "    kept = model.state_dict()\n"),
        (keep, "            best, kept = valid.accuracy, model.state_dict()\n"),
        source="forum: best_model_wts = model.state_dict()",
    )
    best.patch(
        "best_by_training_accuracy",
        "The best state is chosen on the training photos, which the network can learn by heart.",
        (better, better.replace("valid", "trained")),
        (keep, keep.replace("valid", "trained")),
        (first, first.replace("valid_loader", "train_loader")),
        source="Humbatova 2020",
    )
    best.patch(
        "first_or_last",
        "Only the first and the last state are compared; the best was in between.",
        (better + keep + back, "    if valid.accuracy < best:\n        model.load_state_dict(kept)\n"),
    )
    whole.patch(
        "frozen_again",
        "What was frozen before is frozen again in the end; fine-tuning leaves every parameter trainable.",
        (thaw, "    flags = [p.requires_grad for p in model.parameters()]\n" + thaw),
        (
            "    model.eval()",
            "    for p, flag in zip(model.parameters(), flags):\n        p.requires_grad = flag\n    model.eval()",
        ),
    )
    whole.patch(
        "statistics_held_for_ever",
        "BatchNorm is held in eval mode, though it was not frozen: its statistics never move again.",
        (
            thaw,
            thaw + "    for layer in model.modules():\n        if isinstance(layer, nn.BatchNorm2d):\n"
            "            layer.eval()\n            layer.train = lambda mode=True, layer=layer: layer\n",
        ),
    )
    best.patch(
        "small_gains_lost",
        "The accuracies are rounded before they are compared: one photo more out of some hundred is a gain, too.",
        (better, better.replace("valid.accuracy", "round(valid.accuracy, 2)")),
        (keep, keep.replace("best, kept = valid.accuracy", "best, kept = round(valid.accuracy, 2)")),
        (first, first.replace("best = ", "best = round(").replace("accuracy\n", "accuracy, 2)\n")),
    )
    best.patch(
        "best_by_the_loss",
        "The state with the lowest loss is kept; the highest accuracy was asked for.",
        (better, better.replace("valid.accuracy > best", "valid.loss < best")),
        (keep, keep.replace("best, kept = valid.accuracy", "best, kept = valid.loss")),
        (first, first.replace(".accuracy", ".loss")),
    )
    best.patch(
        "mode_put_back",
        "The model goes back to the mode in which it came; leave it in eval mode, ready for use.",
        (first, "    mode = model.training\n" + first),
        ("    model.eval()", "    model.train(mode)"),
    )
    best.patch("left_in_train_mode", "The model is left in train mode.", ("    model.eval()", "    model.train()"))
    best.patch(
        "better_than_the_last_one",
        "Each epoch is compared only with the one before it: a rise after a fall need not be the best.",
        (first, ""),
        ("    for _ in range(epochs):\n", "    for _ in range(epochs):\n    " + first),
    )

    @bar.mistake("One step at a learning rate of 1, and the network has forgotten everything.")
    def forgets_everything(model, train_loader, valid_loader, epochs, lr):
        model.requires_grad_(True)
        optimizer = torch.optim.Adam(model.parameters(), lr=1.0)
        return fit(model, [next(iter(train_loader))], [next(iter(valid_loader))], epochs=epochs, optimizer=optimizer)
