import type { RunResult, RunState, VerifySummary } from "../../sweep/model.ts";
import { integer, onlyReplays, promisedView, sumVerified, verifiedText } from "../format.ts";
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
  const [committed, others] = [true, false].map((wanted) =>
    results.filter((result) => (result.committed !== undefined) === wanted),
  ) as [RunResult[], RunResult[]];
  const verified = [
    ...(committed.length === 0 ? [] : [committedText(committed)]),
    ...(others.length === 0 ? [] : [`verified: ${checkedText(others, onlyReplays(others))}`]),
  ];
  const note = worst === "valid" ? null : html`<p>Only valid runs enter the figures and the medians.</p>`;
  const planted = results.some((result) => result.planted !== undefined)
    ? html`<p><strong>PLANTED: errors were put between the system and the verifier on purpose (verify.plant). This report tests the verifier; it says nothing about the system.</strong></p>`
    : null;
  return html`<div class="verdict ${worst}">${planted}<p><strong>${title}</strong></p>${verified.map((line) => html`<p>${line}</p>`)}${worst === "valid" ? null : reasons(results)}${note}</div>`;
}

/** The promise first, then what readers see that do not wait for the commit. */
function committedText(results: readonly RunResult[]): string {
  const promised = results.map((result) => ({ verified: promisedView(result) }));
  const early = sumVerified(results);
  const others =
    early === null
      ? ""
      : `. Readers of uncommitted data: ${integer(early.lost)} lost, ${integer(early.duplicate)} replayed, ${integer(early.wrong + early.unexpected)} wrong`;
  return `verified, exactly-once: ${checkedText(promised, false)}${others}`;
}

function checkedText(results: readonly { readonly verified: VerifySummary | null }[], replayed: boolean): string {
  const sum = sumVerified(results);
  if (sum === null) return "nothing";
  const unchecked = results.filter(({ verified }) => verified === null).length;
  const missing = unchecked === 0 ? "" : ` (${unchecked} of ${runs(results.length)} could not be verified)`;
  return `${verifiedText(sum, replayed)}${missing}`;
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
