import { sessionDrift } from "../../analyze/session-drift.ts";
import type { RunResult } from "../../sweep/model.ts";
import { integer, latencyMs, significant } from "../format.ts";
import { html, type Markup } from "./markup.ts";

/** Above this chance of a trend by nothing, none is claimed. */
const SIGNIFICANCE = 0.05;

/** Whether machine and results held still while the campaign went on: the canary, and the order of the runs. Null: nothing tells. */
export function stabilityNote(results: readonly RunResult[]): Markup | null {
  const sentences = [canarySentence(results), driftSentence(results)].filter((text) => text !== null);
  return sentences.length === 0 ? null : html`<p class="soft">${sentences.join(" ")}</p>`;
}

function canarySentence(results: readonly RunResult[]): string | null {
  const runs = results.filter(({ run }) => run.cell.canary === true);
  if (runs.length === 0) return null;
  const p50s = runs
    .flatMap(({ state, latencyUs }) => (state === "valid" && latencyUs.p50 !== null ? [latencyUs.p50] : []))
    .sort((a, b) => a - b);
  const of = `${integer(p50s.length)} of ${integer(runs.length)} runs valid`;
  const level = p50s.length === 0 ? "" : `, p50 from ${latencyMs(p50s[0]!)} to ${latencyMs(p50s.at(-1)!)}`;
  return `Canary, a bare echo that runs none of the code under test and is in no table of results: ${of}${level}.`;
}

function driftSentence(results: readonly RunResult[]): string | null {
  const drift = sessionDrift(results);
  if (drift === null) return null;
  const { change, p, runs } = drift;
  const chance = `Mann–Kendall p ${p < 0.001 ? "< 0.001" : `= ${p.toFixed(3)}`}, ${integer(runs)} runs`;
  if (p >= SIGNIFICANCE) return `Order of the runs: no trend of the median latency over the session (${chance}).`;
  const direction = change > 0 ? "rose" : "fell";
  return `Order of the runs: the median latency ${direction} by ${significant(100 * Math.abs(change))} % over the session (${chance}). Random blocks keep it out of comparisons between cells; levels are less certain.`;
}
