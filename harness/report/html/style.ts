/** The page's only style sheet. Light and dark follow the reader's system; no web fonts, nothing from elsewhere. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fdfdfc; --ink: #1f2328; --soft: #59636e; --rule: #dfe2e6; --panel: #f4f5f4; --faint: #d0d4d9;
  --good: #0a6b4a; --good-bg: #e2f3ec; --warn: #8a5a00; --warn-bg: #fbf0d9; --bad: #a3260f; --bad-bg: #fbe6e1;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15181c; --ink: #e3e6ea; --soft: #9aa4af; --rule: #2f353c; --panel: #1c2025; --faint: #3d454e;
    --good: #6fd3ab; --good-bg: #12322a; --warn: #e8bd6b; --warn-bg: #362a12; --bad: #ff9d88; --bad-bg: #3d1c15;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  font-kerning: normal; text-rendering: optimizeLegibility;
}
main { max-width: 78rem; margin: 0 auto; padding: 2.5rem 1.25rem 5rem; }
h1 { font-size: 1.9rem; line-height: 1.2; letter-spacing: -0.015em; margin: 0 0 0.35rem; text-wrap: balance; }
h2 { font-size: 1.3rem; line-height: 1.3; letter-spacing: -0.008em; margin: 3.2rem 0 0.8rem; padding-top: 1.1rem; border-top: 1px solid var(--rule); }
h3 { font-size: 1rem; margin: 1.8rem 0 0.5rem; }
p, li { max-width: 44rem; text-wrap: pretty; }
p { margin: 0.5rem 0 0.9rem; }
ul { padding-left: 1.2rem; }
a { color: inherit; }
code, .mono { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: 0.86em; }
.soft { color: var(--soft); }
.lead { color: var(--soft); margin: 0 0 1.6rem; }
.verdict { border-left: 4px solid; border-radius: 3px; padding: 0.9rem 1.1rem; margin: 1.4rem 0; }
.verdict p { margin: 0.15rem 0; }
.verdict strong { font-size: 1.12rem; }
.valid { color: var(--good); background: var(--good-bg); border-color: var(--good); }
.invalid { color: var(--warn); background: var(--warn-bg); border-color: var(--warn); }
.failed { color: var(--bad); background: var(--bad-bg); border-color: var(--bad); }
.state { display: inline-block; padding: 0.02rem 0.5rem; border-radius: 1rem; font-size: 0.8rem; font-weight: 600; }
.scroll { overflow-x: auto; margin: 0.8rem 0 1.4rem; }
.scroll:focus-visible { outline: 2px solid var(--soft); outline-offset: 2px; }
table { border-collapse: collapse; font-size: 0.85rem; line-height: 1.4; min-width: 100%; }
caption { width: min(60rem, calc(100vw - 3rem)); text-align: left; color: var(--soft); font-size: 0.82rem; padding-bottom: 0.45rem; }
th, td { padding: 0.4rem 0.55rem 0.4rem 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
th { font-weight: 600; text-align: left; white-space: nowrap; border-bottom: 1.5px solid var(--soft); }
td.n, th.n { text-align: right; padding-left: 0.4rem; }
td.n { font-variant-numeric: tabular-nums lining-nums; white-space: nowrap; }
.word { white-space: nowrap; }
td .small { font-size: 0.76rem; color: var(--soft); }
th.over { text-align: center; font-weight: 500; color: var(--soft); border-bottom: 1px solid var(--rule); }
thead tr:first-child td { border-bottom: 0; }
th.g, td.g { padding-left: 1.1rem; }
tr.first td { border-top: 2px solid var(--faint); }
tbody tr.first:first-child td { border-top: 0; }
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
figure { margin: 1.2rem 0 2rem; overflow-x: auto; }
figure svg { width: 100%; height: auto; display: block; min-width: 38rem; }
figcaption { color: var(--soft); font-size: 0.85rem; margin-top: 0.5rem; max-width: 60rem; }
details { border: 1px solid var(--rule); border-radius: 5px; margin: 0.7rem 0; background: var(--panel); }
summary { cursor: pointer; padding: 0.65rem 0.95rem; font-weight: 600; }
summary .soft { font-weight: 400; }
details > div { padding: 0.1rem 0.95rem 0.8rem; }
dl { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: 0.25rem 1.2rem; font-size: 0.9rem; margin: 0.6rem 0 1rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 40rem) {
  main { padding: 1.4rem 0.9rem 3rem; }
  h1 { font-size: 1.5rem; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: 0.45rem; }
}
@media print { details { break-inside: avoid; } .scroll, figure { overflow: visible; } }
`;
