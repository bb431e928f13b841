"""Things that the checks of project 06 give to the student's code: tokenizers with vocabularies of our own, and BERTs.

Tiny ones with random weights, whose answers depend on everything that they are given, so that a right answer shows a right
question; and the embedded one. transformers is imported where it is used: no other project should wait for it.
"""

import functools
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from course.checks.builders import builder
from graders.kit.worker.twins import twin

if TYPE_CHECKING:
    from transformers import BertForPreTraining, PreTrainedTokenizerBase


@builder
def word_tokenizer(
    vocabulary: list[str], limit: int, mask: str = "[MASK]", cased: bool = False
) -> "PreTrainedTokenizerBase":
    """A BERT tokenizer whose piece number k is vocabulary[k] and whose rows have at most `limit` tokens.

    The vocabulary holds [PAD], [UNK], [CLS], [SEP] and `mask`, in any places. Where it is `cased`, "Dog" is not "dog".
    """
    from transformers import BertTokenizer

    numbers = {piece: number for number, piece in enumerate(vocabulary)}
    return BertTokenizer(vocab=numbers, mask_token=mask, model_max_length=limit, do_lower_case=not cased)


@builder
def tiny_bert(
    vocabulary: int, positions: int, seed: int, training: bool = False, vectors: torch.Tensor | None = None
) -> "BertForPreTraining":
    """A BERT of two layers with seeded random weights, handed over in eval mode or, with much dropout, in train mode.

    It keeps a diary of (train mode, does it build a graph, batch size) for `probes.diary_of`. One of its parameters is frozen, so
    that it shows if all are frozen, or all are set free, for good.

    Args:
        vocabulary: number of pieces V.
        positions: longest row that it can read.
        vectors: float32 (V, H), H even: its input embeddings; those of the output stay random.
    """
    model = twin(_bert(vocabulary, positions, 16 if vectors is None else vectors.shape[1], seed))
    if vectors is not None:
        model.get_input_embeddings().load_state_dict({"weight": vectors})
    diary: list[tuple[bool, bool, int]] = []

    def note(moody: bool, asked: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        # there is no graph without a parameter that wants a gradient: flags that are switched off are as good as no_grad
        graph = torch.is_grad_enabled() and any(p.requires_grad for p in asked.parameters())
        batch: Any = next((v for v in (*args, *kwargs.values()) if isinstance(v, torch.Tensor)), ())
        diary.append((moody and any(part.training for part in asked.modules()), graph, len(batch)))

    # BERT proper and its heads, not the whole: whoever asks `model.bert` and then a head is heard too. The heads have no dropout.
    for asked, moody in ((model.bert, True), (model.cls.predictions, False), (model.cls.seq_relationship, False)):
        asked.register_forward_pre_hook(functools.partial(note, moody), with_kwargs=True)
    setattr(model, "diary", diary)  # noqa: B010 - a module's attributes are tensors to the type checker
    return nn.Module.train(model, training)  # type: ignore[return-value]


@functools.cache  # checks ask for the same ones again and again
def _bert(vocabulary: int, positions: int, width: int, seed: int) -> "BertForPreTraining":
    from transformers import BertConfig, BertForPreTraining

    config = BertConfig(
        vocab_size=vocabulary,
        max_position_embeddings=positions,
        hidden_size=width,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        hidden_dropout_prob=0.5,  # train mode must show
        attention_probs_dropout_prob=0.5,
        initializer_range=0.5,  # BERT's 0.02 would give almost the same answer to everything
        tie_word_embeddings=False,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = BertForPreTraining(config)
    model.bert.pooler.dense.bias.requires_grad_(False)
    return model


@builder
def pocket_tokenizer() -> "PreTrainedTokenizerBase":
    """The tokenizer of the embedded BERT."""
    from transformers import BertTokenizer

    from course.models.bert import bert_folder

    return BertTokenizer.from_pretrained(bert_folder())


@builder
def pocket_bert() -> "BertForPreTraining":
    """The embedded BERT, in eval mode."""
    from course.models.bert import load_bert

    return load_bert("pocket")[1]
