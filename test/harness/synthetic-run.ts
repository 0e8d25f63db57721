import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { Random } from "../../base/random.ts";
import { runConfig } from "../../harness/analyze/run-config.ts";
import { type Config, configSchema } from "../../harness/config/schema.ts";
import { FLAG_UNDECODABLE, OBSERVATION_BYTES, writeObservation } from "../../harness/measure/observation.ts";
import type { PlannedRun, ResourceSample, RunRecord } from "../../harness/sweep/model.ts";
import { RowHasher } from "../../harness/verify/row-hash.ts";
import type { ExpectedRow, Value } from "../../queries/query.ts";
import { findQuery } from "../../queries/registry.ts";

/** One output of the pretended system. */
export interface Output {
  values: Value[];
  observedUs: number;
  /** Event that triggers it; null = a closing record. */
  trigger: number | null;
  partition: number;
  undecodable?: boolean;
}

export interface SyntheticRun {
  readonly id?: string;
  readonly cell?: string;
  /** Besides the query. */
  readonly axes?: Record<string, unknown>;
  readonly query: string;
  readonly settings?: Record<string, unknown>;
  readonly repetition?: number;
  readonly order?: number;
  /** Changes what the system put out, given in the order of observation. */
  readonly tamper?: (outputs: Output[], random: Random) => Output[];
  readonly change?: Partial<RunRecord>;
  /** Without send times, as when the feeder leaves none. */
  readonly withoutSentTimes?: boolean;
  readonly latencyUs?: (random: Random) => number;
  /** When a batch was really sent, from the first due time and when it would have been. */
  readonly sentUs?: (startUs: number, sentUs: number) => number;
  /** What readers of committed data saw, from what everybody saw; default: they are not observed. */
  readonly committed?: (outputs: readonly Output[]) => Output[];
}

export const START_US = 5_000_000_000;
const START_WALL_MS = 1_700_000_000_000;
const OFFSET_US = START_US - START_WALL_MS * 1000;

