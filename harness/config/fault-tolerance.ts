import { z } from "zod";
import { MERGE_POLICIES } from "../../engine/cluster/job-spec.ts";
import { duration, size, wholeNumber } from "./fields.ts";

/** What the private ZooKeeper grants: two of its ticks at least. */
const MIN_SESSION_MS = 500;
const MAX_SESSION_MS = 60_000;

/** How a job survives the loss of its processes: settings of the bundled engine, and what the outputs are checked against. */

export const recovery = z
  .enum(["none", "scratch", "passive", "active"])
  .default("none")
  .describe(
    "When a worker is lost: none = the run fails; scratch = the job starts again from the beginning of its input; passive = from its last checkpoint; active = replicas of its tasks go on.",
  );

export const guarantee = z
  .enum(["at-most-once", "at-least-once", "exactly-once"])
  .default("at-least-once")
  .describe(
    "Delivery guarantee: what the engine promises and what the outputs are verified against. exactly-once: outputs are transactions, which readers of committed data see with the checkpoint; at-most-once: after a failure the job goes on at the end of its input.",
  );

export const checkpoints = z
  .strictObject({
    interval: duration(0, 86_400_000)
      .prefault("10s")
      .describe("From trigger to trigger; 0s: none but savepoints and the last one."),
    mode: z
      .enum(["aligned", "at-least-once", "stop-the-world"])
      .default("aligned")
      .describe(
        "aligned: inputs that have shown the barrier wait for the others; at-least-once: none waits; stop-the-world: sources stand still until all is stored.",
      ),
    timeout: duration(1, 86_400_000).prefault("60s").describe("A checkpoint that takes longer is aborted."),
    minPause: duration(0, 86_400_000)
      .prefault("0s")
      .describe("Least time from the end of one to the trigger of the next."),
    toleratedFailures: wholeNumber(0, 100)
      .default(3)
      .describe("So many may fail one after the other; one more fails the job."),
    retain: wholeNumber(1, 1000).default(1).describe("Complete checkpoints that are kept."),
    localCopies: z
      .boolean()
      .default(true)
      .describe("Workers keep a copy of what they saved last, so that survivors restore without the store."),
    transactionTimeout: duration(1000, 86_400_000)
      .prefault("5m")
      .describe("exactly-once: the broker aborts a transaction that is open for longer; must exceed any outage."),
  })
  .prefault({})
  .describe("Snapshots of the job's state, with recovery: passive.");

const replicas = () => wholeNumber(1, 4);

const kaZoo = z
  .strictObject({
    session: duration(MIN_SESSION_MS, MAX_SESSION_MS)
      .prefault("1500ms")
      .describe(
        "ZooKeeper session: a leader that is silent for longer, being paused or cut off, is deposed. One whose connections break is followed at once.",
      ),
    lease: duration(50, 3_600_000)
      .prefault("1s")
      .describe("A leader whose orders do not come back from the log for so long leaves it to another one."),
  })
  .prefault({})
  .describe("Settings of replication.merge: kaZoo.");

export const replication = z
  .strictObject({
    factor: replicas().default(2).describe("Replicas of every inner operator; sources and sinks have one."),
    vertices: z
      .record(z.string(), replicas())
      .default({})
      .describe("Other numbers of replicas, by operator: {counts: 3}. 1: this one has no replicas."),
    merge: z
      .enum(MERGE_POLICIES)
      .default("liveRobin")
      .describe(
        "How replicas deliver the same order: liveRobin = in turn, heartbeat by heartbeat; kaZoo = as a leader, elected through ZooKeeper, writes it into a log; timeBias = by event time, heartbeat by heartbeat; none = they do not: only to see what order costs.",
      ),
    unordered: z
      .boolean()
      .default(false)
      .describe(
        "Allows merge: none. Its replicas diverge wherever two channels meet: outputs are lost, repeated and wrong, which the report counts and does not hold against the run.",
      ),
    heartbeat: duration(1, 60_000)
      .prefault("10ms")
      .describe("From heartbeat to heartbeat: with liveRobin a record waits for half of it at each merge, on average."),
    kaZoo,
    maxLag: size(64 * 1024, 2 ** 40)
      .prefault("64MiB")
      .describe("A replica that is further behind the fastest of its group, on one channel, is given up."),
    spillAfter: size(0, 2 ** 40)
      .prefault("64MiB")
      .describe(
        "What a task's channels hold in memory, beyond their windows, while its merge waits for another one; what comes then goes to files in the run's directory.",
      ),
    maxSpill: size(0, 2 ** 44)
      .prefault("4GiB")
      .describe("What they hold in files besides: an epoch that takes more fails the job, which does not start again."),
  })
  .prefault({})
  .describe("Replicas of the job's tasks, with recovery: active.");

const delay = () => duration(0, 3_600_000);

const strategies = z.discriminatedUnion("strategy", [
  z.strictObject({
    strategy: z.literal("fixed-delay").describe("So many restarts, each after the same delay."),
    attempts: wholeNumber(1, 1_000_000).default(10).describe("Restarts before the job is given up."),
    delay: delay().prefault("0s").describe("Wait before each restart."),
  }),
  z.strictObject({
    strategy: z.literal("failure-rate").describe("Restarts as long as failures are not too many in some time."),
    maxFailures: wholeNumber(1, 1_000_000).default(3).describe("More failures within the interval end the job."),
    interval: duration(1, 86_400_000).prefault("1m").describe("Time over which failures count."),
    delay: delay().prefault("0s").describe("Wait before each restart."),
  }),
  z.strictObject({
    strategy: z.literal("exponential-delay").describe("Each restart waits longer than the one before."),
    initial: delay().prefault("1s").describe("First delay."),
    max: delay().prefault("1m").describe("Longest delay."),
    multiplier: z.number().min(1).max(100).default(1.5).describe("From one delay to the next."),
    reset: duration(0, 86_400_000).prefault("1h").describe("Time without failure after which delays start anew."),
    jitter: z.number().min(0).max(1).default(0.1).describe("Each delay is drawn from (1 ± jitter) × itself."),
  }),
  z.strictObject({ strategy: z.literal("none").describe("The first failure ends the job.") }),
]);

/**
 * Without a strategy it is the first one, so that what else is wrong is told, not that the strategy is missing; unless what is written
 * belongs to another one: then that is the mistake.
 */
function impliedStrategy(written: unknown, context: z.core.$RefinementCtx): unknown {
  if (typeof written !== "object" || written === null || Array.isArray(written) || "strategy" in written)
    return written;
  for (const key of Object.keys(written)) {
    const owners = strategies.options.filter(({ shape }) => key in shape).map(({ shape }) => shape.strategy.value);
    if (owners.length === 0 || owners.includes("fixed-delay")) continue;
    const message = `a setting of strategy ${owners.join(" or ")}, and no strategy is given: that is fixed-delay`;
    context.addIssue({ code: "custom", path: [key], message: `${message}\nwrite strategy: ${owners[0]}` });
  }
  return { strategy: "fixed-delay", ...written };
}

export const restart = z
  .preprocess(impliedStrategy, strategies)
  .prefault({})
  .describe("How often and how quickly a job starts again.");
