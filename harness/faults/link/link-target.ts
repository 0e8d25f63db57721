import { FaultlineError } from "../../../base/errors.ts";
import { ZONE_END } from "../zone-target.ts";
import type { FlowPattern } from "./rules.ts";

/** One end as written: `worker/2`, `zone:a`, `coordinator`, `broker`; `*` alone stands for everybody. */
const END = String.raw`(?:worker\/[1-9]\d{0,3}|${ZONE_END}|coordinator|broker)`;
const ENDS = `(?:${END}(?:,${END})*)`;
/** All links of some processes, or those between two sets of them, both ways or one way. */
export const LINK_TARGET = new RegExp(String.raw`^(?:${ENDS}|${ENDS}(?:<->|->)(?:${ENDS}|\*)|\*->${ENDS})$`);
export const LINK_TARGET_HINT =
  "a link is written worker/1<->worker/2 (both ways), worker/1->broker (one way) or worker/1 (all its links)\nends are worker/N, zone:NAME (its workers), coordinator, broker, several with commas; * is everybody";

/** A link as written, taken apart. */
export interface LinkTarget {
  readonly left: readonly string[] | "*";
  readonly right: readonly string[] | "*";
  readonly isOneWay: boolean;
}

/** The parts of a target; `config-invalid` when it is none, or names an end on both sides. */
export function parseLinkTarget(target: string): LinkTarget {
  const compact = target.replaceAll(" ", "");
  if (!LINK_TARGET.test(compact)) throw invalid(target, "is not a link");
  const [left = "", right = "*"] = compact.split(/<->|->/);
  const parsed = { left: endsOf(left), right: endsOf(right), isOneWay: /(?<!<)->/.test(compact) };
  const both = parsed.right === "*" ? [] : parsed.right.filter((end) => parsed.left.includes(end));
  if (both.length > 0) throw invalid(target, `has ${both[0]} on both sides`);
  return parsed;
}

/** The process that a link's target names first: whoever tells a story of the fault begins with it. */
export function firstEndOf(target: string): string {
  const { left, right } = parseLinkTarget(target);
  return (left === "*" ? right : left)[0]!;
}

/** Every end that the target names. */
export function endsOfTarget(target: string): readonly string[] {
  const { left, right } = parseLinkTarget(target);
  return [left, right].flatMap((ends) => (ends === "*" ? [] : ends));
}

/** Does one side stand for everybody, the broker too? */
export function meansEverybody(target: string): boolean {
  const { left, right } = parseLinkTarget(target);
  return left === "*" || right === "*";
}

/** The flows that a target means; `namesOf` gives the processes that now stand at an end. */
export function flowsOf(target: string, namesOf: (end: string) => readonly string[]): readonly FlowPattern[] {
  const { left, right, isOneWay } = parseLinkTarget(target);
  const named = (ends: LinkTarget["left"]) => (ends === "*" ? ends : [...new Set(ends.flatMap(namesOf))]);
  const there: FlowPattern = { from: named(left), to: named(right) };
  return isOneWay ? [there] : [there, { from: there.to, to: there.from }];
}

function endsOf(text: string): readonly string[] | "*" {
  return text === "*" ? text : text.split(",");
}

function invalid(target: string, what: string): FaultlineError {
  return new FaultlineError("config-invalid", `the target "${target}" ${what}`, {
    hint: LINK_TARGET_HINT.replace("\n", "; "),
  });
}
