import type { RunResult, RunState } from "../../sweep/model.ts";
import { thresholdsSummary } from "../threshold-lines.ts";
import { verifiedLines } from "../verified-lines.ts";
import { html, type Markup } from "./markup.ts";

/** The first thing to read: were the outputs right, and may these numbers be trusted? */
export function verdictBox(results: readonly RunResult[]): Markup {
  if (results.length === 0) return html`<div class="verdict invalid"><p><strong>No run has ended</strong></p></div>`;
  const count = (state: RunState) => results.filter((result) => result.state === state).length;
  const [valid, invalid, failed] = [count("valid"), count("invalid"), count("failed")];
  const worst: RunState = failed > 0 ? "failed" : invalid > 0 ? "invalid" : "valid";
  const title = {
    valid: results.length === 1 ? "The run is valid" : `All ${valid} runs are valid`,
    invalid: `${invalid} of ${runs(results.length)} ${invalid === 1 ? "is" : "are"} invalid`,
    failed: `${failed} of ${runs(results.length)} failed`,
  }[worst];
  const note = worst === "valid" ? null : html`<p>Only valid runs enter the figures and the medians.</p>`;
  const planted = results.some((result) => result.planted !== undefined)
    ? html`<p><strong>PLANTED: errors were put between the system and the verifier on purpose (verify.plant). This report tests the verifier; it says nothing about the system.</strong></p>`
    : null;
  return html`<div class="verdict ${worst}">${planted}<p><strong>${title}</strong></p>${[...verifiedLines(results), thresholdsSummary(results)].map((line) => (line === null ? null : html`<p>${line}</p>`))}${worst === "valid" ? null : reasons(results)}${note}</div>`;
}

/** Each run that is not valid with its first reason, a few of them. */
function reasons(results: readonly RunResult[]): Markup {
  const bad = results.filter(({ state }) => state !== "valid");
  const line = ({ run, reasons: [first] }: RunResult) =>
    html`<li><a href="#run-${run.id}">${run.id}</a>: ${first === undefined ? "no reason given" : `${first.code}: ${first.message}`}</li>`;
  const rest = bad.length > MOST_REASONS ? html`<li>and ${bad.length - MOST_REASONS} more</li>` : null;
  return html`<ul>${bad.slice(0, MOST_REASONS).map(line)}${rest}</ul>`;
}

const MOST_REASONS = 5;

function runs(count: number): string {
  return `${count} run${count === 1 ? "" : "s"}`;
}
