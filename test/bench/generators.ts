/**
 * How fast the Nexmark generators make wire bytes, beside the naive way (an object and JSON.stringify) in the same rounds:
 * `npm run bench:generators [events] [rounds]`. One thread.
 */
import { NexmarkDataSet } from "../../generators/nexmark/dataset.ts";
import type { NexmarkEvent } from "../../generators/nexmark/model.ts";
import { EVENT_TYPE } from "../../generators/nexmark/model.ts";
import { resolveNexmarkOptions } from "../../generators/nexmark/options.ts";
import { appendHistory, calibration, interleaved, measured, printTable } from "./lib/rounds.ts";

const events = Number(process.argv[2] ?? 1_000_000);
const rounds = Number(process.argv[3] ?? 7);

function wireObject(event: NexmarkEvent): unknown {
  const { type } = event;
  return {
    event_type: EVENT_TYPE[type],
    person: type === "person" ? event.person : null,
    auction: type === "auction" ? event.auction : null,
    bid: type === "bid" ? event.bid : null,
  };
}

const target = new Uint8Array(1 << 20);

function bytesDirectly(dataSet: NexmarkDataSet, count: number): number {
  const cursor = dataSet.open();
  let end = 0;
  let made = 0;
  for (; made < count && cursor.advance(); made++) {
    if (end + cursor.maxWireBytes > target.length) end = 0;
    end = cursor.writeWire(target, end);
  }
  return made;
}

function bytesByStringify(dataSet: NexmarkDataSet, count: number): number {
  const cursor = dataSet.open();
  let made = 0;
  for (; made < count && cursor.advance(); made++) target.set(Buffer.from(JSON.stringify(wireObject(cursor.event()))));
  return made;
}

const variants = (["head", "classic"] as const).flatMap((mode) => {
  const dataSet = new NexmarkDataSet({ options: resolveNexmarkOptions({ mode, events }) });
  bytesDirectly(dataSet, 50_000);
  bytesByStringify(dataSet, 50_000);
  return [
    { name: `${mode}, JSON.stringify`, run: () => measured(() => bytesByStringify(dataSet, Math.ceil(events / 5))) },
    { name: `${mode}, direct`, run: () => measured(() => bytesDirectly(dataSet, events)) },
  ];
});
const results = await interleaved([...variants, calibration], rounds);
printTable(results.slice(0, -1), "event");
appendHistory("generators", results, { events, rounds });
