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
const MAX_CHOICE = 1_000;

/** Faults of the kinds `allowed`, one or several, the later ones often in the midst of what the first has caused. */
export function drawFaults(random: Random, allowed: readonly FaultKind[]): readonly DrawnFault[] {
  const kinds = KINDS.filter((kind) => allowed.includes(kind));
  if (kinds.length === 0) return [];
  const count = 1 + random.below(MAX_FAULTS);
  return Array.from({ length: count }, (_, index) => drawFault(random, kinds, index === 0 ? MOMENTS : LATER_MOMENTS));
}

function drawFault(random: Random, kinds: readonly FaultKind[], moments: readonly Moment[]): DrawnFault {
  const pick = <T>(...choices: readonly T[]): T => choices[random.below(choices.length)]!;
  const kind = pick(...kinds);
  return {
    kind,
    trigger: drawTrigger(random, pick(...moments)),
    victim: random.below(MAX_CHOICE),
    other: random.below(MAX_CHOICE),
    otherEnd: pick("worker", "worker", "coordinator", kind === "partition" ? "log" : "worker"),
    ofCoordinator: random.below(4) === 0,
    way: pick("both", "there", "back"),
    store: pick("hangs", "fails", "tears"),
    lengthUs: lengthOf(random, kind),
  };
}

function drawTrigger(random: Random, on: Moment): FaultTrigger {
  // Between two powers of ten, so that short times are as likely as long ones.
  const latestUs = 10 ** (1 + random.below(on === "running" ? 5 : 3));
  const nth = on === "running" || on === "last" ? 1 : 1 + random.below(3);
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
