/**
 * Speed and memory of the verification: `node test/bench/verify.ts [OUTPUTS] [BUCKET_ROWS]`. Every event gives one output; the oracle is trivial, so
 * that the join is what is measured.
 */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DataSet, EventCursor } from "../../generators/dataset.ts";
import { RunRecorder } from "../../harness/analyze/run-recorder.ts";
import { OBSERVATION_BYTES, writeObservation } from "../../harness/measure/observation.ts";
import type { RunRecord } from "../../harness/sweep/model.ts";
import { RowHasher } from "../../harness/verify/row-hash.ts";
import { verify } from "../../harness/verify/verify.ts";
import { findQuery } from "../../queries/registry.ts";

const outputs = Number(process.argv[2] ?? 2_000_000);
const bucketRows = process.argv[3] === undefined ? undefined : Number(process.argv[3]);
const directory = mkdtempSync(join(tmpdir(), "faultline-bench-"));
const observationsFile = join(directory, "observations.bin");

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
  index % 5_003,
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

function writeLog(): void {
  const hasher = new RowHasher(query);
  const fd = openSync(observationsFile, "w");
  const chunk = Buffer.alloc(16_384 * OBSERVATION_BYTES);
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
  let at = 0;
  for (let index = 0; index < outputs; index++) {
    hasher.fromValues(values(index));
    const { nameHigh, nameLow, contentHigh, contentLow } = hasher;
    const place = { offset: index >> 2, partition: index % 4, appendMs: index / 1000, isolation: 0 as const, flags: 0 };
    writeObservation(view, at, {
      nameHigh,
      nameLow,
      contentHigh,
      contentLow,
      observedUs: 1_000_000 + index * 5,
      ...place,
    });
    at += OBSERVATION_BYTES;
    if (at === chunk.length || index === outputs - 1) {
      writeSync(fd, chunk, 0, at);
      at = 0;
    }
  }
  closeSync(fd);
}

try {
  let started = performance.now();
  writeLog();
  const hashing = performance.now() - started;
  const dueUs = (index: number) => index * 5;
  const record = {
    startUs: 0,
    startWallMs: 0,
    phases: [],
    clockOffsetUs: { start: 0, end: 0 },
  } as unknown as RunRecord;
  const seconds = (outputs * 5) / 1e6;
  const window = { fromUs: 0, toUs: seconds * 1e6, seconds, firstEvent: 0, endEvent: outputs };
  const recorder = new RunRecorder(record, window, dueUs, null, false);
  started = performance.now();
  const { summary } = verify<Bid>({
    query,
    data,
    watermarkDelayMs: 0,
    observationsFile,
    isolation: 0,
    dueUs,
    scratchDirectory: join(directory, "scratch"),
    ...(bucketRows === undefined ? {} : { bucketRows }),
    onMatch: (match) => recorder.onMatch(match),
    onObservation: (observation) => recorder.onObservation(observation),
  });
  const took = performance.now() - started;
  const perSecond = (ms: number) => `${((outputs / ms) * 1e3) / 1e6} M/s`;
  console.log(`hash and write ${outputs} rows: ${hashing.toFixed(0)} ms, ${perSecond(hashing)}`);
  console.log(`replay, join, order, histograms: ${took.toFixed(0)} ms, ${perSecond(took)}`);
  console.log(JSON.stringify(summary));
  console.log(`peak RSS ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
