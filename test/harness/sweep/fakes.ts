import { readFileSync } from "node:fs";
import { join } from "node:path";
import { FaultlineError } from "../../../base/errors.ts";
import { resolveText } from "../../../harness/config/load.ts";
import type { ResolvedSweep } from "../../../harness/config/resolve.ts";
import type { SweepEvents } from "../../../harness/sweep/events.ts";
import { failedResult } from "../../../harness/sweep/failed-result.ts";
import type { FeederSummary, RunRecord, RunResult } from "../../../harness/sweep/model.ts";
import type { Toolbox, TopicSettings } from "../../../harness/sweep/toolbox.ts";
import type { Deployment } from "../../../harness/systems/system.ts";

/** What can be made to break, and when. */
export type Fault =
  | "guard"
  | "kafka"
  | "zookeeper"
  | "zookeeper-dies"
  | "create-topic"
  | "observer"
  | "deploy"
  | "feeder"
  | "feed"
  | "drain"
  | "end-offsets"
  | "observe"
  | "system-dies"
  | "observer-dies"
  | "kafka-dies"
  | "stop-system"
  | "analyze"
  | "analyze-sweep";

export const SUMMARY: FeederSummary = {
  sent: 100,
  acked: 100,
  closingSent: 4,
  firstDueUs: 0,
  lastDueUs: 1,
  finishedUs: 2,
  lagUs: { p50: 1, p99: 1, p999: 1, max: 1, n: 100 },
  sendErrors: 0,
};

export interface FakeWorld {
  readonly toolbox: Toolbox;
  /** Everything that runs now: what was started and not stopped. */
  readonly running: Set<string>;
  /** Starts, stops and other calls in order. */
  readonly calls: string[];
  /** Breaks things from now on; returns how to repair them. */
  breakAt(fault: Fault, times?: number): void;
  /** Called when the feeder is started, in place of finishing at once. */
  onFeed: (() => Promise<void>) | null;
  /** What this broker makes of every topic, whatever is asked for. */
  topicConfig: Readonly<Record<string, string>>;
}

const never = new Promise<never>(() => {});