/** A folder that is removed after the test. */
export function temporaryFolder(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "faultline-test-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Writes `raw/<run>/` of a run that took place only in imagination: every output right unless tampered with. Returns the run id. */
export function writeSyntheticRun(resultsDir: string, spec: SyntheticRun): string {
  const written = { query: spec.query, load: { rate: "2k/s", duration: "4s" }, warmup: "1s", ...spec.settings };
  const { sweep: _, ...settings } = configSchema.parse(written);
  const config = { name: "synthetic", ...settings } as Config;
  const cell = { id: spec.cell ?? `${spec.query}-cell`, axes: { query: spec.query, ...spec.axes } };
  const id = spec.id ?? `${cell.id}-r${spec.repetition ?? 1}`;
  const run: PlannedRun = { id, cell, repetition: spec.repetition ?? 1, order: spec.order ?? 0, block: 0 };
  const events = config.data.events ?? 8_000;
  const record = { ...recordOf(run, config, events), ...spec.change };
  const random = new Random(7);
  const outputs = rightOutputs(record, spec.latencyUs ?? ((r) => 2_000 + r.below(3_000)), random);
  const raw = join(resultsDir, "raw", id);
  mkdirSync(raw, { recursive: true });
  const seen = spec.tamper?.(outputs, random) ?? outputs;
  const observations = [encode(seen, spec.query), encode(spec.committed?.(seen) ?? [], spec.query, 1)];
  writeFileSync(join(raw, "observations.bin"), Buffer.concat(observations));
  writeFileSync(join(raw, "run.json"), JSON.stringify(record));
  writeFileSync(join(raw, "resources.jsonl"), resourceLines(record));
  if (spec.withoutSentTimes !== true) writeFileSync(join(raw, "sent.bin"), sentTimes(record, spec.sentUs));
  return id;
}

/** The manifest as far as analysis reads it. */
export function writeSyntheticManifest(resultsDir: string): void {
  const provenance = {
    faultline: "0.1.0",
    commit: "0123abcd",
    dirty: false,
    node: "24.0.0",
    cores: 2,
    kernel: "Linux 6",
  };
  const manifest = {
    version: 1,
    sweepId: "t",
    name: "synthetic",
    createdAt: "2026-01-01T00:00:00Z",
    seed: 1,
    provenance,
  };
  mkdirSync(resultsDir, { recursive: true });
  writeFileSync(join(resultsDir, "manifest.json"), JSON.stringify(manifest));
}

function recordOf(run: PlannedRun, config: Config, events: number): RunRecord {
  return {
    version: 1,
    run,
    config,
    startUs: START_US,
    startWallMs: START_WALL_MS,
    events,
    feeder: {
      sent: events,
      acked: events,
      closingSent: config.data.partitions,
      firstDueUs: START_US,
      lastDueUs: START_US + 4_000_000,
      finishedUs: START_US + 4_010_000,
      lagUs: { p50: 100, p99: 900, p999: 1500, max: 2000, n: events },
      sendErrors: 0,
    },
    clockOffsetUs: { start: OFFSET_US, end: OFFSET_US + 10 },
    phases: [
      { name: "load", startUs: START_US, endUs: START_US + 4_000_000 },
      { name: "drain", startUs: START_US + 4_000_000, endUs: START_US + 4_500_000 },
    ],
    processes: [{ role: "worker-1", pid: 11, niceness: 0 }],
    inputTopic: "in",
    outputTopic: "out",
    system: { name: "bundled" },
    problems: [],
  };
}

/** What a system without faults would put out, in the order of observation. */
function rightOutputs(record: RunRecord, latencyUs: (random: Random) => number, random: Random): Output[] {
  const { data, schedule, query: id, watermarkDelayMs } = runConfig(record);
  const query = findQuery(id);
  const rows: ExpectedRow[] = [];
  const times: { partition: number; ms: number }[] = [];
  const oracle = query.oracle();
  for (const cursor = data.open(); cursor.advance(); ) {
    times.push({ partition: cursor.partition, ms: cursor.eventTimeMs });
    oracle.onEvent(cursor.event(), cursor.index, (row) => rows.push(row));
  }
  oracle.onEnd((row) => rows.push(row));
  const outputs = rows.map((row): Output => {
    const trigger =
      query.trigger.kind === "lastInput"
        ? row.lastInput
        : bruteForceTrigger(times, data.partitions, row.windowEndMs! - 1 + watermarkDelayMs);
    const dueNs = trigger === null ? 4_200_000_000 : schedule.dueNs(trigger);
    const observedUs = START_US + Math.floor(dueNs / 1000) + latencyUs(random);
    const partition = trigger === null ? 0 : times[trigger]!.partition;
    return { values: [...row.values], observedUs, trigger, partition };
  });
  return inOrder(outputs);
}

/** As a fetcher reads: in the order of triggers within a partition, at the times that come of it. */
export function inOrder(outputs: Output[]): Output[] {
  const rank = (o: Output) => o.trigger ?? Number.MAX_SAFE_INTEGER;
  const sorted = [...outputs].sort((a, b) => rank(a) - rank(b));
  let latest = 0;
  for (const output of sorted) {
    latest = Math.max(latest, output.observedUs);
    output.observedUs = latest;
  }
  return sorted;
}

/** The definition itself: after which event have all partitions seen `eventTimeMs`? */
export function bruteForceTrigger(
  events: readonly { readonly partition: number; readonly ms: number }[],
  partitions: number,
  eventTimeMs: number,
): number | null {
  const latest = new Array<number>(partitions).fill(Number.NEGATIVE_INFINITY);
  for (const [index, event] of events.entries()) {
    latest[event.partition] = Math.max(latest[event.partition]!, event.ms);
    if (latest.every((ms) => ms >= eventTimeMs)) return index;
  }
  return null;
}

/** The observation log of outputs in the order of observation. */
export function encode(outputs: readonly Output[], queryId: string, isolation: 0 | 1 = 0): Uint8Array {
  const hasher = new RowHasher(findQuery(queryId));
  const bytes = new Uint8Array(outputs.length * OBSERVATION_BYTES);
  const view = new DataView(bytes.buffer);
  const offsets = new Map<number, number>();
  outputs.forEach(({ values, observedUs, partition, undecodable }, i) => {
    hasher.fromValues(values);
    const { nameHigh, nameLow, contentHigh, contentLow } = hasher;
    const offset = offsets.get(partition) ?? 0;
    offsets.set(partition, offset + 1);
    const appendMs = Math.floor((observedUs - START_US - 700) / 1000);
    const hashes = { nameHigh, nameLow, contentHigh, contentLow };
    const flags = undecodable === true ? FLAG_UNDECODABLE : 0;
    writeObservation(view, i * OBSERVATION_BYTES, {
      ...hashes,
      observedUs,
      offset,
      appendMs,
      partition,
      isolation,
      flags,
    });
  });
  return bytes;
}

function resourceLines(record: RunRecord): string {
  const lines: string[] = [];
  for (let tick = 0; tick <= 20; tick++) {
    for (const [role, pid, share] of [
      ["worker-1", 11, 0.5],
      ["worker-2", 12, 0.25],
      ["kafka", 13, 0.1],
    ] as const) {
      const atUs = record.startUs + tick * 250_000;
      const cpuUserMs = 1000 + tick * 250 * share;
      const times = { atUs, role, pid, cpuUserMs, cpuSystemMs: 0, rssBytes: pid * 1_000_000 };
      // The broker belongs to somebody else: nobody may read its bytes.
      const bytes = role === "kafka" ? {} : { readBytes: tick * 1_000, writtenBytes: 7 + tick * 2_000 };
      const sample: ResourceSample = { ...times, ...bytes };
      lines.push(`${JSON.stringify(sample)}\n`);
    }
  }
  return lines.join("");
}

/** Batches of 10 events, each sent 300 µs after its last one was due. */
function sentTimes(record: RunRecord, really: SyntheticRun["sentUs"] = (_, sentUs) => sentUs): Uint8Array {
  const { schedule } = runConfig(record);
  const batches = Math.ceil(record.events / 10);
  const view = new DataView(new ArrayBuffer(batches * 24));
  for (let i = 0; i < batches; i++) {
    const end = Math.min(record.events, i * 10 + 10);
    view.setFloat64(i * 24, i * 10, true);
    view.setFloat64(i * 24 + 8, end, true);
    const sentUs = record.startUs + Math.floor(schedule.dueNs(end - 1) / 1000) + 300;
    view.setFloat64(i * 24 + 16, really(record.startUs, sentUs), true);
  }
  return new Uint8Array(view.buffer);
}
