/**
 * Prints ns/record of the JSON decoder against JSON.parse over the same records in the same run, and of the steps that follow it in a
 * job: of the best round, which whatever else runs on the machine disturbed least, then median and spread of all. Not a test:
 * `npm run bench:decode [records]`.
 */

import { JsonDecoder, jsonSource } from "../../engine/connectors/json/decoder.ts";
import { jsonEncoder } from "../../engine/connectors/json/encoder.ts";
import { wireSchema } from "../../engine/connectors/json/wire-format.ts";
import { SinkRowBuffer } from "../../engine/connectors/sink-row-buffer.ts";
import { count } from "../../engine/operators/aggregate/aggregate.ts";
import { BoundAggregates } from "../../engine/operators/aggregate/bound-aggregates.ts";
import type { Operator, Output } from "../../engine/operators/operator.ts";
import { WindowAggregateOperator } from "../../engine/operators/window/window-aggregate.ts";
import { windowSchema } from "../../engine/operators/window/window-schema.ts";
import { hopping, windowGeometry } from "../../engine/operators/window/window-spec.ts";
import type { LogRecords } from "../../engine/ports.ts";
import { BinaryRowReader, BinaryRowWriter } from "../../engine/rows/binary.ts";
import { KeyCodec } from "../../engine/rows/key.ts";
import { NexmarkDataSet } from "../../generators/nexmark/dataset.ts";
import { resolveNexmarkOptions } from "../../generators/nexmark/options.ts";
import { TEST_WIRE } from "../engine/connectors-json/nexmark-wire.ts";
import { logRecords } from "../engine/connectors-json/records.ts";
import { History } from "./lib/history.ts";
import { type Spread, shown, spreadOf } from "./lib/rounds.ts";

const records = Number(process.argv[2] ?? 100_000);
const ROUNDS = 5;
const BLOCK = 3000;
const MAX_BATCH_ROWS = 4096;
const history = new History("decode");

function blocks(mode: "head" | "classic"): LogRecords[] {
  const cursor = new NexmarkDataSet({ options: resolveNexmarkOptions({ mode, events: records }) }).open();
  const target = new Uint8Array(64 * 1024);
  const result: LogRecords[] = [];
  let values: Uint8Array[] = [];
  while (cursor.advance()) {
    values.push(target.slice(0, cursor.writeWire(target, 0)));
    if (values.length === BLOCK) {
      result.push(logRecords(values));
      values = [];
    }
  }
  result.push(logRecords(values));
  return result;
}

/** CPU ns/record. */
function measure(run: () => number): Spread {
  run();
  const times = Array.from({ length: ROUNDS }, () => {
    const start = process.cpuUsage();
    const done = run();
    if (done === 0) throw new Error("nothing done");
    return (process.cpuUsage(start).user * 1000) / records;
  });
  return spreadOf(times);
}

const PROJECTIONS = {
  q0: ["bid.auction", "bid.bidder", "bid.price", "bid.dateTime", "bid.extra"],
  q2: ["bid.auction", "bid.price"],
  q5: ["bid.auction"],
} as const;

function decodeAll(input: readonly LogRecords[], fields: readonly string[]): () => number {
  const decoder = jsonSource({ format: TEST_WIRE, fields, rows: ["bid"] }).decoder(MAX_BATCH_ROWS);
  return () => {
    let rows = 0;
    for (const block of input) decoder.decode(block, (batch) => (rows += batch.selectedCount));
    return rows;
  };
}

/** As `decodeAll`, without the WebAssembly kernel. */
function scanAll(input: readonly LogRecords[], fields: readonly string[]): () => number {
  const decoder = new JsonDecoder(TEST_WIRE, wireSchema(TEST_WIRE, fields), new Set(["bid"]), MAX_BATCH_ROWS, null);
  return () => {
    let rows = 0;
    for (const block of input) decoder.decode(block, (batch) => (rows += batch.selectedCount));
    return rows;
  };
}

