/**
 * What the engine costs beside the bare kernel: `npm run bench:kernel [events] [rounds]`. Both read the same records in memory in one
 * process, in turns. The bare kernel is the least that a program for this one query does: places of the records, SIMD parse, filter or
 * count, write, checksum of every row. The engine is a whole job: source, watermarks, operators, exchange, sink.
 */
import { hash64, lastHash } from "../../base/hash.ts";
import { JsonDecoder } from "../../engine/connectors/json/decoder.ts";
import { JsonEncoder } from "../../engine/connectors/json/encoder.ts";
import { wireSchema } from "../../engine/connectors/json/wire-format.ts";
import { SinkRowBuffer } from "../../engine/connectors/sink-row-buffer.ts";
import { SuppliedRecords } from "../../engine/connectors/source-supplier.ts";
import type { ColumnBatch, NumberColumn } from "../../engine/rows/batch.ts";
import { NexmarkDataSet } from "../../generators/nexmark/dataset.ts";
import { resolveNexmarkOptions } from "../../generators/nexmark/options.ts";
import { NEXMARK_WIRE } from "../../queries/nexmark/wire.ts";
import { History } from "./lib/history.ts";
import { BATCH_RECORDS, drainInMemory, FilledLog } from "./lib/memory-drain.ts";
import { compared, interleaved, measured, printTable, shown, type Variant } from "./lib/rounds.ts";

const events = Number(process.argv[2] ?? 300_000);
const rounds = Number(process.argv[3] ?? 7);
const MAX_BATCH_ROWS = 4096;
const WINDOW_MS = 10_000;
const SLIDE_MS = 2_000;
const DIVISOR = 123;
const history = new History("kernel");

const options = resolveNexmarkOptions({ events });
const log = new FilledLog(new NexmarkDataSet({ options, partitions: 1 }));

/** Decodes the whole log. */
function decodeAll(fields: readonly string[], onRows: (batch: ColumnBatch) => void): void {
  const names = fields.map((name) => `bid.${name}`);
  const decoder = new JsonDecoder(NEXMARK_WIRE, wireSchema(NEXMARK_WIRE, names), new Set(["bid"]), MAX_BATCH_ROWS);
  for (let offset = 0; offset < log.records; offset += BATCH_RECORDS) {
    decoder.decode(new SuppliedRecords(0, offset, log.read(0, offset, BATCH_RECORDS)), onRows);
  }
}

/** Writes rows and adds up their hashes. */
function checksumming(fields: readonly string[]): { write(batch: ColumnBatch): void; sum: number } {
  const sink = new SinkRowBuffer(
    new JsonEncoder(
      wireSchema(
        NEXMARK_WIRE,
        fields.map((name) => `bid.${name}`),
      ),
    ),
  );
  const add = (bytes: Uint8Array, start: number, end: number) => {
    hash64(bytes, start, end);
    result.sum = (result.sum + lastHash.low) >>> 0;
  };
  const result = { sum: 0, write: (batch: ColumnBatch) => sink.encode(batch, add) };
  return result;
}

function bareQ0(): number {
  const fields = ["auction", "bidder", "price", "dateTime", "extra"];
  const out = checksumming(fields);
  decodeAll(fields, (batch) => out.write(batch));
  return out.sum;
}

function bareQ2(): number {
  const fields = ["auction", "price", "bidder", "dateTime"];
  const out = checksumming(fields);
  const selection = new Int32Array(MAX_BATCH_ROWS);
  decodeAll(fields, (batch) => {
    const { values } = batch.columns[0] as NumberColumn;
    let count = 0;
    for (let row = 0; row < batch.selectedCount; row++) if (values[row]! % DIVISOR === 0) selection[count++] = row;
    const { schema, columns, eventTimes, kinds } = batch;
    out.write({ schema, columns, eventTimes, kinds, selection, selectedCount: count });
  });
  return out.sum;
}

/** Bids per auction in panes of 2 s, then the largest of every window: without disorder, which this data does not have. */
function bareQ5(): number {
  const panes: Map<number, number>[] = [];
  let [paneAt, hottest] = [Number.NaN, 0];
  let pane = new Map<number, number>();
  const close = () => {
    panes.push(pane);
    if (panes.length > WINDOW_MS / SLIDE_MS) panes.shift();
    const counts = new Map<number, number>();
    for (const one of panes) for (const [key, count] of one) counts.set(key, (counts.get(key) ?? 0) + count);
    hottest += Math.max(...counts.values());
    pane = new Map();
  };
  decodeAll(["auction"], (batch) => {
    const { values } = batch.columns[0] as NumberColumn;
    for (let row = 0; row < batch.selectedCount; row++) {
      const at = Math.floor(batch.eventTimes[row]! / SLIDE_MS);
      if (at !== paneAt) {
        if (!Number.isNaN(paneAt)) close();
        paneAt = at;
      }
      const key = values[row]!;
      pane.set(key, (pane.get(key) ?? 0) + 1);
    }
  });
  close();
  return hottest;
}

for (const [id, bare] of Object.entries({ q0: bareQ0, q2: bareQ2, q5: bareQ5 })) {
  const variants: Variant[] = [
    {
      name: `${id}, bare kernel`,
      run: () =>
        measured(() => {
          if (bare() === 0) throw new Error("nothing done");
          return log.records;
        }),
    },
    { name: `${id}, engine`, run: () => drainInMemory(id, log, options.mode) },
  ];
  await interleaved(variants, 2);
  const results = await interleaved(variants, rounds);
  printTable(results, "event");
  const [kernel, engine] = compared(results);
  process.stdout.write(`${id}: engine / bare kernel, CPU: ${shown(engine!.figures.cpuRatio)}\n\n`);
  history.add(kernel!, engine!);
}
history.append();
