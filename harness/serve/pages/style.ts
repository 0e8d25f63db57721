import { STYLE } from "../../report/html/style.ts";

/** The style sheet of the served pages: that of the report, and what only they have. */
export const PAGES_STYLE = `${STYLE}
body > header.top { max-width: none; padding: 0; border-bottom: 1px solid var(--rule); }
header.top nav { max-width: 78rem; margin: 0 auto; padding: 0.7rem 1.25rem; display: flex; flex-wrap: wrap; gap: 0.2rem 1.4rem; align-items: baseline; }
header.top a { text-decoration: none; padding: 0.15rem 0; }
header.top a:hover, header.top a[aria-current] { text-decoration: underline; text-underline-offset: 0.3em; }
header.top strong { letter-spacing: -0.01em; }
header.top .where { margin-left: auto; overflow-wrap: anywhere; font-size: 0.85rem; }
header.top + main { padding-top: 2rem; }
.lead { margin-bottom: 1.6rem; }
.state.running { color: var(--paper); background: var(--ink); }
.state.finished { color: var(--soft); background: var(--panel); border: 1px solid var(--rule); }
.state.interrupted { color: var(--warn); background: var(--warn-bg); }
.state.unreadable { color: var(--bad); background: var(--bad-bg); }
.campaigns { list-style: none; padding: 0; margin: 1.2rem 0; border-top: 1px solid var(--rule); }
.campaigns > li { max-width: none; border-bottom: 1px solid var(--rule); padding: 0.85rem 0; display: grid; grid-template-columns: 7.5rem minmax(12rem, 20rem) 1fr auto; gap: 0.15rem 1.4rem; align-items: baseline; }
.campaigns h2 { border: 0; margin: 0; padding: 0; font-size: 1.02rem; overflow-wrap: anywhere; }
.campaigns p { margin: 0; font-size: 0.9rem; max-width: none; }
.campaigns .when, .campaigns .soft { font-size: 0.84rem; }
.campaigns .counts { font-size: 0.88rem; font-variant-numeric: tabular-nums; text-align: right; }
.campaigns .lines { font-variant-numeric: tabular-nums; }
.actions { display: flex; flex-wrap: wrap; gap: 0.6rem 0.8rem; margin: 1rem 0 1.4rem; align-items: center; }
.button, button { font: inherit; font-size: 0.94rem; font-weight: 600; color: var(--paper); background: var(--ink); border: 1px solid var(--ink); border-radius: 4px; padding: 0.4rem 0.95rem; text-decoration: none; cursor: pointer; }
.button.plain { color: var(--ink); background: none; border-color: var(--faint); }
.button:hover, button:hover { opacity: 0.88; }
form.row { display: flex; flex-wrap: wrap; gap: 0.6rem 0.9rem; align-items: end; margin: 1rem 0; }
label { font-size: 0.84rem; color: var(--soft); display: grid; gap: 0.2rem; min-width: 0; max-width: 100%; }
label.check { display: flex; align-items: center; gap: 0.4rem; color: var(--ink); font-size: 0.92rem; }
fieldset { border: 0; padding: 0; margin: 0; display: flex; flex-wrap: wrap; gap: 0.3rem 1.2rem; flex-basis: 100%; }
legend { font-size: 0.84rem; color: var(--soft); padding: 0; margin-bottom: 0.2rem; }
select, input[type="text"], input[type="password"] { font: inherit; font-size: 0.94rem; color: var(--ink); background: var(--paper); border: 1px solid var(--soft); border-radius: 4px; padding: 0.38rem 0.5rem; max-width: 100%; width: 24rem; }
.live { border: 1px solid var(--rule); border-top: 4px solid var(--ink); border-radius: 4px; background: var(--panel); padding: 0.9rem 1.1rem 1.1rem; margin: 1.4rem 0; }
.live h2 { border: 0; margin: 0 0 0.2rem; padding: 0; font-size: 1.05rem; overflow-wrap: anywhere; }
.live p { margin: 0.2rem 0; max-width: none; }
.live progress { width: 100%; height: 0.55rem; margin: 0.5rem 0 0.3rem; accent-color: var(--good); display: block; }
.banner { border-left: 4px solid var(--bad); background: var(--bad-bg); color: var(--bad); border-radius: 3px; padding: 0.5rem 0.8rem; font-weight: 600; }
.live .banner { margin: 0.7rem 0; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.6rem, 1fr)); gap: 0.8rem; margin: 0.9rem 0 0; padding: 0; }
.tiles > div { border-top: 1px solid var(--faint); padding-top: 0.45rem; }
.tiles dt { font-size: 0.82rem; }
.tiles dd { font-size: 1.35rem; font-weight: 600; letter-spacing: -0.015em; font-variant-numeric: tabular-nums; white-space: nowrap; line-height: 1.35; }
.tiles svg { display: block; width: 100%; height: 2.1rem; color: var(--soft); margin-top: 0.15rem; border-bottom: 1px solid var(--faint); }
.cpu { display: grid; grid-template-columns: max-content minmax(4rem, 22rem) max-content; gap: 0.2rem 0.9rem; align-items: center; font-size: 0.88rem; margin: 0.5rem 0 0; font-variant-numeric: tabular-nums; }
.cpu meter { width: 100%; height: 0.8rem; }
.cpu dd { display: contents; }
.cpu dd > span { text-align: right; }
.live h3 { margin: 1.2rem 0 0; font-size: 0.88rem; }
.run-name { display: block; min-width: 7.5rem; }
.files { font-variant-numeric: tabular-nums; }
.files td:first-child { overflow-wrap: anywhere; }
.pages { display: flex; gap: 1.2rem; align-items: baseline; }
.tone-good { color: var(--good); font-weight: 600; } .tone-bad { color: var(--bad); font-weight: 600; } .tone-warn { color: var(--warn); }
.judged { display: inline-block; min-width: 11rem; }
.crumbs { font-size: 0.88rem; color: var(--soft); overflow-wrap: anywhere; }
@media (max-width: 60rem) {
  .campaigns > li { grid-template-columns: 1fr auto; }
  .campaigns > li > * { grid-column: 1 / -1; text-align: left; }
  .campaigns .badge { grid-column: 2; grid-row: 1; justify-self: end; }
  .campaigns .name { grid-column: 1; grid-row: 1; }
  .campaigns .counts { text-align: left; display: flex; gap: 1.2rem; }
}
@media (max-width: 40rem) {
  header.top nav { padding: 0.6rem 0.9rem; }
  header.top .where { margin-left: 0; flex-basis: 100%; }
  .tiles { grid-template-columns: 1fr 1fr; }
  .tiles dd { margin-bottom: 0; }
  select, input[type="text"], input[type="password"] { width: 100%; }
  form.row label { flex-basis: 100%; }
}
@media (prefers-reduced-motion: no-preference) { .button, button { transition: opacity 0.12s; } }
`;
