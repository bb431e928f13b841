// Wide tables scroll inside a box that the theme makes once the page is there; the keyboard has to reach it.
new MutationObserver(() => {
  document.querySelectorAll(".md-typeset__scrollwrap:not([tabindex])").forEach((box) => box.setAttribute("tabindex", "0"));
}).observe(document.documentElement, { childList: true, subtree: true });
