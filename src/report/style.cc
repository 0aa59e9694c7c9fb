#include "report/style.h"

namespace durward {

std::string_view report_style() {
  return R"css(
:root { --ink: #1b1f24; --quiet: #57606a; --rule: #d0d7de; --ground: #f6f8fa; --blue: #0072b2;
  --orange: #d55e00; --green: #00714f; --purple: #a3507f; --brown: #8a6100; --black: #1b1f24; }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; max-width: 64rem; padding: 2rem 1.5rem 4rem; color: var(--ink);
  background: #fff; font: 1rem/1.5 system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: 1rem; background: #fff; padding: .5rem; }
header .meta { margin: 0; color: var(--quiet); }
h1 { margin: 0 0 1rem; font-size: 1.7rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 0 0 .8rem; font-size: 1.3rem; }
h3 { margin: 1.6rem 0 .5rem; font-size: 1.02rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; margin: 0 0 1.5rem; padding: .5rem 0;
  list-style: none; border-block: 1px solid var(--rule); font-size: .92rem; }
a { color: #0550ae; }
:focus-visible { outline: 3px solid #0550ae; outline-offset: 2px; }
section { margin: 0 0 2.2rem; padding-top: .6rem; }
section + section { border-top: 1px solid var(--rule); padding-top: 1.6rem; }
p { margin: .4rem 0 .7rem; max-width: 46rem; }
.note, small, figcaption { color: var(--quiet); }
.note, figcaption { font-size: .9rem; }
small { font-size: .82em; white-space: nowrap; }
code { font: .88em ui-monospace, "DejaVu Sans Mono", Consolas, monospace; overflow-wrap: anywhere; }
ul { padding-left: 1.2rem; margin: .4rem 0 .7rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: .8rem;
  margin-bottom: .8rem; }
.tile { padding: .8rem 1rem; background: var(--ground); border-left: 4px solid var(--blue); }
.tile strong { display: block; font-size: 1.5rem; line-height: 1.3; }
.tile span { color: var(--quiet); font-size: .9rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(22rem, 1fr)); gap: .8rem; }
.card { padding: .2rem 1rem .5rem; border: 1px solid var(--rule); border-radius: 6px; }
.card h3 { margin-top: .7rem; }
.banner { padding: .6rem 1rem; border: 1px solid; border-left-width: 6px; font-weight: 600;
  max-width: none; }
.banner.passed { border-color: var(--green); background: #eef8f3; }
.banner.failed { border-color: #b3261e; background: #fdf0ef; }
.banner.unproven { border-color: var(--brown); background: #fdf7e7; }
.banner.neutral { border-color: var(--rule); font-weight: 400; }
.scroll { overflow-x: auto; margin: .8rem 0 1rem; }
table { border-collapse: collapse; font-size: .92rem; min-width: 50%; }
caption { text-align: left; padding: 0 0 .35rem; color: var(--quiet); }
th, td { padding: .32rem .9rem .32rem 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--rule); }
thead th { border-bottom: 2px solid var(--ink); vertical-align: bottom; }
tbody th { font-weight: 500; min-width: 8.5rem; }
tbody th code { overflow-wrap: break-word; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
tdtbody th code { overflow-wrap: break-word; }
.number { white-space: nowrap; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.2rem; margin: .3rem 0 1rem; }
dt { color: var(--quiet); }
dd { margin: 0; max-width: 44rem; overflow-wrap: anywhere; }
figure { margin: 1rem 0 1.4rem; }
figcaption { max-width: 46rem; }
figure > svg { display: block; width: 100%; height: auto; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.4rem; list-style: none; margin: .3rem 0;
  padding: 0; font-size: .9rem; }
.swatch { width: 30px; height: 14px; margin-right: .45rem; vertical-align: -2px; }
.pairs { display: grid; grid-template-columns: repeat(auto-fill, minmax(16rem, 1fr)); gap: 1rem; }
.pair { margin: 0; padding: .8rem; border: 1px solid var(--rule); border-radius: 6px; }
.sides { display: grid; grid-template-columns: 1fr 1fr; gap: .5rem; margin-bottom: .5rem; }
.side img { width: 100%; display: block; }
.no-picture { display: block; padding: 2.5rem 0; text-align: center; background: var(--ground);
  color: var(--quiet); font-size: .85rem; }
.side .name { font-size: .8rem; overflow-wrap: anywhere; }
svg text { font: 12px system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; fill: var(--ink); }
svg .tick { fill: var(--quiet); }
svg .axis { font-size: 13px; }
svg .strong { font-weight: 700; }
.grid { stroke: #e4e8ec; }
.frame { fill: none; stroke: #8c959f; }
.axis-line { stroke: #57606a; }
.diagonal { stroke: #8c959f; stroke-dasharray: 1 4; stroke-linecap: round; }
.leader { stroke: #c3cad1; stroke-dasharray: 2 3; }
.whisker { stroke: var(--ink); stroke-width: 1.2; }
.unsupported { fill: url(#sparse); }
.curve { fill: none; stroke-width: 2.2; stroke-linejoin: round; }
.s0 { stroke: var(--black); }
.s1 { stroke: var(--blue); stroke-dasharray: 9 4; }
.s2 { stroke: var(--orange); stroke-dasharray: 3 3; }
.s3 { stroke: var(--green); stroke-dasharray: 11 4 3 4; }
.s4 { stroke: var(--purple); stroke-dasharray: 14 5; }
.s5 { stroke: var(--brown); stroke-dasharray: 6 3 2 3 2 3; }
.bar { stroke: var(--blue); stroke-width: 1; }
.bar.int8 { fill: var(--blue); }
.bar.float { fill: url(#hatched); stroke: #57606a; }
.memory { fill: #cfe3f2; stroke: var(--blue); stroke-width: .6; }
.mark { stroke-width: 1.8; }
.mark.int8 { fill: var(--blue); stroke: var(--blue); }
.mark.float { fill: #fff; stroke: var(--ink); }
.patterns { position: absolute; width: 0; height: 0; }
@media print {
  @page { margin: 16mm 14mm; }
  html { font-size: 9.5pt; }
  body { max-width: none; padding: 0; }
  nav, .skip { display: none; }
  h2, h3, caption { break-after: avoid; }
  figure, .card, .tile, .pair, tr, .banner { break-inside: avoid; }
  figure > svg { max-height: 95mm; }
  .scroll { overflow: visible; }
  .cards { grid-template-columns: 1fr 1fr; }
  .pairs { grid-template-columns: repeat(3, 1fr); }
  th, td { padding-right: .5rem; }
  a { color: inherit; text-decoration: none; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
)css";
}

Html svg_patterns() {
  return Html::markup(
      "<svg class=\"patterns\" aria-hidden=\"true\"><defs>"
      "<pattern id=\"hatched\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" "
      "patternTransform=\"rotate(45)\"><rect width=\"6\" height=\"6\" fill=\"#fff\"/>"
      "<line x1=\"0\" y1=\"0\" x2=\"0\" y2=\"6\" stroke=\"#6e7781\" stroke-width=\"2\"/></pattern>"
      "<pattern id=\"sparse\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\" "
      "patternTransform=\"rotate(45)\"><line x1=\"0\" y1=\"0\" x2=\"0\" y2=\"8\" "
      "stroke=\"#d0d7de\" stroke-width=\"2\"/></pattern></defs></svg>\n");
}

}  // namespace durward
