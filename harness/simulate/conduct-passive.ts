import type { JobSpec } from "../../engine/cluster/job-spec.ts";
import type { SimulatedCluster } from "../../engine/simulation/cluster.ts";
import { FaultInjector } from "./fault-injector.ts";
import type { PassiveProtection } from "./protection.ts";
import type { RunWatch } from "./run-watch.ts";
import { JOB_ID } from "./simulated-job.ts";

/** Once all faults are over, a job must end within this: more than all time limits of cluster and job together, in the slowest world, µs. */
const LIVENESS_US = 180_000_000;
/** Zombies and requests that are under way when the job has ended may still do harm for so long, µs. */
const AFTERMATH_US = 100_000;
/** What the tasks' counters say is waited for so long, µs. */
const COUNTERS_US = 2_000_000;
const MAX_NAMED_TASKS = 12;

/** Runs a job through its faults until it has ended and all faults are over. Returns who waits for what when it does not end, or null. */
export function conductPassive(
  cluster: SimulatedCluster,
  job: JobSpec,
  workers: number,
  protection: PassiveProtection,
  watch: RunWatch,
): string | null {
  const { client, universe } = cluster;
  const injector = new FaultInjector(cluster, protection, watch);
  client.submit(job, workers);
  const hasEnded = () => client.hasEnded(JOB_ID) || client.refusals.length > 0;
  let quietUs = 0;
  let problem: string | null = null;
  for (;;) {
    quietUs = Math.max(quietUs, injector.healedUs);
    const isOverdue = () => universe.nowUs > Math.max(quietUs, injector.healedUs) + LIVENESS_US;
    cluster.runUntil(() => hasEnded() || isOverdue(), "end of the job");
    if (!hasEnded()) problem = whoWaits(cluster);
    break;
  }
  injector.stop();
  const untilUs = Math.max(injector.healedUs, universe.nowUs) + AFTERMATH_US;
  if (problem === null) cluster.runUntil(() => universe.nowUs >= untilUs, "the end of all faults");
  count(cluster, injector, watch);
  return problem;
}

function count({ universe, client, network, log, store }: SimulatedCluster, injector: FaultInjector, watch: RunWatch) {
  const journal = (event: string, fits: (facts: Readonly<Record<string, unknown>>) => boolean = () => true) =>
    universe.journal.filter((entry) => entry.event === event && fits(entry.facts)).length;
  const restarts = client.states.filter(({ state }) => state === "restarting").length;
  const attempts = client.states.filter(({ state }) => state === "deploying");
  const restored = attempts.filter((state) => state.restored !== undefined).length;
  watch.meet("restart", restarts);
  watch.meet("restored", restored);
  watch.meet("restoredTwice", Math.max(0, restored - 1));
  watch.meet("fromScratch", attempts.filter((state, index) => index > 0 && state.restored === undefined).length);
  watch.meet(
    "silentWorker",
    journal("workerLost", ({ why }) => String(why).startsWith("no sign of life")),
  );
  watch.meet(
    "brokenPeers",
    journal("taskFailed", ({ failure }) => messageOf(failure).includes("the connection to worker")),
  );
  watch.meet(
    "tornFound",
    journal("checkpointDamaged") +
      journal("localCopyUnusable") +
      journal("taskFailed", ({ failure }) => isDamage(failure)),
  );
  watch.meet(
    "fallback",
    journal("checkpointDamaged", ({ usedInstead }) => usedInstead !== null),
  );
  watch.meet("noneUsable", client.states.at(-1)?.failure?.message.includes("no checkpoint of job") === true ? 1 : 0);
  watch.meet("transactionLost", client.states.at(-1)?.failure?.code === "transaction-lost" ? 1 : 0);
  watch.meet("storeRefused", store.counts.failedWrites);
  watch.meet("storeSlow", store.counts.slow);
  watch.meet(
    "checkpointTimeout",
    journal("checkpointAborted", ({ reason }) => String(reason).startsWith("not complete")),
  );
  watch.meet("checkpointAborted", journal("checkpointAborted"));
  watch.meet(
    "tooManyFailures",
    client.states.filter(({ failure }) => / checkpoints have failed /.test(failure?.message ?? "")).length,
  );
  watch.meet("heldMessages", network.partitions.held);
  watch.meet("logOut", log.outages.met);
  watch.meet("exhausted", client.states.some(({ failure }) => /given up after/.test(failure?.message ?? "")) ? 1 : 0);
  if (injector.struck > 1) watch.meet("severalFaults");
  const hasShown = (
    ["restart", "checkpointAborted", "heldMessages", "logOut", "standstill", "silentWorker"] as const
  ).some((state) => watch.met.has(state));
  if (injector.struck > 0 && (hasShown || journal("workerLost") > 0)) watch.meet("effectiveFault");
}

function messageOf(failure: unknown): string {
  return typeof failure === "object" && failure !== null && "message" in failure ? String(failure.message) : "";
}

function isDamage(failure: unknown): boolean {
  return typeof failure === "object" && failure !== null && "code" in failure && failure.code === "snapshot-corrupt";
}

/** Of a job that does not end: its state, its checkpoints, its workers, what its tasks count. */
function whoWaits(cluster: SimulatedCluster): string {
  const { client, universe } = cluster;
  const state = client.stateOf(JOB_ID);
  const phase = client.phases.at(-1);
  const sinceUs = universe.nowUs - (state?.atUs ?? 0);
  client.send({ type: "counters", jobId: JOB_ID });
  const giveUpUs = universe.nowUs + COUNTERS_US;
  client.counters = null;
  cluster.runUntil(() => client.counters !== null || universe.nowUs > giveUpUs, "counters");
  const tasks = (client.counters ?? [])
    .slice(0, MAX_NAMED_TASKS)
    .map(({ vertex, subtask, worker, recordsIn, recordsOut, custom }) => {
      return `${vertex}/${subtask} on ${worker ?? "?"}: ${recordsIn} in, ${recordsOut} out, ${custom["unacknowledged"] ?? 0} unacknowledged`;
    });
  return [
    `does not end: ${state?.state ?? "unknown"} (attempt ${state?.attempt ?? 0}) for ${Math.round(sinceUs / 1000)} ms,`,
    `latest checkpoint ${phase?.checkpointId ?? "none"} ${phase?.phase ?? ""},`,
    `workers ${client.workers.join(", ") || "none"}; ${tasks.length === 0 ? "no counters" : tasks.join("; ")}`,
  ].join(" ");
}
