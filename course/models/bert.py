"""The pocket BERT: a small `BertForPreTraining` in a folder that `from_pretrained` opens like any other.

Says where the folder is and opens either tier. Does not train (train_bert.py does) and adds nothing to transformers: what
works on bert-base-uncased works here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from transformers import BertForPreTraining, BertTokenizer, PreTrainedTokenizerBase
from transformers.utils import logging

from course.errors import CourseError

FULL = "bert-base-uncased"
FOLDER = Path(__file__).resolve().parent / "weights" / "bert"


def bert_folder() -> Path:
    """The folder of the embedded model: `BertTokenizer.from_pretrained(bert_folder())` and so on.

    Raises:
        CourseError: a file of it is missing.
    """
    for name in ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"):
        if not (FOLDER / name).is_file():
            raise CourseError(
                f"The pocket BERT has lost its file {FOLDER / name}.",
                "Restore it with `git checkout course/models/weights/bert`, or train it again: `course author pretrain bert`",
            )
    return FOLDER


def load_bert(tier: Literal["pocket", "full"] = "pocket") -> tuple[PreTrainedTokenizerBase, BertForPreTraining]:
    """The tokenizer and the model, in eval mode and float32, on the CPU.

    Args:
        tier: "pocket" is the embedded model; "full" is bert-base-uncased, from the cache of Hugging Face or the network.

    Raises:
        CourseError: a file is missing or damaged, or bert-base-uncased cannot be had.
    """
    if tier not in ("pocket", "full"):
        raise CourseError(f"There is no tier {tier!r} of BERT.", 'Say "pocket" or "full".')
    where = bert_folder() if tier == "pocket" else FULL
    try:
        tokenizer = BertTokenizer.from_pretrained(where)
        with _no_bar(tier == "pocket"):  # 2.5 MB are read at once
            opened: Any = BertForPreTraining.from_pretrained(where, output_loading_info=True)
    except Exception as error:  # transformers, safetensors, tokenizers and the network each raise their own types
        cure = (
            "Restore the folder with `git checkout course/models/weights/bert`."
            if tier == "pocket"
            else 'Connect once to the network so that it can be fetched (440 MB), or use load_bert("pocket").'
        )
        raise CourseError(f"{where} does not open as a BERT: {type(error).__name__}: {error}", cure) from error
    model, report = opened
    if report["missing_keys"]:
        raise CourseError(
            f"{where}/model.safetensors lacks {len(report['missing_keys'])} weights, {min(report['missing_keys'])} among them.",
            "Restore the folder with `git checkout course/models/weights/bert`.",
        )
    return tokenizer, model.float().eval()


@contextmanager
def _no_bar(quiet: bool) -> Iterator[None]:
    """Where `quiet`: transformers shows no progress bar meanwhile."""
    shown = logging.is_progress_bar_enabled()
    if quiet and shown:
        logging.disable_progress_bar()
    try:
        yield
    finally:
        if quiet and shown:
            logging.enable_progress_bar()