function parseAll(input: readonly LogRecords[]): () => number {
  return () => {
    let rows = 0;
    for (const block of input) {
      const text = Buffer.from(block.bytes.buffer, block.bytes.byteOffset, block.bytes.byteLength);
      for (const cursor = block.walk(); cursor.next(); ) {
        const event = JSON.parse(text.toString("utf8", cursor.valueStart, cursor.valueEnd)) as { bid: unknown };
        if (event.bid !== null) rows += 1;
      }
    }
    return rows;
  };
}

/** q0 up to the output bytes: decode, encode. */
function passThrough(input: readonly LogRecords[]): () => number {
  const { decoder, schema } = jsonSource({ format: TEST_WIRE, fields: PROJECTIONS.q0, rows: ["bid"] });
  const source = decoder(MAX_BATCH_ROWS);
  const sink = new SinkRowBuffer(jsonEncoder(schema)());
  let bytes = 0;
  const take = (_bytes: Uint8Array, start: number, end: number) => {
    bytes += end - start;
  };
  return () => {
    for (const block of input) source.decode(block, (batch) => sink.encode(batch, take));
    return bytes;
  };
}

/** q0 over an exchange: decode, write binary rows, read them. */
function exchange(input: readonly LogRecords[]): () => number {
  const { decoder, schema } = jsonSource({ format: TEST_WIRE, fields: PROJECTIONS.q0, rows: ["bid"] });
  const source = decoder(MAX_BATCH_ROWS);
  const writer = new BinaryRowWriter(schema, 32 * 1024);
  const reader = new BinaryRowReader(schema, MAX_BATCH_ROWS);
  let rows = 0;
  const send = () => {
    const count = writer.count;
    reader.decode(writer.take(), 0, count, (batch) => (rows += batch.selectedCount));
  };
  return () => {
    for (const block of input) {
      source.decode(block, (batch) => {
        for (let i = 0; i < batch.selectedCount; i++) {
          writer.append(batch, batch.selection[i]!);
          if (writer.byteLength >= 31 * 1024) send();
        }
      });
      send();
    }
    return rows;
  };
}

/** q5's first stage: decode, count per auction in hopping windows. */
function hotItems(input: readonly LogRecords[]): () => number {
  const { decoder, schema } = jsonSource({ format: TEST_WIRE, fields: PROJECTIONS.q5, rows: ["bid"] });
  const source = decoder(MAX_BATCH_ROWS);
  const aggregates = [count("num")];
  return () => {
    let rows = 0;
    const output: Output = { emit: (batch) => (rows += batch.selectedCount) };
    const operator: Operator = new WindowAggregateOperator(
      new KeyCodec(schema, ["bid.auction"]),
      windowGeometry(hopping(10_000, 2_000)),
      new BoundAggregates(schema, aggregates),
      windowSchema(schema, ["bid.auction"], aggregates),
      null,
    );
    operator.open(
      { operatorId: "count", instance: 0, parallelism: 1, keyGroups: { first: 0, end: 128, total: 128 } },
      output,
    );
    for (const block of input) {
      const latestMs = source.decode(block, (batch) => operator.process(0, batch));
      operator.advanceWatermark(latestMs - 4000);
    }
    operator.advanceWatermark(Number.POSITIVE_INFINITY);
    return rows;
  };
}

for (const mode of ["head", "classic"] as const) {
  const input = blocks(mode);
  const report = (name: string, run: () => number) => {
    const cpuNsPerRecord = measure(run);
    const best = cpuNsPerRecord.min.toFixed(0).padStart(6);
    process.stdout.write(`${mode} ${name.padEnd(24)} ${best} ns/record, ${shown(cpuNsPerRecord, 0)}\n`);
    history.add({ name: `${mode} ${name}`, figures: { cpuNsPerRecord } });
  };
  report("JSON.parse", parseAll(input));
  for (const [query, fields] of Object.entries(PROJECTIONS)) report(`decode ${query}`, decodeAll(input, fields));
  report("decode q0, no kernel", scanAll(input, PROJECTIONS.q0));
  report("decode q0 + encode", passThrough(input));
  report("decode q0 + exchange", exchange(input));
  report("decode q5 + count windows", hotItems(input));
}
history.append();
