import { Random } from "../../base/random.ts";
import type { JobSpec } from "../../engine/cluster/job-spec.ts";
import type { Failure, TaskPlacement } from "../../engine/cluster/messages.ts";
import { placeTasks } from "../../engine/cluster/placement.ts";
import { planOfJob } from "../../engine/cluster/plan-of-job.ts";
import { byName } from "../../engine/cluster/worker-pools.ts";
import type { JobFactory } from "../../engine/dataflow/graph.ts";
import { instanceOf } from "../../engine/replication/subtask.ts";
import type { SimulatedCluster } from "../../engine/simulation/cluster.ts";
import type { SimulatedProcess } from "../../engine/simulation/process.ts";
import { conductPassive } from "./conduct-passive.ts";
import type { DrawnRun } from "./draw-run.ts";
import { countLinkFaults, strikeLink } from "./link-faults.ts";
import type { LeaderStrike, ReplicatedProtection } from "./protection.ts";
import type { RunWatch } from "./run-watch.ts";
import { ELECTION, JOB_ID } from "./simulated-job.ts";

export interface Conducted {
  /** Workers with replicas that died on the way. */
  readonly killed: number;
  /** Who waits for what when the job does not end, or null. */
  readonly stuck: string | null;
}

/** Runs to the job's end, through its deaths and strikes. */
export function conductReplicated(
  cluster: SimulatedCluster,
  job: JobSpec,
  factory: JobFactory,
  run: DrawnRun,
  protection: ReplicatedProtection,
  watch: RunWatch,
): Conducted {
  const { recovery } = protection;
  if (recovery === null) {
    const killed = conductMasked(cluster, job, factory, run, protection, watch);
    countLinkFaults(cluster, watch);
    return { killed, stuck: null };
  }
  const { queue } = cluster.universe;
  const live = () => [...cluster.processes.values()].filter(({ name, alive }) => alive && name.startsWith("worker"));
  for (const one of protection.strikes) {
    queue.afterStep(queue.steps + 1 + one.after, () => strike(cluster, live(), one, watch));
  }
  for (const one of protection.links) {
    queue.afterStep(queue.steps + 1 + one.after, () => strikeLink(cluster, live(), one, watch));
  }
  const [lossAfter] = protection.killAfter;
  if (lossAfter !== undefined) {
    queue.afterStep(queue.steps + 1 + lossAfter, () => loseGroup(cluster, job, factory, run));
  }
  const stuck = conductPassive(cluster, job, run.workers, recovery, watch);
  countLostGroups(cluster, job, factory, watch);
  countLinkFaults(cluster, watch);
  const { journal } = cluster.universe;
  const isOfSpill = (failure: unknown) => (failure as Failure).code === "spill-failed";
  watch.meet(
    "spillFailed",
    journal.filter(({ event, facts }) => event === "taskFailed" && isOfSpill(facts.failure)).length,
  );
  const killed = journal.filter(({ event }) => event === "killed").length;
  return { killed, stuck };
}

/** What replicas alone survive. */
function conductMasked(
  cluster: SimulatedCluster,
  job: JobSpec,
  factory: JobFactory,
  { workers, worldSeed }: DrawnRun,
  { killAfter, strikes, links }: ReplicatedProtection,
  watch: RunWatch,
): number {
  const { client, universe } = cluster;
  const ended = () => client.hasEnded(JOB_ID) || client.refusals.length > 0;
  client.submit(job, workers);
  cluster.runUntil(() => ended() || client.stateOf(JOB_ID)?.state === "deploying", "deployment");
  const deployedAt = universe.queue.steps;
  const names = ended() ? [] : replicaWorkers(cluster, job, factory);
  const victims = names.map((name) => cluster.workers.find((worker) => worker.name === name)!);
  const random = new Random(worldSeed);
  let killed = 0;
  const kill = () => {
    const [victim] = victims.splice(random.below(victims.length), 1);
    victim?.kill();
    killed++;
  };
  const deaths = killAfter.map((after) => ({ after, happen: kill }));
  const others = strikes.map((one) => ({ after: one.after, happen: () => strike(cluster, victims, one, watch) }));
  const broken = links.map((one) => ({ after: one.after, happen: () => strikeLink(cluster, victims, one, watch) }));
  for (const { after, happen } of [...deaths, ...others, ...broken].toSorted((a, b) => a.after - b.after)) {
    cluster.runUntil(() => ended() || universe.queue.steps >= deployedAt + after, "what happens to a worker");
    if (ended()) break;
    happen();
  }
  cluster.runUntil(ended, "end of the job");
  return killed;
}

