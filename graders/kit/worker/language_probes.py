"""Questions of project 06: what is in an encoding, and how a tokenizer is set."""

from typing import Any

from course.checks.probes import probe

ENCODING = ("input_ids", "token_type_ids", "attention_mask")


@probe
def encoding_of(result: Any) -> dict[str, Any]:
    """Those of BERT's three inputs that a dict, or a tokenizer's `BatchEncoding`, has; others are left out."""
    return {name: result[name] for name in ENCODING if name in result.keys()}  # noqa: SIM118 - only keys() is sure to be there


@probe
def tokenizer_settings_of(tokenizer: Any) -> dict[str, Any]:
    """What a tokenizer was given with and has to keep: its sides, its limit, its words and special tokens."""
    kept = {name: getattr(tokenizer, name) for name in ("padding_side", "truncation_side", "model_max_length")}
    return {**kept, "pieces": len(tokenizer), "special": sorted(tokenizer.all_special_tokens)}
