/**
 * Prints bytes/event and CPU ns/event of reading Nexmark's events and writing output rows as JSON (WebAssembly kernel and, for
 * comparison, without it), in the binary format, and in the variant of it that was not taken (decision 0011). All in turn in one
 * process, and a process for each query and mode, as a worker runs one job. Not a test: `npm run bench:wire-format [rounds]`.
 */

import { BinaryDecoder } from "../../engine/connectors/binary/decoder.ts";
import { BinaryEncoder } from "../../engine/connectors/binary/encoder.ts";
import type { RecordDecoder, RowEncoder } from "../../engine/connectors/format.ts";
import { JsonDecoder } from "../../engine/connectors/json/decoder.ts";
import { JsonEncoder } from "../../engine/connectors/json/encoder.ts";
import { wireSchema } from "../../engine/connectors/json/wire-format.ts";
import type { LogRecords } from "../../engine/ports.ts";
import type { ColumnBatch } from "../../engine/rows/batch.ts";
import type { RowSchema } from "../../engine/rows/schema.ts";
import { NexmarkDataSet } from "../../generators/nexmark/dataset.ts";
import { resolveNexmarkOptions } from "../../generators/nexmark/options.ts";
import { NEXMARK_WIRE } from "../../queries/nexmark/wire.ts";
import { logRecords } from "../engine/connectors-json/records.ts";
import { History } from "./lib/history.ts";
import { shown, spreadOf } from "./lib/rounds.ts";
import { VarintBidDecoder, varintBid } from "./lib/varint-bids.ts";

const rounds = Number(process.argv[2] ?? 9);
const history = new History("wire-format");
/** As large as a few fetches, which are in the cache when they are decoded. */
const events = 6_000;
const PASSES = 20;
const BLOCK = 3_000;
const BATCH_ROWS = 1_024;
const PROJECTIONS = {
  q0: ["bid.auction", "bid.bidder", "bid.price", "bid.dateTime", "bid.extra"],
  q5: ["bid.auction"],
  q19: ["bid.auction", "bid.bidder", "bid.price", "bid.channel", "bid.url", "bid.dateTime", "bid.extra"],
} as const;
const BIDS = new Set(["bid"]);

interface Blocks {
  readonly blocks: readonly LogRecords[];
  readonly bytesPerEvent: number;
  readonly bytesPerBid: number;
}

function blocksOf(mode: "head" | "classic", format: "json" | "binary" | "varint"): Blocks {
  const options = resolveNexmarkOptions({ mode, events });
  const cursor = new NexmarkDataSet({ options, format: format === "json" ? "json" : "binary" }).open();
  const target = new Uint8Array(cursor.maxWireBytes);
  const blocks: LogRecords[] = [];
  let values: Uint8Array[] = [];
  let total = 0;
  let bidBytes = 0;
  let bids = 0;
  while (cursor.advance()) {
    const event = cursor.event();
    const isBid = event.type === "bid";
    const value = format === "varint" && isBid ? varintBid(event.bid) : target.slice(0, cursor.writeWire(target, 0));
    total += value.length;
    if (isBid) {
      bids += 1;
      bidBytes += value.length;
    }
    values.push(value);
    if (values.length === BLOCK) blocks.push(logRecords(values.splice(0)));
  }
  if (values.length > 0) blocks.push(logRecords(values));
  values = [];
  return { blocks, bytesPerEvent: total / events, bytesPerBid: bidBytes / bids };
}

/** CPU ns/event of each way in each round, all ways in turn. */
function interleaved(ways: ReadonlyMap<string, () => number>): ReadonlyMap<string, number[]> {
  const times = new Map([...ways.keys()].map((name) => [name, [] as number[]]));
  for (let round = -2; round < rounds; round++) {
    for (const [name, run] of ways) {
      const start = process.cpuUsage();
      for (let pass = 0; pass < PASSES; pass++) if (run() === 0) throw new Error(`${name}: nothing done`);
      const { user, system } = process.cpuUsage(start);
      if (round >= 0) times.get(name)!.push(((user + system) * 1_000) / (events * PASSES));
    }
  }
  return times;
}

/** Reads everything; the number of rows. */
function reading(decoder: RecordDecoder, { blocks }: Blocks): () => number {
  return () => {
    let rows = 0;
    for (const block of blocks) decoder.decode(block, (batch) => (rows += batch.selectedCount));
    if (decoder.undecodable > 0) throw new Error(`${decoder.undecodable} undecodable`);
    return rows;
  };
}

