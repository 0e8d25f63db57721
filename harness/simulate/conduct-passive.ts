import type { JobSpec } from "../../engine/cluster/job-spec.ts";
import type { SimulatedCluster } from "../../engine/simulation/cluster.ts";
import { FaultInjector } from "./fault-injector.ts";
import type { PassiveProtection } from "./protection.ts";
import type { RunWatch } from "./run-watch.ts";
import { JOB_ID, RESUMED_ID } from "./simulated-job.ts";

/** Once all faults are over, a job must end within this: more than all time limits of cluster and job together, in the slowest world, µs. */
const LIVENESS_US = 180_000_000;
/** Zombies and requests that are under way when the job has ended may still do harm for so long, µs. */
const AFTERMATH_US = 100_000;
/** What the tasks' counters say is waited for so long, µs. */
const COUNTERS_US = 2_000_000;
const MAX_NAMED_TASKS = 12;
const SAVEPOINT = "kept/savepoint";

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
  takeSavepoint(cluster, protection);
  drainLater(cluster, protection);
  let id = JOB_ID;
  const hasEnded = () => client.hasEnded(id) || client.refusals.length > 0;
  let quietUs = 0;
  let problem: string | null = null;
  for (;;) {
    quietUs = Math.max(quietUs, injector.healedUs);
    const isOverdue = () => universe.nowUs > Math.max(quietUs, injector.healedUs) + LIVENESS_US;
    cluster.runUntil(() => hasEnded() || isOverdue(), "end of the job");
    if (!hasEnded()) problem = whoWaits(cluster);
    if (problem !== null || id === RESUMED_ID || !hasStopped(cluster, protection)) break;
    id = RESUMED_ID;
    watch.meet("resumed");
    client.submit({ ...job, jobId: RESUMED_ID, restoreFrom: SAVEPOINT, bounded: true }, workers);
  }
  injector.stop();
  const untilUs = Math.max(injector.healedUs, universe.nowUs) + AFTERMATH_US;
  if (problem === null) cluster.runUntil(() => universe.nowUs >= untilUs, "the end of all faults");
  count(cluster, injector, watch);
  return problem;
}

/** Asks for the drawn savepoint when the job has run for a while. */
function takeSavepoint({ client, universe }: SimulatedCluster, { savepoint }: PassiveProtection): void {
  if (savepoint === null) return;
  const { delayUs, stop } = savepoint;
  const ask = () => {
    if (client.hasEnded(JOB_ID)) return;
    const runs = client.stateOf(JOB_ID)?.state === "running";
    if (runs) client.send({ type: "savepoint", jobId: JOB_ID, folder: SAVEPOINT, stop });
    else universe.queue.at(universe.nowUs + delayUs + 1_000, ask);
  };
  universe.queue.at(universe.nowUs + delayUs, ask);
}

/** Tells the job to finish at the drawn time, whatever it is doing then. */
function drainLater({ client, universe }: SimulatedCluster, { drainAfterUs }: PassiveProtection): void {
  if (drainAfterUs === undefined) return;
  const ask = () => {
    // The one that goes on from its savepoint may be there already: it is not the one that is meant.
    if (client.hasEnded(JOB_ID)) return;
    if (client.stateOf(JOB_ID) !== null) client.send({ type: "drain", jobId: JOB_ID });
    else universe.queue.at(universe.nowUs + 1_000, ask);
  };
  universe.queue.at(universe.nowUs + drainAfterUs, ask);
}

/** The savepoint that the job was to stop with is complete: whatever became of the job then, another one can go on from there. */
function hasStopped({ client }: SimulatedCluster, { savepoint }: PassiveProtection): boolean {
  return savepoint?.stop === true && client.savepoints.some(({ failure }) => failure === undefined);
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
  const refused = client.savepoints.filter(({ failure }) => failure !== undefined).length;
  watch.meet("savepoint", client.savepoints.length - refused);
  watch.meet("savepointRefused", refused);
  const endedEarly = client.states.some(({ state }) => state === "failing" || state === "cancelling");
  const drained = client.states.findIndex(({ state }) => state === "draining");
  watch.meet("drained", drained >= 0 && client.states.some(({ state }) => state === "finished") ? 1 : 0);
  const after = drained < 0 ? [] : client.states.slice(drained);
  watch.meet("struckDraining", after.filter(({ state }) => state === "restarting").length);
  watch.meet("resolved", endedEarly && journal("transactionsLeft") === 0 ? 1 : 0);
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
  const state = client.states.at(-1) ?? null;
  const phase = client.phases.at(-1);
  const sinceUs = universe.nowUs - (state?.atUs ?? 0);
  client.send({ type: "counters", jobId: state?.jobId ?? JOB_ID });
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