function strike(
  { election, log, universe }: SimulatedCluster,
  victims: readonly SimulatedProcess[],
  { kind, victim, lengthUs }: LeaderStrike,
  watch: RunWatch,
): void {
  const { orders } = watch;
  const live = victims.filter(({ alive }) => alive);
  const leaders = live.filter(({ name }) => orders.ledBy(name).length > 0);
  // Followers have little to lose.
  const worthwhile = victim % 4 > 0 && leaders.length > 0 ? leaders : live;
  const worker = worthwhile[victim % worthwhile.length];
  if (worker === undefined) return;
  if (kind === "session") {
    orders.onSessionLost(worker.name);
    election.loseSession(worker, lengthUs);
  } else if (kind === "contact") election.loseContact(worker, lengthUs);
  else if (kind === "pause") {
    const led = orders.ledBy(worker.name);
    worker.pause(lengthUs);
    // The election gives it up when its session is over, and it learns of that when it wakes.
    const awareUs = lengthUs - ELECTION.sessionUs;
    if (awareUs > 0) {
      universe.queue.at(universe.nowUs + ELECTION.sessionUs, () => election.loseSession(worker, awareUs));
    }
    universe.queue.at(universe.nowUs + lengthUs, () => {
      const left = orders.ledBy(worker.name);
      if (worker.alive && led.some((group) => !left.includes(group))) watch.meet("pausedPastSession");
    });
  } else {
    if (orders.ledBy(worker.name).length > 0) watch.meet("leaderCutOff");
    log.outages.cutOff(worker.name, lengthUs);
  }
}

/** Workers that run replicas only. They were given tasks in order of registration. */
function replicaWorkers(cluster: SimulatedCluster, job: JobSpec, factory: JobFactory): string[] {
  const workers = replicaPlaces(cluster, job, factory, Number.POSITIVE_INFINITY).map(({ worker }) => worker);
  return [...new Set(workers)];
}

/** All workers die that host replicas of some group of the first attempt; they host nothing else. */
function loseGroup(cluster: SimulatedCluster, job: JobSpec, factory: JobFactory, { worldSeed }: DrawnRun): void {
  const { client, processes } = cluster;
  const state = client.stateOf(JOB_ID);
  const deployed = client.states.find(({ state }) => state === "deploying");
  if (deployed === undefined || state?.state !== "running" || state.attempt !== deployed.attempt) return;
  const groups = [...Map.groupBy(replicaPlaces(cluster, job, factory, deployed.atUs), ({ group }) => group).values()];
  const victims = groups[worldSeed % Math.max(1, groups.length)] ?? [];
  for (const { worker } of victims) processes.get(worker)!.kill();
}

interface ReplicaPlace extends TaskPlacement {
  readonly group: string;
}

/** Where the replicas of the first attempt are, which was deployed at that time. */
function replicaPlaces(
  { universe }: SimulatedCluster,
  job: JobSpec,
  factory: JobFactory,
  deployedUs: number,
): readonly ReplicaPlace[] {
  const plan = planOfJob(factory(job.parameters), job);
  const registered = universe.journal.flatMap(({ event, facts, timeUs }) => {
    return event === "workerRegistered" && timeUs <= deployedUs ? [{ worker: String(facts.worker), address: "" }] : [];
  });
  const factors = new Map(plan.vertices.map(({ id, replicas }) => [id, replicas]));
  return placeTasks(plan, byName(registered)).flatMap((placement) => {
    const replicas = factors.get(placement.vertex)!;
    const group = `${placement.vertex}/${instanceOf(placement.subtask, replicas)}`;
    return replicas > 1 ? [{ ...placement, group }] : [];
  });
}

/** The first restart found groups without any replica alive. */
function countLostGroups(cluster: SimulatedCluster, job: JobSpec, factory: JobFactory, watch: RunWatch): void {
  const { client, processes } = cluster;
  const deployed = client.states.find(({ state }) => state === "deploying");
  const at = client.states.findIndex(({ state }) => state === "restarting");
  if (deployed === undefined || at < 0) return;
  const restartUs = client.states[at]!.atUs;
  const groups = Map.groupBy(replicaPlaces(cluster, job, factory, deployed.atUs), ({ group }) => group);
  const isDead = ({ worker }: ReplicaPlace) => processes.get(worker)!.diedUs <= restartUs;
  const lost = [...groups.values()].filter((places) => places.every(isDead)).length;
  watch.meet("groupLost", lost);
  const next = client.states.slice(at).find(({ state }) => state === "deploying");
  if (lost > 0 && next?.restored !== undefined) watch.meet("passiveRecovery");
}
