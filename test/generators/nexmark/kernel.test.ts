import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import fc from "fast-check";
import { NexmarkDataSet } from "../../../generators/nexmark/dataset.ts";
import { EventDraw } from "../../../generators/nexmark/draw.ts";
import { type EventKernel, openKernel } from "../../../generators/nexmark/kernel/kernel.ts";
import {
  type NexmarkOptions,
  type NexmarkOptionsInput,
  resolveNexmarkOptions,
} from "../../../generators/nexmark/options.ts";
import { EventRenderer } from "../../../generators/nexmark/render.ts";

/** Both ways to the wire values of the same options. */
class Both {
  readonly draw: EventDraw;
  readonly kernel: EventKernel;
  readonly renderer: EventRenderer;
  readonly #target: Uint8Array;

  constructor(options: NexmarkOptions) {
    this.draw = new EventDraw(options);
    this.renderer = new EventRenderer(options, this.draw);
    const kernel = openKernel(this.draw, this.renderer.maxBytes);
    assert.ok(kernel !== null, "this machine's WebAssembly has no SIMD");
    this.kernel = kernel;
    this.#target = new Uint8Array(this.renderer.maxBytes + 3);
  }

  ofJavaScript(index: number): string {
    this.draw.drawTo(index);
    return this.#text(this.renderer.wire(this.#target, 3));
  }

  ofKernel(index: number): string {
    return this.#text(this.kernel.write(index, this.#target, 3));
  }

  #text(end: number): string {
    const text = Buffer.from(this.#target.subarray(3, end)).toString("latin1");
    this.#target.fill(0xee);
    return text;
  }
}

const share = fc.integer({ min: 0, max: 5 });
const byteSize = fc.oneof(fc.integer({ min: 0, max: 700 }), fc.constantFrom(31, 32, 33, 5000));
const ratio = fc.integer({ min: 1, max: 9 });
const exponent = fc.option(fc.double({ min: 0, max: 3, noNaN: true }), { nil: undefined });
const seed = fc.oneof(fc.constantFrom(1, 3), fc.maxSafeInteger());
const firstNumber = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 1_000_000_000_000 }));

const optionsInput = fc.record({
  mode: fc.constantFrom("classic" as const, "head" as const),
  firstEventId: firstNumber,
  firstEventNumber: firstNumber,
  eventRatePerSecond: fc.constantFrom(0.37, 10, 10_000, 9_999_999),
  numEventGenerators: fc.integer({ min: 1, max: 70 }),
  outOfOrderGroupSize: fc.constantFrom(1, 1, 7, 100, 953),
  proportions: fc
    .record({ person: share, auction: share, bid: share })
    .filter(({ person, auction, bid }) => person + auction + bid > 0),
  hotRatios: fc.record({ auction: ratio, sellers: ratio, bidders: ratio }),
  skew: fc
    .record({ auctions: exponent, bidders: exponent, keys: fc.constantFrom(1, 2, 17, 1000) })
    .map(({ auctions, bidders, keys }) => ({
      ...(auctions === undefined ? {} : { auctions }),
      ...(bidders === undefined ? {} : { bidders }),
      keys,
    })),
  avgByteSizes: fc.record({ person: byteSize, auction: byteSize, bid: byteSize }),
  numInFlightAuctions: fc.constantFrom(1, 5, 100, 1_000_000),
  numActivePeople: fc.constantFrom(1, 3, 1000, 100_000_000),
  baseTimeMs: fc.constantFrom(0, 1_436_918_400_000, 8_640_000_000_000),
  seeds: fc.record({ extra: fc.constant(1), tables: fc.constant(3), events: seed }),
});

/** Times that a double holds exactly; beyond, neither way promises digits. */
function hasSafeTimes(options: NexmarkOptions): boolean {
  return Number.isSafeInteger(new NexmarkDataSet({ options: { ...options, events: 1000 } }).closingTimeMs);
}

