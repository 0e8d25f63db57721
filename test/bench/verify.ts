/**
 * Speed, memory and disk of the verification: `npm run bench:verify [outputs] [bucket rows]`. Not a test. Every event gives one output; the
 * oracle is trivial, so that replaying, hashing, joining, the check of order and the histograms are what is measured. Outputs come
 * scrambled within blocks of 4,096, each key in order, on four partitions. The log is written first and not part of the figures.
 */
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DataSet, EventCursor } from "../../generators/dataset.ts";
import { RunRecorder } from "../../harness/analyze/run-recorder.ts";
import { OBSERVATION_BYTES, writeObservation } from "../../harness/measure/observation.ts";
import type { RunRecord } from "../../harness/sweep/model.ts";
import { RowHasher } from "../../harness/verify/row-hash.ts";
import { type VerifyPhase, verify } from "../../harness/verify/verify.ts";
import { findQuery } from "../../queries/registry.ts";
import { History } from "./lib/history.ts";

const outputs = Number(process.argv[2] ?? 2_000_000);
const bucketRows = process.argv[3] === undefined ? undefined : Number(process.argv[3]);
const history = new History("verify");
const directory = mkdtempSync(join(tmpdir(), "faultline-bench-"));
const observationsFile = join(directory, "observations.bin");
const scratchDirectory = join(directory, "scratch");

const GAP_US = 5;
const DELAY_US = 1_000_000;
const BLOCK = 4_096;
/** Odd, so that its multiples modulo the block visit every place once. */
const STRIDE = 1_597;
/** More than a block, so that no two rows of a key are scrambled. */
const AUCTIONS = 500_009;

interface Bid {
  readonly index: number;
}

const data: DataSet<Bid> = {
  name: "bench",
  events: outputs,
  partitions: 4,
  partitionRule: "index mod 4",
  closingTimeMs: 0,
  closingRecord: () => new Uint8Array(0),
  open() {
    let index = -1;
    const cursor: EventCursor<Bid> = {
      advance: () => ++index < outputs,
      get index() {
        return index;
      },
      get partition() {
        return index % 4;
      },
      get eventTimeMs() {
        return index;
      },
      maxWireBytes: 0,
      writeWire: (_target, at) => at,
      event: () => ({ index }),
    };
    return cursor;
  },
};

const values = (index: number) => [
  index % AUCTIONS,
  index % 10_007,
  index,
  1_436_918_400_000 + index,
  "some extra text of a bid",
];
const query = {
  ...findQuery("q0"),
  oracle: () => ({
    onEvent(event: Bid, index: number, emit: (row: { values: (number | string)[]; lastInput: number }) => void) {
      emit({ values: values(event.index), lastInput: index });
    },
    onEnd() {},
  }),
};

/** Index of the event whose output is the n-th. */
function scrambled(n: number): number {
  const start = n - (n % BLOCK);
  return start + BLOCK > outputs ? n : start + (((n - start) * STRIDE) % BLOCK);
}

function writeLog(): void {
  const hasher = new RowHasher(query);
  const fd = openSync(observationsFile, "w");
  const chunk = Buffer.alloc(16_384 * OBSERVATION_BYTES);
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
  let at = 0;
  for (let n = 0; n < outputs; n++) {
    const index = scrambled(n);
    hasher.fromValues(values(index));
    const { nameHigh, nameLow, contentHigh, contentLow } = hasher;
    const hashes = { nameHigh, nameLow, contentHigh, contentLow };
    const place = { offset: n >> 2, partition: index % 4, appendMs: n / 1000, isolation: 0 as const, flags: 0 };
    writeObservation(view, at, { ...hashes, observedUs: DELAY_US + n * GAP_US, ...place });
    at += OBSERVATION_BYTES;
    if (at === chunk.length || n === outputs - 1) {
      writeSync(fd, chunk, 0, at);
      at = 0;
    }
  }
  closeSync(fd);
}

function newRecorder(): RunRecorder {
  const clocks = { startUs: 0, startWallMs: 0, clockOffsetUs: { start: 0, end: 0 } };
  const record = { ...clocks, phases: [] } as unknown as RunRecord;
  const seconds = (outputs * GAP_US) / 1e6;
  const window = { fromUs: 0, toUs: seconds * 1e6, seconds, firstEvent: 0, endEvent: outputs };
  return new RunRecorder(record, window, (index) => index * GAP_US, null, false);
}

function scratchBytes(): number {
  if (!existsSync(scratchDirectory)) return 0;
  return readdirSync(scratchDirectory).reduce((sum, name) => sum + statSync(join(scratchDirectory, name)).size, 0);
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** The most that was ever resident. */
function mostRssBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}

const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(0);

/** What each phase cost; the disk is fullest at the begin of one. */
class Phases {
  readonly cpu = new Map<VerifyPhase, number>();
  mostBytes = 0;
  #now: VerifyPhase | null = null;
  #since = 0;

  enter(phase: VerifyPhase | null): void {
    if (this.#now !== null) this.cpu.set(this.#now, cpuSeconds() - this.#since);
    this.mostBytes = Math.max(this.mostBytes, scratchBytes());
    this.#now = phase;
    this.#since = cpuSeconds();
  }
}

try {
  writeLog();
  const startRssBytes = mostRssBytes();
  const recorder = newRecorder();
  const phases = new Phases();
  const [started, cpuBefore] = [performance.now(), cpuSeconds()];
  const { summary } = verify<Bid>({
    query,
    data,
    watermarkDelayMs: 0,
    observationsFile,
    isolation: 0,
    dueUs: (index) => index * GAP_US,
    scratchDirectory,
    ...(bucketRows === undefined ? {} : { bucketRows }),
    onMatch: (match) => recorder.onMatch(match),
    onObservation: (observation) => recorder.onObservation(observation),
    onPhase: (phase) => phases.enter(phase),
  });
  phases.enter(null);
  const [seconds, cpu] = [(performance.now() - started) / 1000, cpuSeconds() - cpuBefore];
  const millions = outputs / 1e6;
  const rssBytes = mostRssBytes();
  const [ratePerSecond, cpuUsPerOutput] = [outputs / seconds, cpu / millions];
  const share = [...phases.cpu].map(([phase, spent]) => `${phase} ${((100 * spent) / cpu).toFixed(0)} %`);
  const perPhase = [...phases.cpu].map(([phase, spent]) => `${phase} ${(spent / millions).toFixed(3)}`);
  console.log(JSON.stringify(summary));
  console.log(`outputs    ${outputs}`);
  console.log(`wall       ${(ratePerSecond / 1e6).toFixed(3)} M outputs/s (${seconds.toFixed(1)} s)`);
  console.log(`CPU        ${cpuUsPerOutput.toFixed(3)} s per M outputs (${perPhase.join(", ")})`);
  console.log(`share      ${share.join(", ")}`);
  console.log(`peak RSS   ${mib(rssBytes)} MiB (${mib(startRssBytes)} before it began)`);
  console.log(
    `disk       ${(phases.mostBytes / 1e6).toFixed(0)} MB besides the log of ${OBSERVATION_BYTES * millions} MB`,
  );
  const memory = { mostRssBytes: rssBytes, startRssBytes, mostDiskBytes: phases.mostBytes };
  history.add({ name: "verify", figures: { outputs, ratePerSecond, cpuUsPerOutput, ...memory } });
  for (const [phase, spent] of phases.cpu) history.add({ name: phase, figures: { cpuUsPerOutput: spent / millions } });
  history.append();
} finally {
  rmSync(directory, { recursive: true, force: true });
}
