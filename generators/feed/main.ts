/**
 * The paced Kafka feeder as a process of its own: `node main.ts SPEC.json` (feed/spec.ts). Prints JSON lines: `ready`, `progress`,
 * `done` or `error`. Ends when its stdin closes (the parent is gone) and, after a flush, on SIGTERM.
 */
import { appendFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { wallClockMs } from "../../base/clock.ts";
import { asFaultlineError, FaultlineError } from "../../base/errors.ts";
import { EXIT } from "../../base/exit-codes.ts";
import { KafkaClient } from "../../kafka/client.ts";
import { type FeederWorld, runFeeder, type StartLine } from "./run.ts";
import { type FeederSpec, readFeederSpec } from "./spec.ts";
import { realTimers } from "./timers.ts";

const stop = new AbortController();
let started = false;
process.on("SIGTERM", () => {
  if (!started) process.exit(EXIT.terminated);
  stop.abort();
});
// The terminal sends SIGINT to the whole group; the harness decides what happens then.
process.on("SIGINT", () => {});

// Writes to a pipe are synchronous; when nobody reads, the parent is gone.
process.stdout.on("error", () => process.exit(EXIT.terminated));

function print(line: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function fail(thrown: unknown): never {
  const error = asFaultlineError(thrown, "feeder-failed");
  print({ error: { code: error.code, message: error.message, hint: error.hint ?? null } });
  process.exit(error.exitCode);
}

/** Listens to stdin: resolves with the first start line, and ends the process when the parent closes the pipe. */
function listen(): Promise<StartLine> {
  return new Promise((resolve) => {
    const lines = createInterface({ input: process.stdin });
    lines.on("line", (line) => {
      try {
        resolve(parseStart(line));
      } catch (error) {
        fail(error);
      }
    });
    lines.on("close", () => process.exit(EXIT.terminated));
  });
}

function parseStart(line: string): StartLine {
  const value: unknown = JSON.parse(line);
  if (typeof value === "object" && value !== null && "start" in value && typeof value.start === "number") {
    const wall = "startWallMs" in value && typeof value.startWallMs === "number" ? value.startWallMs : undefined;
    return { startUs: value.start, startWallMs: wall };
  }
  throw new FaultlineError("usage", `not a start line: ${line}`, { hint: '{"start":<monotonic µs>}' });
}

function makeWorld(spec: FeederSpec): FeederWorld {
  const startLine = listen();
  writeFileSync(spec.lagFile, "");
  if (spec.sentFile !== undefined) writeFileSync(spec.sentFile, "");
  return {
    timers: realTimers,
    wallClockMs,
    async connect({ brokers, topic, partitions, producer }, callbacks) {
      const client = await KafkaClient.connect({ brokers, clientId: `faultline-feeder-${process.pid}` });
      return client.producer({ topic, partitions, acks: -1, ...definedOnly(producer), ...callbacks });
    },
    startLine: () => startLine,
    every(intervalMs, work) {
      const timer = setInterval(work, intervalMs);
      return () => clearInterval(timer);
    },
    print,
    started() {
      started = true;
    },
    log: (text) => appendFileSync(spec.lagFile, text),
    logSent(bytes) {
      if (spec.sentFile !== undefined) appendFileSync(spec.sentFile, bytes);
    },
    stop: stop.signal,
  };
}

function definedOnly(options: FeederSpec["producer"]): { [K in keyof FeederSpec["producer"]]?: number } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

try {
  const spec = readFeederSpec(process.argv[2]);
  const finished = await runFeeder(spec, makeWorld(spec));
  process.exit(finished ? EXIT.ok : EXIT.terminated);
} catch (error) {
  fail(error);
}