test("the kernel writes what JavaScript writes, byte for byte, whatever the options", () => {
  fc.assert(
    fc.property(
      optionsInput,
      fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 30, maxLength: 60 }),
      (input, steps) => {
        const options = resolveNexmarkOptions(input);
        fc.pre(hasSafeTimes(options));
        const both = new Both(options);
        let index = 0;
        for (const step of steps) {
          index += step; // 0: the same event once more
          const expected = both.ofJavaScript(index);
          if (step % 2 === 0) assert.equal(both.kernel.key(index), both.draw.key);
          assert.equal(both.ofKernel(index), expected);
        }
      },
    ),
    { numRuns: 150 },
  );
});

const LONG_RUNS: readonly NexmarkOptionsInput[] = [
  { mode: "head", seeds: { events: 42 } },
  { mode: "head", seeds: { events: -7 }, skew: { auctions: 1.1, bidders: 0.7, keys: 50_000 } },
  { mode: "classic" },
];

for (const input of LONG_RUNS) {
  test(`the same over 100,000 events, the doubtful prices of some among them: ${JSON.stringify(input)}`, () => {
    const both = new Both(resolveNexmarkOptions(input));
    for (let index = 0; index < 100_000; index++) {
      if (both.ofKernel(index) !== both.ofJavaScript(index)) assert.fail(`event ${index} differs`);
    }
  });
}

for (const mode of ["classic", "head"] as const) {
  test(`${mode}: what is written into the kernel's own room is what is written elsewhere; nothing behind it changes`, () => {
    const dataSet = new NexmarkDataSet({ options: resolveNexmarkOptions({ mode, events: 2000 }) });
    const cursor = dataSet.open(200);
    const other = dataSet.open(200);
    const room = cursor.makeRoom(3 * cursor.maxWireBytes).fill(0xee);
    const target = new Uint8Array(cursor.maxWireBytes);
    while (cursor.advance() && other.advance()) {
      const end = cursor.writeWire(room, 5);
      assert.ok(room[5 + cursor.maxWireBytes] === 0xee && room[4] === 0xee);
      assert.deepEqual(room.subarray(5, end), target.subarray(0, other.writeWire(target, 0)));
      room.fill(0xee);
    }
    assert.equal(other.advance(), false);
    assert.throws(() => cursor.makeRoom(1), /makes room once/);
  });
}

test("room of 2 GiB, the most that a feeder asks for, can be used to its end", () => {
  const cursor = new NexmarkDataSet({ options: resolveNexmarkOptions({ events: 1 }) }).open();
  const room = cursor.makeRoom(2 ** 31);
  const at = room.length - cursor.maxWireBytes;
  assert.ok(cursor.advance());
  const end = cursor.writeWire(room, at);
  assert.ok(end > at && end <= room.length, `${end}`);
  assert.doesNotThrow(() => JSON.parse(Buffer.from(room.subarray(at, end)).toString()));
});

test("a cursor with a kernel says of the events that it passes over what one without says", () => {
  const options = resolveNexmarkOptions({ events: 1000 });
  const parts = { options, partitions: 3, partitionRule: "auction" } as const;
  const json = new NexmarkDataSet(parts).open();
  const binary = new NexmarkDataSet({ ...parts, format: "binary" }).open();
  const target = new Uint8Array(json.maxWireBytes);
  while (json.advance() && binary.advance()) {
    assert.deepEqual([json.partition, json.eventTimeMs], [binary.partition, binary.eventTimeMs]);
    if (json.index % 5 !== 0) continue;
    const wire = JSON.parse(Buffer.from(target.subarray(0, json.writeWire(target, 0))).toString());
    const event = binary.event();
    assert.deepEqual(wire[event.type], {
      ...("bid" in event ? event.bid : "person" in event ? event.person : event.auction),
    });
  }
});

test("the committed module is what its sources compile to", async () => {
  const script = fileURLToPath(new URL("../../../scripts/kernel.ts", import.meta.url));
  await promisify(execFile)(process.execPath, [script, "--check", "generators/nexmark/kernel"]);
});
