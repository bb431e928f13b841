"""Questions of project 06: what is in an encoding."""

from typing import Any

from course.checks.probes import probe

ENCODING = ("input_ids", "token_type_ids", "attention_mask")


@probe
def encoding_of(result: Any) -> dict[str, Any]:
    """Those of BERT's three inputs that a dict, or a tokenizer's `BatchEncoding`, has; others are left out."""
    return {name: result[name] for name in ENCODING if name in result.keys()}  # noqa: SIM118 - only keys() is sure to be there
