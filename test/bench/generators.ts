/**
 * Prints events/s of the Nexmark generators as wire bytes, against objects and JSON.stringify in the same run.
 * Not a test: `node test/bench/generators.ts [events]`.
 */
import { NexmarkDataSet } from "../../generators/nexmark/dataset.ts";
import type { NexmarkEvent } from "../../generators/nexmark/model.ts";
import { EVENT_TYPE } from "../../generators/nexmark/model.ts";
import { resolveNexmarkOptions } from "../../generators/nexmark/options.ts";

const events = Number(process.argv[2] ?? 1_000_000);
const ROUNDS = 3;

function wireObject(event: NexmarkEvent): unknown {
  const { type } = event;
  return {
    event_type: EVENT_TYPE[type],
    person: type === "person" ? event.person : null,
    auction: type === "auction" ? event.auction : null,
    bid: type === "bid" ? event.bid : null,
  };
}

function bytesDirectly(dataSet: NexmarkDataSet, count: number): number {
  const cursor = dataSet.open();
  const target = new Uint8Array(1 << 20);
  let bytes = 0;
  let end = 0;
  for (let i = 0; i < count && cursor.advance(); i++) {
    if (end + cursor.maxWireBytes > target.length) end = 0;
    const start = end;
    end = cursor.writeWire(target, start);
    bytes += end - start;
  }
  return bytes;
}

function bytesByStringify(dataSet: NexmarkDataSet, count: number): number {
  const cursor = dataSet.open();
  let bytes = 0;
  for (let i = 0; i < count && cursor.advance(); i++)
    bytes += Buffer.from(JSON.stringify(wireObject(cursor.event()))).length;
  return bytes;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

for (const mode of ["head", "classic"] as const) {
  const dataSet = new NexmarkDataSet({ options: resolveNexmarkOptions({ mode, events }) });
  const variants = [
    { name: "direct", run: bytesDirectly, count: events },
    { name: "JSON.stringify", run: bytesByStringify, count: Math.ceil(events / 5) },
  ];
  for (const { name, run, count } of variants) {
    run(dataSet, Math.min(count, 50_000));
    let bytes = 0;
    const rates = Array.from({ length: ROUNDS }, () => {
      const start = process.hrtime.bigint();
      bytes = run(dataSet, count);
      return count / (Number(process.hrtime.bigint() - start) / 1e9);
    });
    const rate = Math.round(median(rates));
    process.stdout.write(`${mode} ${name}: ${rate} events/s, ${(bytes / count).toFixed(1)} bytes/event\n`);
  }
}
