"""Mistakes of networks that end in scores: 01 and 02 build the same dense network, and 03 ends in the same layer.

A function registers a family at the places that it is handed: those of the checks that must catch it in that project.
"""

import torch
from torch import nn

from course.authoring.proofs.variants import Mistakes

ENDS = {
    "nn.Softmax(dim=1)": "nn.CrossEntropyLoss applies the softmax itself; applied twice, gradients shrink and training crawls.",
    "nn.LogSoftmax(dim=1)": "LogSoftmax belongs to nn.NLLLoss; nn.CrossEntropyLoss wants the scores as they are.",
    "nn.Sigmoid()": "A sigmoid at the end squeezes every score between 0 and 1.",
    "nn.Tanh()": "A tanh at the end squeezes every score between -1 and 1.",
    "nn.LeakyReLU()": "An activation after the last layer squeezes the negative scores together.",
    "nn.GELU()": "An activation after the last layer squeezes the negative scores together.",
    "nn.ReLU()": "A ReLU after the last layer cuts off every negative score, and its gradient with it.",
    "nn.Softplus()": "An activation after the last layer squeezes the negative scores together.",
    "nn.Hardtanh(-20, 20)": "The scores are cut at a bound; logits may be of any size.",
    "nn.Dropout(0.2)": "Dropout after the last layer drops scores, of right classes too: it belongs before that layer.",
}
LAST = "nn.Linear(512, n_classes),"


def ends_in(logits: Mistakes, *layers: str) -> None:
    """These layers after the last one."""
    for layer in layers:
        logits.patch(
            "ends_in_" + layer.partition(".")[2].partition("(")[0].lower(),
            ENDS[layer],
            (LAST, f"{LAST} {layer}"),
            source="Karpathy 2018: softmaxed outputs to a loss that expects logits",
        )


class Net(nn.Module):
    """Two layers, and the mistake's own way of a flattened picture through them."""

    def __init__(self, n_classes, way):
        super().__init__()
        self.first, self.last, self.way = nn.Linear(784, 512), nn.Linear(512, n_classes), way

    def forward(self, x):
        return self.way(self, x.flatten(1))


def in_train_mode(logits: Mistakes, alone: Mistakes) -> None:
    """What happens in train mode only, and what happens to the input: eval mode shows none of it."""

    @logits.mistake(
        "In train mode the outputs are probabilities, and the loss applies softmax to them a second time.", uses=[Net]
    )
    def softmax_while_training(n_classes):
        def squeezed(net, x):
            scores = net.last(net.first(x).relu())
            return scores.softmax(1) if net.training else scores

        return Net(n_classes, squeezed)

    @logits.mistake(
        "The mean of the scores is subtracted from them after the last layer; return the logits as they are.",
        uses=[Net],
    )
    def scores_centred(n_classes):
        def centred(net, x):
            scores = net.last(net.first(x).relu())
            return scores - scores.mean(dim=1, keepdim=True)

        return Net(n_classes, centred)

    @logits.mistake("In train mode noise is added to the scores, after the last layer.", uses=[Net])
    def noise_on_the_scores(n_classes):
        def noisy(net, x):
            scores = net.last(net.first(x).relu())
            return scores + 0.05 * torch.randn_like(scores) if net.training else scores

        return Net(n_classes, noisy)

    @alone.mistake(
        "In train mode each picture is mixed with another one of its batch, but the labels stay as they are.",
        uses=[Net],
    )
    def mixed_while_training(n_classes):
        def mixed(net, x):
            x = 0.9 * x + 0.1 * x.roll(1, 0) if net.training else x
            return net.last(net.first(x).relu())

        return Net(n_classes, mixed)

    @alone.mistake("Batch normalisation takes mean and variance of the batch: in train mode neighbours count.")
    def normalised_by_the_batch(n_classes):
        return nn.Sequential(
            nn.Flatten(), nn.Linear(784, 512), nn.BatchNorm1d(512), nn.ReLU(), nn.Linear(512, n_classes)
        )

    @alone.mistake("The input is changed in place: the caller's pictures are different afterwards.", uses=[Net])
    def input_changed_in_place(n_classes):
        return Net(n_classes, lambda net, x: net.last(net.first(x.sub_(0.5)).relu()))


def networks(alone: Mistakes, bent: Mistakes, used: Mistakes, learns: Mistakes, classes: str) -> None:
    """Neighbours that matter, no bend, layers that do not take part, and too few units for `classes`."""

    @alone.mistake(
        "The function F.dropout does not know model.eval(): it needs training=self.training.",
        uses=[Net],
        source="forum",
    )
    def functional_dropout_never_off(n_classes):
        return Net(n_classes, lambda net, x: net.last(nn.functional.dropout(net.first(x).relu())))

    @bent.mistake("There is no activation between the layers: together they are one linear layer.")
    def no_activation(n_classes):
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 512), nn.Linear(512, 512), nn.Linear(512, n_classes))

    @used.mistake("A layer is made, but the forward pass leaves it out.", uses=[Net])
    def layer_left_out(n_classes):
        model = Net(n_classes, lambda net, x: net.last(net.first(x).relu()))
        model.second = nn.Linear(512, 512)
        return model

    @used.mistake(
        "Layers in a plain list are not registered: no optimizer ever sees them.",
        source="forum: optimizer got an empty parameter list",
    )
    def layers_in_a_plain_list(n_classes):
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

    @learns.mistake(f"A hidden layer of four units is too narrow for {classes}.")
    def too_narrow(n_classes):
        return nn.Sequential(nn.Flatten(), nn.Linear(784, 4), nn.ReLU(), nn.Linear(4, n_classes))