/** Goes from record to record and looks at nothing: a part of all the others. */
function walking({ blocks }: Blocks): () => number {
  return () => {
    let bytes = 0;
    for (const block of blocks) {
      for (const cursor = block.walk(); cursor.next(); ) bytes += cursor.valueEnd - cursor.valueStart;
    }
    return bytes;
  };
}

/** Reads everything and writes every row, as a sink does; the number of bytes. */
function copying(decoder: RecordDecoder, encoder: RowEncoder, { blocks }: Blocks): () => number {
  let target = new Uint8Array(1 << 20);
  let bytes = 0;
  const write = (batch: ColumnBatch) => {
    for (let i = 0; i < batch.selectedCount; ) {
      const many = encoder.encodeRows?.(batch, i) ?? null;
      if (many !== null) {
        bytes += many.ends[many.count - 1]!;
        i += many.count;
        continue;
      }
      const row = batch.selection[i++]!;
      const room = encoder.maxBytes(batch, row);
      if (room > target.length) target = new Uint8Array(room);
      bytes += encoder.encode(batch, row, target, 0);
    }
  };
  return () => {
    bytes = 0;
    for (const block of blocks) decoder.decode(block, write);
    return bytes;
  };
}

const padded = (value: number) => value.toFixed(0).padStart(5);
const print = (line: string) => process.stdout.write(`${line}\n`);

function report(title: string, times: ReadonlyMap<string, number[]>): void {
  const base = times.get("json")!;
  print(title);
  for (const [name, own] of times) {
    const cpuNsPerEvent = spreadOf(own);
    const cpuRatio = spreadOf(own.map((time, i) => time / base[i]!));
    print(`  ${name.padEnd(18)} ${padded(cpuNsPerEvent.median)} ns/event   × json: ${shown(cpuRatio)}`);
    history.add({ name: `${title}, ${name}`, figures: { cpuNsPerEvent, cpuRatio } });
  }
}

function compare(mode: "head" | "classic", query: keyof typeof PROJECTIONS): void {
  const json = blocksOf(mode, "json");
  const binary = blocksOf(mode, "binary");
  const varint = blocksOf(mode, "varint");
  for (const [name, { bytesPerEvent, bytesPerBid }] of Object.entries({ json, binary, varint })) {
    const all = name === "varint" ? "" : `${bytesPerEvent.toFixed(1)} bytes/event, `;
    print(`${mode} ${name}: ${all}${bytesPerBid.toFixed(1)} bytes/bid`);
    const figures = name === "varint" ? { bytesPerBid } : { bytesPerEvent, bytesPerBid };
    history.add({ name: `${mode} ${query}: size, ${name}`, figures });
  }
  const schema: RowSchema = wireSchema(NEXMARK_WIRE, PROJECTIONS[query]);
  const jsonDecoder = (kernel?: null) => new JsonDecoder(NEXMARK_WIRE, schema, BIDS, BATCH_ROWS, kernel);
  const binaryDecoder = () => new BinaryDecoder(NEXMARK_WIRE, schema, BIDS, BATCH_ROWS);
  const readers = new Map([
    ["json", reading(jsonDecoder(), json)],
    ["json, no kernel", reading(jsonDecoder(null), json)],
    ["binary", reading(binaryDecoder(), binary)],
    ["varint", reading(new VarintBidDecoder(schema, BATCH_ROWS), varint)],
    ["walking", walking(binary)],
  ]);
  report(`${mode} ${query}: reading`, interleaved(readers));
  if (query === "q5") return;
  const copiers = new Map([
    ["json", copying(jsonDecoder(), new JsonEncoder(schema), json)],
    ["binary", copying(binaryDecoder(), new BinaryEncoder(schema), binary)],
  ]);
  report(`${mode} ${query}: reading and writing every row`, interleaved(copiers));
}

const [mode, query] = process.argv.slice(3);
if (mode !== undefined) compare(mode as "head" | "classic", query as keyof typeof PROJECTIONS);
else {
  for (const one of ["head", "classic"]) {
    for (const name of Object.keys(PROJECTIONS)) await history.addFromProcess([String(rounds), one, name]);
  }
}
history.append();
