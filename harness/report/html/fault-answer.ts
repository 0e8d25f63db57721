import type { Censored, FaultEffect, FaultResult } from "../../faults/result.ts";
import type { RunResult } from "../../sweep/model.ts";
import { integer, length, promisedView } from "../format.ts";
import { lateness } from "./lateness.ts";
import { html, type Markup } from "./markup.ts";

interface Struck {
  readonly fault: FaultResult;
  readonly effect: FaultEffect;
}

/** What the faults of a cell's runs did, in one line of big figures and one of small ones; null when none had an effect that is known. */
export interface FaultAnswer {
  /** `kill worker/1`, or how many. */
  readonly title: string;
  readonly text: Markup;
}

/** Of several faults and repetitions the worst; of runs that are not valid only where none is. */
export function faultAnswer(results: readonly RunResult[]): FaultAnswer | null {
  const valid = results.filter(({ state }) => state === "valid");
  const runs = valid.length > 0 ? valid : results;
  const struck = runs.flatMap(({ faults }) =>
    (faults ?? []).flatMap((fault): Struck[] => {
      const { problem, effect } = fault;
      return problem === null && effect !== null ? [{ fault, effect }] : [];
    }),
  );
  if (struck.length === 0) return null;
  const kinds = new Set(struck.map(({ fault }) => `${fault.kind} ${fault.target}`));
  const [first] = struck as [Struck, ...Struck[]];
  return {
    title: kinds.size === 1 ? [...kinds][0]! : `${integer(kinds.size)} kinds of fault`,
    text: html`<p class="big">${[...silence(struck), ...back(struck), ...lost(runs)]}</p>
<p>${inTime(struck)}${before(struck)}${struck.length === 1 ? null : ` The worst of ${integer(struck.length)} faults in ${integer(runs.length)} ${runs.length === 1 ? "run" : "runs"}${kinds.size === 1 ? "" : `, silent for longest at ${longest(struck)}`}.`} <a href="#faults">What happened at ${first.fault.kind === "kill" ? "the kill" : "the fault"}</a></p>`,
  };
}

function silence(struck: readonly Struck[]): Markup[] {
  const gap = worst(struck.map(({ effect }) => effect.gap));
  return gap === null ? [] : [figure("no output for", gap)];
}

/** The fault with the longest gap. */
function longest(struck: readonly Struck[]): string {
  const gap = worst(struck.map(({ effect }) => effect.gap));
  const found = struck.find(({ effect }) => effect.gap === gap) ?? struck[0]!;
  return `${found.fault.kind} ${found.fault.target}`;
}

/** Caught up, and the bound kept again: the later of both. */
function back(struck: readonly Struck[]): Markup[] {
  const again = worst(struck.flatMap(({ effect }) => [effect.catchUp, effect.slo?.restored ?? null]));
  if (again === null) return [];
  return [
    again.censored
      ? figure("not in time again within", { ...again, censored: false })
      : figure("in time again after", again),
  ];
}

function lost(runs: readonly RunResult[]): Markup[] {
  const checked = runs.flatMap((run) => promisedView(run) ?? []);
  if (checked.length === 0) return [];
  const count = checked.reduce((sum, verified) => sum + verified.lost, 0);
  return [html`<span><b>${integer(count)}</b> <i>lost</i></span>`];
}

function figure(label: string, { ms, censored }: Censored): Markup {
  return html`<span><i>${label}</i> <b>${censored ? "> " : ""}${length(ms)}</b></span>`;
}

function inTime(struck: readonly Struck[]): string {
  const bounds = struck.flatMap(({ effect: { slo } }) => (slo === null ? [] : [slo.boundUs]));
  const most = lateness(Math.max(...bounds));
  return `In time: no more overdue than before the fault${bounds.length === 0 ? "" : `, and p99 at most ${most}`}.`;
}

function before(struck: readonly Struck[]): string {
  const latest = Math.max(...struck.map(({ effect }) => effect.after.maxUs ?? 0));
  const usual = struck[0]!.effect.before.p50Us;
  if (latest === 0 || usual === null) return "";
  return ` The latest output came ${lateness(latest)} late; the median before was ${lateness(usual)}.`;
}

/** The longest; one that was not over counts as longer than any that was. */
function worst(times: readonly (Censored | null)[]): Censored | null {
  const known = times.filter((time) => time !== null);
  const open = known.filter(({ censored }) => censored);
  const among = open.length > 0 ? open : known;
  return among.length === 0 ? null : among.reduce((most, time) => (time.ms > most.ms ? time : most));
}
