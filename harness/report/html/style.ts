/** The page's only style sheet. Light and dark follow the reader's system; no web fonts, nothing from elsewhere. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fdfdfc; --ink: #1f2328; --soft: #59636e; --rule: #dfe2e6; --panel: #f4f5f4; --faint: #d0d4d9; --edge: #7d8690; --ground: var(--paper);
  --focus: #0b5cad; --shade: rgb(31 35 40 / 14%);
  --good: #0a6b4a; --good-bg: #e2f3ec; --warn: #8a5a00; --warn-bg: #fbf0d9; --bad: #a3260f; --bad-bg: #fbe6e1;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --paper: #15181c; --ink: #e3e6ea; --soft: #9aa4af; --rule: #2f353c; --panel: #1c2025; --faint: #3d454e; --edge: #6b7580; --ground: var(--paper);
    --focus: #7db8f5; --shade: rgb(0 0 0 / 55%);
    --good: #6fd3ab; --good-bg: #12322a; --warn: #e8bd6b; --warn-bg: #362a12; --bad: #ff9d88; --bad-bg: #3d1c15;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 3.4rem; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  font-kerning: normal; text-rendering: optimizeLegibility;
}
main, .title { max-width: 78rem; margin: 0 auto; padding: 2.5rem 1.25rem 5rem; }
.title { padding-bottom: 0; }
.contents + main { padding-top: 0; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; border-radius: 2px; }
.skip { position: absolute; left: 1rem; top: -4rem; z-index: 4; padding: 0.5rem 0.9rem; background: var(--paper); border: 1px solid var(--rule); }
.skip:focus { top: 0.6rem; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.contents { position: sticky; top: 0; z-index: 3; background: var(--paper); border-bottom: 1px solid var(--rule); margin-top: 1.2rem; }
.contents ul { display: flex; gap: 0 1.3rem; max-width: 78rem; margin: 0 auto; padding: 0 1.25rem; overflow-x: auto; list-style: none; scrollbar-width: none; }
.contents a { display: block; padding: 0.65rem 0; font-size: 0.88rem; color: var(--soft); text-decoration: none; white-space: nowrap; }
.contents a:hover { color: var(--ink); text-decoration: underline; text-underline-offset: 0.3em; }
.contents a:focus-visible { outline-offset: -2px; }
h1 { font-size: 1.9rem; line-height: 1.2; letter-spacing: -0.015em; margin: 0 0 0.35rem; text-wrap: balance; }
h2 { font-size: 1.35rem; line-height: 1.3; letter-spacing: -0.008em; margin: 3rem 0 0.8rem; padding-top: 1.2rem; border-top: 1px solid var(--rule); }
main > h2:first-child { border-top: 0; margin-top: 0.9rem; padding-top: 0.6rem; }
h3 { font-size: 1rem; margin: 1.8rem 0 0.5rem; }
h1, h2, h3, p, li, caption { overflow-wrap: anywhere; }
p, li { max-width: 44rem; text-wrap: pretty; }
p { margin: 0.5rem 0 0.9rem; }
ul { padding-left: 1.2rem; }
a { color: inherit; }
code, .mono { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: 0.86em; }
.soft { color: var(--soft); }
.lead { color: var(--soft); margin: 0; }
.verdict { border-left: 4px solid; border-radius: 3px; padding: 0.9rem 1.1rem; margin: 0.8rem 0 1.4rem; }
.verdict p { margin: 0.15rem 0; }
.verdict strong { font-size: 1.12rem; }
.valid { color: var(--good); background: var(--good-bg); border-color: var(--good); }
.invalid { color: var(--warn); background: var(--warn-bg); border-color: var(--warn); }
.failed { color: var(--bad); background: var(--bad-bg); border-color: var(--bad); }
.state { display: inline-block; padding: 0.02rem 0.5rem; border-radius: 1rem; font-size: 0.8rem; font-weight: 600; }
.scroll { margin: 0.8rem 0 1.6rem; }
.scroll, .plot {
  overflow-x: auto;
  background:
    linear-gradient(to right, var(--ground) 40%, transparent) left / 2.5rem 100% no-repeat local,
    linear-gradient(to left, var(--ground) 40%, transparent) right / 2.5rem 100% no-repeat local,
    linear-gradient(to right, var(--shade), transparent) left / 0.7rem 100% no-repeat scroll,
    linear-gradient(to left, var(--shade), transparent) right / 0.7rem 100% no-repeat scroll;
}
table { border-collapse: collapse; font-size: 0.85rem; line-height: 1.4; min-width: 100%; }
caption { text-align: left; color: var(--soft); font-size: 0.82rem; padding-bottom: 0.45rem; }
caption > span { display: block; position: sticky; left: 0; width: min(60rem, calc(100vw - 2.6rem)); }
th, td { padding: 0.4rem 0.55rem 0.4rem 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
th { font-weight: 600; text-align: left; white-space: nowrap; border-bottom: 1.5px solid var(--soft); }
tbody th { font-weight: inherit; white-space: normal; border-bottom: 1px solid var(--rule); }
thead th { vertical-align: bottom; }
td.n, th.n { text-align: right; padding-left: 0.4rem; }
td.n + td.t, th.n + th.t { padding-left: 1.1rem; }
td.n { font-variant-numeric: tabular-nums lining-nums; white-space: nowrap; }
.word { white-space: nowrap; }
td .small, th .small { font-weight: 400; font-size: 0.76rem; color: var(--soft); }
th.over { text-align: center; font-weight: 500; color: var(--soft); border-bottom: 1px solid var(--rule); }
thead tr:first-child td { border-bottom: 0; }
th.g, td.g { padding-left: 1.1rem; }
tr.first td, tr.first th { border-top: 2px solid var(--faint); }
tbody tr.first:first-child td, tbody tr.first:first-child th { border-top: 0; }
strong.wrong { color: var(--bad); }
a.state { text-decoration: none; }
.answers { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: 1rem; margin: 1.4rem 0 2rem; }
.answer { border: 1px solid var(--rule); border-top: 4px solid; border-radius: 4px; background: var(--panel); padding: 0.8rem 1.1rem; }
.answer h2 { border: 0; margin: 0; padding: 0; font-size: 1.05rem; }
.answer h2 .soft { font-weight: 400; font-size: 0.9rem; }
.answer p { margin: 0.25rem 0; font-size: 0.92rem; }
.answer .big { display: flex; flex-wrap: wrap; gap: 0 1.4rem; font-size: 1.05rem; margin: 0.2rem 0; }
.answer .big b { font-size: 1.7rem; letter-spacing: -0.02em; font-variant-numeric: tabular-nums; }
.answer .run b { font-weight: 600; }
.answer .run i { font-style: normal; }
.answer .big i { font-style: normal; color: var(--soft); }
figure { margin: 1.8rem 0 2.6rem; position: relative; }
.head { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: baseline; gap: 0.3rem 1.5rem; margin-bottom: 0.5rem; }
figure h3 { margin: 0; }
.frame { position: relative; }
.plot svg { width: 100%; height: auto; display: block; min-width: 60rem; font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
figcaption { color: var(--soft); font-size: 0.85rem; line-height: 1.5; margin-top: 0.5rem; max-width: 46rem; text-wrap: pretty; overflow-wrap: anywhere; }
.tools { display: flex; gap: 0.3rem; margin-left: auto; }
.tools button { min-width: 1.9rem; padding: 0.15rem 0.5rem; font: inherit; font-size: 0.8rem; line-height: 1.3; color: var(--soft); background: var(--paper); border: 1px solid var(--edge); border-radius: 4px; cursor: pointer; }
.tools button:hover { color: var(--ink); border-color: var(--soft); }
.cursor { pointer-events: none; }
.cursor path { stroke: var(--soft); stroke-dasharray: 2 3; }
.cursor circle { fill: var(--ink); stroke: var(--paper); stroke-width: 1.5; }
.cursor .meant { fill: var(--focus); stroke-width: 2; }
.tip { position: absolute; z-index: 2; max-width: min(20rem, 90vw); padding: 0.4rem 0.65rem; pointer-events: none; font-size: 0.78rem; line-height: 1.45; color: var(--ink); background: var(--panel); border: 1px solid var(--edge); border-radius: 4px; box-shadow: 0 2px 8px var(--shade); font-variant-numeric: tabular-nums; }
.tip div { display: flex; justify-content: space-between; gap: 1.2rem; }
.tip span, .tip .other b { color: var(--soft); font-weight: 400; }
.tip b { text-align: right; overflow-wrap: anywhere; }
.drag { position: absolute; top: 0; bottom: 0; pointer-events: none; background: var(--focus); opacity: 0.16; }
.values-table { max-height: 24rem; overflow-y: auto; }
details { --ground: var(--panel); border: 1px solid var(--rule); border-radius: 5px; margin: 0.7rem 0; background: var(--panel); }
summary { cursor: pointer; padding: 0.65rem 0.95rem; font-weight: 600; overflow-wrap: anywhere; }
summary h3 { display: inline; margin: 0; }
summary:hover { background: var(--rule); }
summary .soft { font-weight: 400; }
details > div { padding: 0.1rem 0.95rem 0.8rem; }
dl { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: 0.25rem 1.2rem; font-size: 0.9rem; margin: 0.6rem 0 1rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 48rem) {
  .scroll tr > :first-child:not([colspan]) { position: sticky; left: 0; z-index: 1; background: var(--ground); max-width: 8.5rem; overflow-wrap: break-word; padding-right: 0.6rem; }
  .scroll tr > :first-child.n { position: static; }
  .tools button { min-width: 2.4rem; min-height: 2.2rem; }
}
@media (max-width: 40rem) {
  main, .title { padding-top: 1.4rem; }
  main, .title, .contents ul { padding-left: 0.9rem; padding-right: 0.9rem; }
  caption > span { width: calc(100vw - 1.8rem); }
  details caption > span { width: calc(100vw - 4.2rem); }
  details > div { padding: 0.1rem 0.8rem 0.7rem; }
  h1 { font-size: 1.6rem; }
  .answer .big span { display: flex; justify-content: space-between; align-items: baseline; width: 100%; }
  .answer .big b { font-size: 1.45rem; order: 1; }
  .word { white-space: normal; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: 0.45rem; }
}
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
@media print {
  body { font-size: 10pt; }
  .contents, .skip, .tools, .tip, .cursor { display: none; }
  .scroll, .plot { overflow: visible; background: none; }
  .plot svg { min-width: 0; }
  table { font-size: 7pt; }
  td .small, th .small, caption { font-size: 6.5pt; }
  th, td.n { white-space: normal; padding-right: 0.25rem; }
  th.g, td.g { padding-left: 0.4rem; }
  h2, h3, summary { break-after: avoid; }
  figure, tr, .answer, .verdict { break-inside: avoid; }
  .verdict, .state, .answer { print-color-adjust: exact; }
}
`;
