import type { Random } from "../../base/random.ts";
import type { DrawnFault, FaultKind, FaultTrigger, Moment } from "./protection.ts";

/** Kinds as often as they are drawn. */
const KINDS: readonly FaultKind[] = [
  "kill",
  "kill",
  "kill",
  "pause",
  "pause",
  "reset",
  "partition",
  "partition",
  "store",
  "broker",
];

const MOMENTS: readonly Moment[] = [
  "running",
  "running",
  "running",
  "triggered",
  "triggered",
  "acknowledged",
  "acknowledged",
  "completed",
  "last",
  "last",
  "deploying",
];

/** After the first fault: what it has brought about. */
const LATER_MOMENTS: readonly Moment[] = ["struck", "struck", "restoring", "restoring", "deploying", ...MOMENTS];

const MAX_FAULTS = 4;
/** Until some checkpoint is written and read again, µs. */
const LONG_ENOUGH_US = 1_000_000;
const MAX_CHOICE = 1_000;

/** Faults of the kinds `allowed`, one or several, the later ones often in the midst of what the first has caused. */
export function drawFaults(random: Random, allowed: readonly FaultKind[]): readonly DrawnFault[] {
  const kinds = KINDS.filter((kind) => allowed.includes(kind));
  if (kinds.length === 0) return [];
  const count = 1 + random.below(MAX_FAULTS);
  const first = drawFault(random, kinds, MOMENTS, true);
  const later = Array.from({ length: count - 1 }, () => drawFault(random, kinds, LATER_MOMENTS, false));
  const faults = [first, ...later];
  const isSeen = !allowed.includes("kill") || faults.every(({ kind, store }) => kind !== "store" || store !== "tears");
  if (isSeen) return faults;
  // Damaged files show when somebody reads them.
  return [...faults, { ...drawFault(random, ["kill"], ["completed"], false) }];
}

function drawFault(
  random: Random,
  kinds: readonly FaultKind[],
  moments: readonly Moment[],
  isSoon: boolean,
): DrawnFault {
  const pick = <T>(...choices: readonly T[]): T => choices[random.below(choices.length)]!;
  const kind = pick(...kinds);
  const store = pick("hangs", "fails", "tears");
  return {
    kind,
    trigger: drawTrigger(random, pick(...moments), isSoon),
    victim: random.below(MAX_CHOICE),
    other: random.below(MAX_CHOICE),
    otherEnd: pick("worker", "worker", "coordinator", kind === "partition" ? "log" : "worker"),
    ofCoordinator: random.below(4) === 0,
    way: pick("both", "there", "back"),
    store,
    lengthUs: kind === "store" && store === "tears" ? LONG_ENOUGH_US : lengthOf(random, kind),
  };
}

/** `isSoon`: short runs reach it too. */
function drawTrigger(random: Random, on: Moment, isSoon: boolean): FaultTrigger {
  // Up to a power of ten, so that short times are as likely as long ones.
  const latestUs = 10 ** (1 + random.below(on === "running" ? (isSoon ? 4 : 5) : 3));
  const nth = isSoon || on === "running" || on === "last" ? 1 : 1 + random.below(3);
  return { on, nth, delayUs: random.below(latestUs) };
}

/** Shorter and longer than what makes a silent worker a lost one. */
function lengthOf(random: Random, kind: FaultKind): number {
  const pick = (...choices: readonly number[]): number => choices[random.below(choices.length)]!;
  switch (kind) {
    case "kill":
    case "reset":
      return 0;
    case "pause":
      return pick(5_000, 100_000, 1_200_000, 1_600_000, 3_000_000);
    case "partition":
      return pick(2_000, 50_000, 400_000, 1_300_000, 2_500_000);
    case "store":
      return pick(2_000, 20_000, 100_000, 600_000);
    case "broker":
      return pick(1_000, 20_000, 200_000, 800_000);
  }
}
