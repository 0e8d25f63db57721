/**
 * How fast the Nexmark generators make wire bytes, beside the naive way (an object and JSON.stringify) in the same rounds:
 * `npm run bench:generators [events] [rounds]`. One thread.
 */
import { NexmarkDataSet } from "../../generators/nexmark/dataset.ts";
import { EventDraw } from "../../generators/nexmark/draw.ts";
import type { NexmarkEvent } from "../../generators/nexmark/model.ts";
import { EVENT_TYPE } from "../../generators/nexmark/model.ts";
import { resolveNexmarkOptions } from "../../generators/nexmark/options.ts";
import { EventRenderer } from "../../generators/nexmark/render.ts";
import { History } from "./lib/history.ts";
import { calibration, compared, interleaved, measured, printTable } from "./lib/rounds.ts";

const events = Number(process.argv[2] ?? 1_000_000);
const rounds = Number(process.argv[3] ?? 7);
const history = new History("generators");

function wireObject(event: NexmarkEvent): unknown {
  const { type } = event;
  return {
    event_type: EVENT_TYPE[type],
    person: type === "person" ? event.person : null,
    auction: type === "auction" ? event.auction : null,
    bid: type === "bid" ? event.bid : null,
  };
}

const TARGET_BYTES = 1 << 20;
const ownTarget = new Uint8Array(TARGET_BYTES);

/** Into the cursor's own room, as the feeder does it, or into any array. */
function bytesDirectly(dataSet: NexmarkDataSet, count: number, hasRoom: boolean): number {
  const cursor = dataSet.open();
  const target = hasRoom ? cursor.makeRoom(TARGET_BYTES) : ownTarget;
  let end = 0;
  let made = 0;
  for (; made < count && cursor.advance(); made++) {
    if (end + cursor.maxWireBytes > target.length) end = 0;
    end = cursor.writeWire(target, end);
  }
  return made;
}

/** Without the kernel: as where there is no WebAssembly. */
function bytesByJavaScript({ options }: NexmarkDataSet, count: number): number {
  const draw = new EventDraw(options);
  const renderer = new EventRenderer(options, draw);
  let end = 0;
  for (let index = 0; index < count; index++) {
    if (end + renderer.maxBytes > TARGET_BYTES) end = 0;
    draw.drawTo(index);
    end = renderer.wire(ownTarget, end);
  }
  return count;
}

function bytesByStringify(dataSet: NexmarkDataSet, count: number): number {
  const cursor = dataSet.open();
  let made = 0;
  for (; made < count && cursor.advance(); made++)
    ownTarget.set(Buffer.from(JSON.stringify(wireObject(cursor.event()))));
  return made;
}

const variants = (["head", "classic"] as const).flatMap((mode) => {
  const dataSet = new NexmarkDataSet({ options: resolveNexmarkOptions({ mode, events }) });
  for (const hasRoom of [true, false]) bytesDirectly(dataSet, 50_000, hasRoom);
  bytesByStringify(dataSet, 50_000);
  return [
    { name: `${mode}, JSON.stringify`, run: () => measured(() => bytesByStringify(dataSet, Math.ceil(events / 5))) },
    { name: `${mode}, kernel`, run: () => measured(() => bytesDirectly(dataSet, events, true)) },
    { name: `${mode}, kernel and a copy`, run: () => measured(() => bytesDirectly(dataSet, events, false)) },
    { name: `${mode}, JavaScript`, run: () => measured(() => bytesByJavaScript(dataSet, events)) },
  ];
});
const results = await interleaved([...variants, calibration], rounds);
printTable(results.slice(0, -1), "event");
history.add(...compared(results));
history.append();
