"""Hooks of MkDocs: formulas become MathML, which browsers draw themselves, long paths in a table may break where a reader
would break them, and the search gets a name for screen readers.

No script, and nothing from a network.
"""

import html
import re
from typing import Any

from latex2mathml.converter import convert

FORMULA = re.compile(
    r'<(span|div) class="arithmatex">(?:\\\((?P<inline>.*?)\\\)|\\\[(?P<display>.*?)\\\])</\1>', re.DOTALL
)
CELL = re.compile(r"(?<=<td>)<code>([^<]{20,})</code>")
LONG = 40  # characters of LaTeX; a longer formula may be wider than a phone, so it scrolls by itself, with the keyboard too
SEARCH = '<div class="md-search" data-md-component="search" role="dialog"'


def on_page_content(content: str, **_: Any) -> str:
    """The page's HTML with MathML in place of LaTeX, and with places to break a path that fills a cell."""
    return CELL.sub(_breakable, FORMULA.sub(_mathml, content))


def on_post_page(output: str, **_: Any) -> str:
    """The whole page; the theme's search is a dialog without a name."""
    return output.replace(SEARCH, SEARCH + ' aria-label="Search"')


def _breakable(found: re.Match[str]) -> str:
    path = re.sub(r"(/|::)", r"\1<wbr>", found[1])
    return f"<code>{path}</code>"


def _mathml(found: re.Match[str]) -> str:
    display = found["display"] is not None
    latex = html.unescape(found["display"] if display else found["inline"]).strip()
    drawn = convert(latex, display="block" if display else "inline")
    if display:
        return f'<div class="formula" tabindex="0">{drawn}</div>'
    return f'<span class="formula" tabindex="0">{drawn}</span>' if len(latex) > LONG else drawn
