import { unreachable } from "../../base/assert.ts";
import type { Random } from "../../base/random.ts";
import type { SimulatedCluster } from "../../engine/simulation/cluster.ts";
import type { SimulatedProcess } from "../../engine/simulation/process.ts";
import type { LinkFault } from "./protection.ts";
import type { RunWatch } from "./run-watch.ts";

const COORDINATOR = "coordinator";
/** No replica is lost by them, however many there are. */
const HARMLESS = ["partition", "partition", "slow"] as const;
/** They cost replicas of the victim's worker, as its death would. */
const HARMFUL = ["reset", "reset", "isolated"] as const;
const MAX_HARMLESS = 3;
const MAX_CHOICE = 1_000;

/** `harmful` faults that replicas pay for, and some that only take time; `latest`: events from the deployment to the last of them. */
export function drawLinkFaults(random: Random, harmful: number, latest: number): readonly LinkFault[] {
  const pick = <T>(...choices: readonly T[]): T => choices[random.below(choices.length)]!;
  const draw = (kind: LinkFault["kind"]): LinkFault => ({
    kind,
    after: random.below(latest),
    victim: random.below(MAX_CHOICE),
    other: random.below(MAX_CHOICE),
    way: pick("both", "there", "back"),
    // Longer than the silence after which a worker is given up, or of any length.
    lengthUs: kind === "isolated" ? pick(1_300_000, 2_500_000) : pick(2_000, 20_000, 200_000, 2_500_000),
    delayUs: pick(1_000, 5_000, 50_000),
  });
  return [
    ...Array.from({ length: harmful }, () => draw(pick(...HARMFUL))),
    ...Array.from({ length: random.below(MAX_HARMLESS + 1) }, () => draw(pick(...HARMLESS))),
  ];
}

/** Lets one strike a worker of `victims` and another one, or the coordinator. */
export function strikeLink(
  cluster: SimulatedCluster,
  victims: readonly SimulatedProcess[],
  fault: LinkFault,
  watch: RunWatch,
): void {
  const live = victims.filter(({ alive }) => alive);
  const victim = live[fault.victim % Math.max(1, live.length)];
  const others = [...cluster.processes.values()].filter((process) => {
    return process.alive && process !== victim && process.name.startsWith("worker");
  });
  const other = others[fault.other % Math.max(1, others.length)];
  if (victim === undefined || other === undefined) return;
  const { network } = cluster;
  const { partitions } = network;
  const far = fault.kind === "isolated" ? COORDINATOR : other.name;
  const ways = [
    ...(fault.way === "back" ? [] : [[victim.name, far] as const]),
    ...(fault.way === "there" ? [] : [[far, victim.name] as const]),
  ];
  switch (fault.kind) {
    case "reset":
      watch.meet("linkReset", network.breakConnections(victim.name, far) > 0 ? 1 : 0);
      return;
    case "partition":
    case "isolated":
      for (const [from, to] of ways) partitions.cut(from, to, fault.lengthUs);
      return;
    case "slow":
      for (const [from, to] of ways) partitions.slow(from, to, fault.delayUs, fault.lengthUs);
      return;
    default:
      unreachable(fault.kind, "link fault");
  }
}

/** What came of all of them. */
export function countLinkFaults({ network, universe }: SimulatedCluster, watch: RunWatch): void {
  const { held, heldOneWay, delayed } = network.partitions;
  watch.meet("linkCut", held);
  watch.meet("linkCutOneWay", heldOneWay);
  watch.meet("linkSlow", delayed);
  const givenUp = universe.journal.filter(({ event, facts }) => {
    return event === "workerLost" && String(facts.why).startsWith("no sign of life");
  });
  watch.meet("replicaGivenUp", givenUp.length);
}