/** A world without processes: everything answers at once, nothing takes time, and everything can be made to break. */
export function fakeWorld(): FakeWorld {
  const running = new Set<string>();
  const calls: string[] = [];
  const faults = new Map<Fault, number>();
  let nowUs = 1_000_000;

  const strike = (fault: Fault): boolean => {
    const left = faults.get(fault) ?? 0;
    if (left > 0) faults.set(fault, left - 1);
    return left > 0;
  };
  const maybe = (fault: Fault): void => {
    if (strike(fault)) throw new FaultlineError("run-failed", `broken: ${fault}`);
  };
  const start = (what: string, fault: Fault): (() => Promise<void>) => {
    calls.push(`start ${what}`);
    maybe(fault);
    running.add(what);
    return async () => {
      if (running.delete(what)) calls.push(`stop ${what}`);
    };
  };
  const dying = (fault: Fault) =>
    strike(fault) ? Promise.resolve(new FaultlineError("kafka-closed", `broken: ${fault}`)) : never;

  const world: FakeWorld = {
    running,
    calls,
    onFeed: null,
    topicConfig: {},
    breakAt: (fault, times = 1) => faults.set(fault, times),
    toolbox: {
      monotonicUs: () => nowUs++,
      wallClockMs: () => 1_700_000_000_000,
      clockOffsetUs: () => 7,
      sleep: (_ms, signal) =>
        new Promise((resolve) => {
          signal?.addEventListener("abort", () => resolve());
        }),
      startGuard: async () => {
        const close = start("guard", "guard");
        const groups = { watchGroup() {}, unwatchGroup() {} };
        return { pid: 1, watch() {}, unwatch() {}, watchDir() {}, unwatchDir() {}, ...groups, close };
      },
      startKafka: async () => {
        const stop = start("kafka", "kafka");
        const topics = new Map<string, TopicSettings>();
        return {
          brokers: ["127.0.0.1:1"],
          linkListener: null,
          pid: 2,
          version: "4",
          failed: dying("kafka-dies"),
          createTopic: async (name, partitions, timestamps) => {
            maybe("create-topic");
            const config = { "message.timestamp.type": timestamps, "cleanup.policy": "delete" };
            topics.set(name, { partitions, config: { ...config, ...world.topicConfig } });
            running.add(`topic ${name}`);
            calls.push(`create ${name} ${timestamps}`);
            if (name.endsWith(".orders")) calls.push(`${partitions} partitions of orders`);
          },
          deleteTopics: async (names) => {
            for (const name of names) if (running.delete(`topic ${name}`)) calls.push(`delete ${name}`);
          },
          describeTopic: async (name) => topics.get(name)!,
          endOffsets: async () => {
            maybe("end-offsets");
            return [1, 2, 3, 4];
          },
          stop: async () => {
            for (const name of topics.keys()) running.delete(`topic ${name}`);
            await stop();
          },
        };
      },
      startZooKeeper: async () => {
        const stop = start("zookeeper", "zookeeper");
        const description = { version: "3", java: "17", heap: "256m", settings: {} };
        return { servers: ["127.0.0.1:2"], pid: 3, description, failed: dying("zookeeper-dies"), stop };
      },
      startLinks: async () => {
        throw new Error("no run of the fake world breaks links");
      },
      startObserver: async () => {
        const stop = start("observer", "observer");
        return {
          pid: 10,
          start() {},
          failed: dying("observer-dies"),
          stopAt: async (endOffsets) => {
            maybe("observe");
            calls.push(`observed to ${endOffsets.join(",")}`);
            return { observed: 10, heldUp: [] };
          },
          stop,
        };
      },
      startFeeder: async () => {
        const stop = start("feeder", "feeder");
        let begin = () => {};
        const begun = new Promise<void>((resolve) => {
          begin = resolve;
        });
        const done = begun.then(async () => {
          await world.onFeed?.();
          maybe("feed");
          return SUMMARY;
        });
        return { pid: 11, start: () => begin(), done, stop };
      },
      startSampler: () => {
        const stop = start("sampler", "guard");
        return { add() {}, stop };
      },
      system: async () => ({
        name: "bundled",
        shapeOf: async ({ replication }) => ({
          replicated: replication !== undefined,
          orderPartitions: replication?.merge === "kaZoo" ? 3 : 0,
          vertices: { counts: { instances: 3, replicas: 2 } },
        }),
        deploy: async (): Promise<Deployment> => {
          const stop = start("system", "deploy");
          return {
            processes: [{ role: "worker-1", pid: 20 }],
            drain: async () => {
              maybe("drain");
              calls.push("drained");
            },
            stop: async () => {
              await stop();
              maybe("stop-system");
            },
            failed: dying("system-dies"),
            describe: () => ({ engine: "fake" }),
            counters: async () => [],
          };
        },
      }),
      spawner: () => () => {
        throw new Error("the fake system spawns nothing");
      },
      analyzeRun: async ({ directory, runId, outputTopic }) => {
        if (running.has("kafka") && !running.has(`topic ${outputTopic}`)) calls.push(`no topic for ${runId}`);
        maybe("analyze");
        return verdict(JSON.parse(readFileSync(join(directory, "raw", runId, "run.json"), "utf8")) as RunRecord);
      },
      analyzeSweep: async (directory) => {
        maybe("analyze-sweep");
        calls.push("analyze sweep");
        const lines = readFileSync(join(directory, "runs.jsonl"), "utf8").trim().split("\n");
        return lines.map((line) => JSON.parse(line) as RunResult);
      },
      raisePriority: () => -5,
    },
  };
  return world;
}

/** The verdict of a fake checker: failed when the record has problems, else valid. */
function verdict(record: RunRecord): RunResult {
  const result = failedResult(record.run, { query: "q0", system: "bundled", events: 1 }, record.problems);
  return record.problems.length > 0 ? result : { ...result, state: "valid" };
}

/** Events that only remember. */
export function recordingEvents(): SweepEvents & { readonly log: string[] } {
  const log: string[] = [];
  return {
    log,
    planned: ({ runs, reused }) => log.push(`planned ${runs.length} reused ${reused}`),
    notice: (text) => log.push(`notice ${text}`),
    runStarted: (run) => log.push(`run ${run.id}`),
    phase: (name) => log.push(`phase ${name}`),
    fed() {},
    observed() {},
    faultStruck: (text) => log.push(`fault ${text}`),
    runEnded: (result) => log.push(`ended ${result.run.id} ${result.state}`),
  };
}

export function smallSweep(text = "query: q0\nsweep: {load.rate: [1k/s, 2k/s]}\nrepetitions: 2\n"): ResolvedSweep {
  return resolveText(text, "small.yaml", []);
}
