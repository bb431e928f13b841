"""The looks of a student's page: light and dark by the reader's own setting, narrow screens, and paper."""

STYLE = """\
:root { color-scheme: light dark; --ink: #1d2733; --soft: #5b6775; --line: #d9dfe6; --paper: #fff; --back: #f4f6f8;
  --right: #1a7f4b; --wrong: #b3382c; --open: #8a6100; --first: #1f6fb2; --second: #c2570c; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9ee; --soft: #9aa7b4; --line: #36424e; --paper: #1c242c; --back: #12181e;
  --right: #5cc98f; --wrong: #f08a7e; --open: #dcb04f; --first: #6db3f2; --second: #f5a15c; } }
body { margin: 0; background: var(--back); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
header { display: flex; justify-content: space-between; align-items: end; gap: 1rem; margin-bottom: 1rem; }
h1 { font-size: 1.5rem; line-height: 1.2; margin: 0; } h2 { font-size: 1.05rem; margin: 0; font-family: ui-monospace, monospace; }
p { margin: .4rem 0; } .soft { color: var(--soft); } .total { font-size: 1.5rem; white-space: nowrap; }
section { background: var(--paper); border: 1px solid var(--line); border-radius: 8px; padding: .8rem 1rem; margin: .8rem 0; }
.head { display: flex; justify-content: space-between; gap: 1rem; }
meter { width: 100%; height: .6rem; } .checks { list-style: none; padding: 0; margin: .4rem 0 0; }
.checks > li { padding: .35rem 0 .35rem 1.6rem; border-top: 1px solid var(--line); position: relative; overflow-wrap: anywhere; }
.mark { position: absolute; left: 0; width: 1.3rem; text-align: center; } .points { float: right; padding-left: 1rem; }
.passed > .mark { color: var(--right); } .failed > .mark { color: var(--wrong); } .open > .mark { color: var(--open); }
pre { white-space: pre-wrap; margin: .4rem 0; padding: .5rem .7rem; background: var(--back); border-radius: 6px; font-size: .9em; }
.note { border-left: 4px solid var(--open); } .reason { border-left: 4px solid var(--wrong); }
footer { color: var(--soft); font-size: .8rem; margin: 1.5rem 0; overflow-wrap: anywhere; }

.shown { display: flex; flex-wrap: wrap; gap: .2rem 2rem; align-items: flex-start; clear: both; }
figure { margin: .7rem 0 .5rem; min-width: 0; max-width: 100%; }
figcaption { font-weight: 600; font-size: .9rem; margin-bottom: .4rem; }
.small { font-size: .85rem; color: var(--soft); margin: .4rem 0 0; max-width: 33rem; }
.scroll { overflow-x: auto; max-width: 100%; }

.chart { flex: 1 1 17rem; max-width: 25rem; }
.chart > svg { display: block; width: 100%; height: auto; font: 11px system-ui, sans-serif; }
.chart text { fill: var(--soft); } .grid { stroke: var(--line); }
.bar { stroke: var(--ink); stroke-width: 1.7; stroke-dasharray: .1 4; stroke-linecap: round; }
.l0, .l1, .l2, .l3 { fill: none; stroke-width: 2; stroke-linejoin: round; } .between { fill: var(--second); opacity: .1; }
.l0 { stroke: var(--first); } .l1 { stroke: var(--second); stroke-dasharray: 6 4; }
.l2 { stroke: var(--open); stroke-dasharray: 2 3; } .l3 { stroke: var(--soft); stroke-dasharray: 9 3 2 3; }
.m0 { fill: var(--first); } .m1 { fill: var(--second); } .m2 { fill: var(--open); } .m3 { fill: var(--soft); }
.key { display: flex; flex-wrap: wrap; gap: .1rem 1.1rem; font-size: .85rem; margin: .3rem 0 0; }
.key svg { width: 30px; height: 10px; vertical-align: middle; margin-right: .35rem; }

table { border-collapse: collapse; font-size: .8rem; } .matrix { font-size: .75rem; overflow-wrap: normal; }
.matrix.few, .matrix.wide { font-size: .8rem; }
.matrix th, .matrix td { text-align: center; padding: 0; min-width: 1.28rem; height: 1.28rem; line-height: 1.1; }
.matrix td { border: 1px solid var(--line); font-variant-numeric: tabular-nums;
  print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.matrix .hit { background: color-mix(in srgb, var(--right) var(--s), transparent); }
.matrix .miss { background: color-mix(in srgb, var(--wrong) var(--s), transparent); font-weight: 700; }
.matrix th { font-weight: 500; color: var(--soft); } .matrix .corner { border: 0; }
.matrix th[scope=row] { text-align: right; padding-right: .4rem; white-space: nowrap;
  position: sticky; left: 0; background: var(--paper); }
.matrix.few th, .matrix.few td { min-width: 2rem; height: 2rem; } .matrix.wide td { min-width: 3rem; height: 1.9rem; }
.matrix.wide th[scope=col] { width: 3.6rem; padding: .1rem .2rem .25rem; vertical-align: bottom; }
.words th, .words td { text-align: left; vertical-align: top; padding: .25rem .9rem .25rem 0; border-top: 1px solid var(--line); }
.words th { border-top: 0; color: var(--soft); font-weight: 500; }

.gallery { display: flex; flex-wrap: wrap; gap: .5rem; list-style: none; padding: 0; margin: 0; }
.gallery li { width: 5.5rem; font-size: .78rem; line-height: 1.25; text-align: center; }
.gallery img { display: block; width: 100%; height: auto; margin: 0 0 .2rem; box-sizing: border-box;
  border-radius: 4px; border: 2px solid var(--line); }
.gallery .tiny { image-rendering: pixelated; }
.gallery .bad img { border-color: var(--wrong); } .bad b { color: var(--wrong); } .good b { color: var(--right); }
@media (max-width: 40rem) { .matrix.wide { font-size: .7rem; } .matrix.wide td { min-width: 2rem; }
  .matrix.wide th[scope=col] { width: auto; } }
@media print { body { background: none; } main { max-width: none; margin: 0; }
  li, figure { break-inside: avoid; } .head { break-after: avoid; } }
"""
