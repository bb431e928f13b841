"""Things that the checks of project 06 give to the student's code: tokenizers with vocabularies of our own, and BERTs.

Tiny ones with random weights, whose answers depend on everything that they are given, so that a right answer shows a right
question; and the embedded one. transformers is imported where it is used: no other project should wait for it.
"""

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from course.checks.builders import builder

if TYPE_CHECKING:
    from transformers import BertForPreTraining, PreTrainedTokenizerBase


@builder
def word_tokenizer(vocabulary: list[str], limit: int, mask: str = "[MASK]") -> "PreTrainedTokenizerBase":
    """A BERT tokenizer (lower case) whose piece number k is vocabulary[k] and whose rows have at most `limit` tokens.

    The vocabulary holds [PAD], [UNK], [CLS], [SEP] and `mask`, in any places.
    """
    from transformers import BertTokenizer

    numbers = {piece: number for number, piece in enumerate(vocabulary)}
    return BertTokenizer(vocab=numbers, mask_token=mask, model_max_length=limit)


@builder
def tiny_bert(
    vocabulary: int, positions: int, seed: int, training: bool = False, vectors: torch.Tensor | None = None
) -> "BertForPreTraining":
    """A BERT of two layers with seeded random weights, handed over in eval mode or, with much dropout, in train mode.

    It keeps a diary of (train mode, gradients on, batch size) for `probes.diary_of`.

    Args:
        vocabulary: number of pieces V.
        positions: longest row that it can read.
        vectors: float32 (V, H), H even: its input embeddings; those of the output stay random.
    """
    from transformers import BertConfig, BertForPreTraining

    config = BertConfig(
        vocab_size=vocabulary,
        max_position_embeddings=positions,
        hidden_size=16 if vectors is None else vectors.shape[1],
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
    if vectors is not None:
        model.get_input_embeddings().load_state_dict({"weight": vectors})
    diary: list[tuple[bool, bool, int]] = []

    def note(bert: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        ids = kwargs["input_ids"] if kwargs.get("input_ids") is not None else args[0] if args else ()
        diary.append((any(part.training for part in bert.modules()), torch.is_grad_enabled(), len(ids)))

    # BERT proper, not the whole: whoever asks `model.bert` and then a head is heard too
    model.bert.register_forward_pre_hook(note, with_kwargs=True)
    setattr(model, "diary", diary)  # noqa: B010 - a module's attributes are tensors to the type checker
    return nn.Module.train(model, training)  # type: ignore[return-value]


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
