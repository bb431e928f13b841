"""The one environment of all pages: jinja2, which escapes every text that a template puts into a page.

Before that each text is cut, and cleaned of what no page may hold, whoever wrote it and wherever the template puts it.
"""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

LETTERS = 4000  # of one text, unless the page has a number of its own


@pass_context
def cleaned(context: Context, value: Any) -> Any:
    """A value as it is put into a page: text without control characters, and not longer than `letters`."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value  # numbers, and what a template has made
    most = context.get("letters", LETTERS)
    kept = value if len(value) <= most else value[: most - 1] + "…"
    return "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in kept)


PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    finalize=cleaned,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
PAGES.filters["px"] = "{:.1f}".format
