import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { identify } from "../../../../harness/services/process-identity.ts";
import { commandSystem } from "../../../../harness/systems/command/command-system.ts";
import { type CommandSettings, commandSystemSchema } from "../../../../harness/systems/command/settings.ts";
import type { DeployContext, Deployment } from "../../../../harness/systems/system.ts";
import { findQuery } from "../../../../queries/registry.ts";

const PROCESSOR = join(import.meta.dirname, "fixtures/processor.mjs");

/** The command line of the fixture process that does `todo`. */
export function processor(todo: Readonly<Record<string, unknown>>): string[] {
  // Braces of its JSON are doubled: they are no placeholders.
  const text = JSON.stringify(todo).replaceAll("{", "{{").replaceAll("}", "}}");
  return [process.execPath, PROCESSOR, text];
}

export interface Bench {
  readonly directory: string;
  /** Pids that the guard watches now. */
  readonly guarded: Set<number>;
  readonly context: DeployContext;
  endOffsets: (topic: string, partitions: number) => Promise<readonly number[]>;
  readonly abort: AbortController;
  deploy(settings: unknown): Promise<Deployment>;
  log(role: string): string;
}

/** Deploys command systems without Kafka; stops them and removes their files when the test ends. */
export function bench(t: TestContext): Bench {
  const directory = mkdtempSync(join(tmpdir(), "faultline-command-"));
  const guarded = new Set<number>();
  const deployments: Deployment[] = [];
  t.after(async () => {
    for (const deployment of deployments) await deployment.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  const context: DeployContext = {
    runId: "run-1",
    config: {
      query: findQuery("q0"),
      dataMode: "head",
      parallelism: 3,
      watermarkDelayMs: 4000,
      seed: 9,
      engine: {} as DeployContext["config"]["engine"],
    },
    brokers: ["127.0.0.1:9092", "127.0.0.1:9093"],
    inputTopic: "t.in",
    inputPartitions: 2,
    inputs: [
      { source: "events", topic: "t.in", partitions: 2 },
      { source: "rules", topic: "t.rules", partitions: 1 },
    ],
    outputTopic: "t.out",
    outputPartitions: 4,
    logDir: directory,
    spawn: () => {
      throw new Error("a command system starts no program of ours");
    },
  };
  const made: Bench = {
    directory,
    guarded,
    context,
    abort: new AbortController(),
    endOffsets: async () => [0, 0, 0, 0],
    async deploy(input) {
      const settings = commandSystemSchema.parse(input) as CommandSettings;
      const guard = { watch: (pid: number) => guarded.add(pid), unwatch: (pid: number) => guarded.delete(pid) };
      const endOffsets = (topic: string, partitions: number) => made.endOffsets(topic, partitions);
      const deployment = await commandSystem(settings, { guard, signal: made.abort.signal, endOffsets }).deploy(
        context,
      );
      deployments.push(deployment);
      return deployment;
    },
    log: (role) => readFileSync(join(directory, `${role}.log`), "utf8"),
  };
  return made;
}

export const isAlive = (pid: number): boolean => identify(pid) !== null;
