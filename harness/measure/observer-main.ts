/**
 * The observer as a process of its own: `node observer-main.ts SPEC.json` (observer-spec.ts). Prints JSON lines: `ready`, `progress`,
 * `stopped` or `error`. Reads lines from stdin: `{"start":{"startUs":µs}}` sets the zero of the live estimate,
 * `{"stop":{"endOffsets":[…]}}` makes it read up to those offsets, one a partition, and end. Ends when stdin closes; what it has
 * observed is kept. `stopped` counts the observations of all isolation levels; its other figures are those of the first, and
 * `byIsolation` holds all of each.
 */
import { appendFileSync, closeSync, openSync, write, writeFileSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { z } from "zod";
import { clockOffsetUs, monotonicUs } from "../../base/clock.ts";
import { asFaultlineError, FaultlineError } from "../../base/errors.ts";
import { EXIT } from "../../base/exit-codes.ts";
import { KafkaClient } from "../../kafka/client.ts";
import type { QueryDefinition } from "../../queries/query.ts";
import { findQuery } from "../../queries/registry.ts";
import { parsePlant } from "../verify/plant.ts";
import { wireColumns } from "../verify/row-hash.ts";
import { type RowText, rowText } from "../verify/row-text.ts";
import { EngineLatencyLog } from "./engine-latency-log.ts";
import { LiveEstimate } from "./live-estimate.ts";
import { ObservationLog } from "./observation-log.ts";
import type { Observer } from "./observer.ts";
import { ObserverSession } from "./observer-session.ts";
import { type ObserverIsolation, type ObserverSpec, readObserverSpec } from "./observer-spec.ts";
import { Planter } from "./planter.ts";

const FLUSH_MS = 200;

const commandSchema = z.union([
  z.strictObject({ start: z.strictObject({ startUs: z.number() }) }),
  z.strictObject({ stop: z.strictObject({ endOffsets: z.array(z.int().min(0)) }) }),
]);

let log: ObservationLog | null = null;
let engineStamps: EngineLatencyLog | null = null;

function print(line: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function end(code: number): never {
  log?.flushSync();
  engineStamps?.flush();
  process.exit(code);
}

function fail(thrown: unknown): never {
  const error = asFaultlineError(thrown, "observer-failed");
  print({ error: { code: error.code, message: error.message, hint: error.hint ?? null } });
  end(error.exitCode);
}

process.on("SIGTERM", () => end(EXIT.terminated));
// The terminal sends SIGINT to the whole group; the harness decides what happens then.
process.on("SIGINT", () => {});
process.stdout.on("error", () => end(EXIT.terminated));
process.on("uncaughtException", fail);

async function main(spec: ObserverSpec): Promise<void> {
  const query = findQuery(spec.query);
  const rows = rowText(spec.format, wireColumns(query));
  const live = spec.live === undefined ? null : new LiveEstimate(query, spec.live, rows);
  const fd = openSync(spec.observationsFile, "w");
  const sessions: ObserverSession[] = [];
  log = openLog(fd, sessions);
  const { startWallMs, engineLatencyFile, plant } = spec;
  if (engineLatencyFile !== undefined && query.engineLatency !== undefined) {
    writeFileSync(engineLatencyFile, "");
    engineStamps = new EngineLatencyLog((bytes) => appendFileSync(engineLatencyFile, bytes));
  }
  const planters = new Map<ObserverIsolation, Planter>();
  const shared = { query, format: spec.format, startWallMs, log, monotonicUs, clockOffsetUs: clockOffsetUs() };
  const client = await KafkaClient.connect({ brokers: spec.brokers, clientId: `faultline-observer-${process.pid}` });
  for (const [i, isolation] of spec.isolations.entries()) {
    if (plant !== undefined) planters.set(isolation, makePlanter(query, plant, rows));
    const planter = planters.get(isolation);
    const plants = planter === undefined ? null : { planter, warmupMs: plant?.warmupMs ?? 0 };
    const own = i === 0 ? { live, engineStamps, plants } : { live: null, plants };
    sessions.push(new ObserverSession(client, spec, isolation, { ...shared, ...own }, fail));
  }
  for (const session of sessions) session.start();
  const endOffsets = listen((startUs) => {
    for (const { observer } of sessions) observer.startUs = startUs;
    if (live !== null) live.startUs = startUs;
  });
  reportProgress(spec, sessions[0]!.observer, live);
  print({ ready: true });
  const stopAt = await endOffsets;
  await Promise.all(sessions.map((session) => session.readTo(stopAt)));
  if (plant !== undefined) writePlanted(plant.file, planters);
  await log.flush();
  engineStamps?.flush();
  closeSync(fd);
  log = null;
  await client.close();
  const [first] = sessions.map((session) => session.summary());
  const observed = sessions.reduce((sum, { observer }) => sum + observer.observed, 0);
  const byIsolation = Object.fromEntries(sessions.map((session) => [session.isolation, session.summary()]));
  print({ stopped: { ...first, observed, byIsolation } });
  process.exit(EXIT.ok);
}

/** The log of all sessions, which are to be in `sessions` before anything is written. */
function openLog(fd: number, sessions: readonly ObserverSession[]): ObservationLog {
  const file = {
    write: (bytes: Uint8Array, position: number, done: (error: Error | null) => void) =>
      writeFully(fd, bytes, position, done),
    writeSync: (bytes: Uint8Array, position: number) => {
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, position + at);
    },
  };
  return new ObservationLog(file, {
    onFull: () => {
      for (const session of sessions) session.pause();
    },
    onSpace: () => {
      for (const session of sessions) session.resume();
    },
    onError: fail,
  });
}

/** Obeys stdin; resolves with the offsets to stop at. */
function listen(onStart: (startUs: number) => void): Promise<readonly number[]> {
  return new Promise((resolve) => {
    const lines = createInterface({ input: process.stdin });
    lines.on("line", (line) => {
      try {
        const command = commandSchema.parse(JSON.parse(line));
        if ("stop" in command) resolve(command.stop.endOffsets);
        else onStart(command.start.startUs);
      } catch (cause) {
        fail(new FaultlineError("usage", `not a command of the observer: ${line}`, { cause }));
      }
    });
    lines.on("close", () => end(EXIT.terminated));
  });
}

function reportProgress(spec: ObserverSpec, observer: Observer, live: LiveEstimate | null): void {
  let before = { observed: 0, atUs: monotonicUs() };
  setInterval(() => {
    const now = { observed: observer.observed, atUs: monotonicUs() };
    const perSecond = ((now.observed - before.observed) * 1e6) / (now.atUs - before.atUs);
    before = now;
    const estimate = live?.take() ?? { p50Us: null, p99Us: null };
    print({ progress: { observed: now.observed, perSecond: Math.round(perSecond), ...estimate } });
  }, spec.progressIntervalMs);
  setInterval(() => log?.kick(), FLUSH_MS);
}

function makePlanter(
  query: QueryDefinition,
  { errors, seed }: NonNullable<ObserverSpec["plant"]>,
  rows: RowText,
): Planter {
  const parsed = parsePlant(errors);
  if (!parsed.ok) throw new FaultlineError("config-invalid", `verify.plant: ${parsed.message}`);
  return new Planter(query, parsed.plant, seed, rows);
}

function writePlanted(file: string, planters: ReadonlyMap<ObserverIsolation, Planter>): void {
  for (const [i, [isolation, { planted, impossible, left }]] of [...planters].entries()) {
    const path = i === 0 ? file : file.replace(/(\.json)?$/, `-${isolation}$1`);
    writeFileSync(path, `${JSON.stringify({ planted, impossible, left }, null, 2)}\n`);
  }
}

function writeFully(fd: number, bytes: Uint8Array, position: number, done: (error: Error | null) => void): void {
  write(fd, bytes, 0, bytes.length, position, (error, written) => {
    if (error !== null || written === bytes.length) done(error);
    else writeFully(fd, bytes.subarray(written), position + written, done);
  });
}

try {
  await main(readObserverSpec(process.argv[2]));
} catch (error) {
  fail(error);
}
