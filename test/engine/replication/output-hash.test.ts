import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { END_EPOCH, OutputHash } from "../../../engine/replication/output-hash.ts";
import { rowText } from "../../../engine/replication/output-hash-text.ts";
import { OutputHashes, type OutputWindow, windowHeartbeatsOf } from "../../../engine/replication/output-hashes.ts";
import { BinaryRowWriter } from "../../../engine/rows/binary.ts";
import { RowSchema } from "../../../engine/rows/schema.ts";
import { TINY, tinyBatch } from "../simulation/tiny-rows.ts";

/** Rows with these values in binary form. */
function payloadOf(values: readonly number[]): Uint8Array {
  const writer = new BinaryRowWriter(TINY);
  const batch = tinyBatch(values.map((value) => ({ key: 1, value, time: value })));
  for (let row = 0; row < values.length; row++) writer.append(batch, row);
  return writer.take();
}

const ROW_BYTES = payloadOf([1]).length;

/** A channel that carries these epochs of values, each cut into frames of `frameRows` rows. */
function channelOf(epochs: readonly (readonly number[])[], frameRows: number, bytes = 1 << 16, kept = 64): OutputHash {
  const hash = new OutputHash(bytes, kept);
  let number = 0;
  for (const [index, values] of epochs.entries()) {
    for (let at = 0; at < values.length; at += frameRows) hash.records(payloadOf(values.slice(at, at + frameRows)));
    number += values.length + 1;
    hash.close(index + 1, number, index);
  }
  return hash;
}

const epochsOf = (hash: OutputHash) => hash.describe(0, END_EPOCH);
const streams = fc.array(fc.array(fc.nat(1_000), { maxLength: 12 }), { minLength: 1, maxLength: 12 });

describe("the hash of a replica's output", () => {
  it("is the same however frames were cut, and however little is kept", () => {
    fc.assert(
      fc.property(streams, fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 400 }), (epochs, rows, bytes) => {
        const [whole, cut] = [channelOf(epochs, 100), channelOf(epochs, rows, bytes)];
        assert.equal(cut.hash, whole.hash);
        assert.equal(cut.last, whole.last);
        const known = new Map(epochsOf(whole).map((epoch) => [epoch.epoch, epoch]));
        for (const epoch of epochsOf(cut)) {
          assert.deepEqual({ ...epoch, hashes: null }, { ...known.get(epoch.epoch), hashes: null });
          if (epoch.hashes !== null) assert.deepEqual(epoch.hashes, known.get(epoch.epoch)?.hashes);
        }
      }),
    );
  });

  it("differs from the first heartbeat behind a change on, and the records' hashes say which it was", () => {
    fc.assert(
      fc.property(streams, fc.nat(), fc.nat(), (epochs, pickEpoch, pickRow) => {
        const changed = pickEpoch % epochs.length;
        const values = epochs[changed]!;
        fc.pre(values.length > 0);
        const row = pickRow % values.length;
        const other = epochs.map((all, index) => (index === changed ? all.with(row, 5_000) : all));
        const [a, b] = [epochsOf(channelOf(epochs, 3)), epochsOf(channelOf(other, 5))];
        for (const [index, epoch] of a.entries()) {
          assert.equal(epoch.hash === b[index]!.hash, index < changed, `epoch ${index}`);
          const differing = epoch.hashes!.findIndex((hash, at) => hash !== b[index]!.hashes![at]);
          assert.equal(differing, index === changed ? row : -1);
        }
      }),
    );
  });

  it("counts watermarks and numbers, not rows alone", () => {
    const close = (number: number, watermarkMs: number) => {
      const hash = new OutputHash(100, 4);
      hash.close(1, number, watermarkMs);
      return hash.hash;
    };
    const hashes = [close(1, 5), close(2, 5), close(1, 6), close(1, Number.NaN), close(1, Number.NEGATIVE_INFINITY)];
    assert.equal(new Set(hashes).size, hashes.length);
    assert.equal(close(1, 0 / 0), close(1, Number.NaN));
  });

  it("keeps the latest records and no more: of older ones it says that they are gone", () => {
    const epochs = Array.from({ length: 10 }, (_, epoch) => [epoch, epoch + 100]);
    const described = epochsOf(channelOf(epochs, 2, ROW_BYTES * 5));
    assert.deepEqual(
      described.map(({ hashes }) => hashes?.length ?? null),
      [null, null, null, null, null, null, null, null, 2, 2],
    );
    assert.equal(epochsOf(channelOf(epochs, 2, 1 << 16, 4)).length, 4);
    const hash = channelOf(epochs, 2, ROW_BYTES * 5);
    assert.equal(hash.record(3, 0), null);
    assert.match(rowText(TINY, hash.record(10, 1)!), /^\{"key":1,"value":109,"time":109\} \(event time 109\)$/);
    assert.equal(hash.record(10, 2), null);
  });

  it("keeps what it has when it is asked", () => {
    const hash = channelOf([[1, 2], [3]], 2, ROW_BYTES * 3);
    const before = epochsOf(hash);
    hash.freeze();
    hash.records(payloadOf([7, 8, 9]));
    hash.close(3, 9, 3);
    assert.deepEqual(epochsOf(hash), before);
  });

  it("takes a computed NaN for any other", () => {
    const schema = new RowSchema([{ name: "x", type: "f64" }]);
    const bytesOf = (value: number) => {
      const writer = new BinaryRowWriter(schema);
      const values = Float64Array.of(value);
      writer.append(
        {
          schema,
          columns: [{ kind: "number", values, nulls: null }],
          eventTimes: new Float64Array(1),
          kinds: new Uint8Array(1),
          selection: new Int32Array(1),
          selectedCount: 1,
        },
        0,
      );
      return writer.take();
    };
    const negative = new Float64Array(new BigUint64Array([0xfff8_0000_0000_0001n]).buffer)[0]!;
    assert.deepEqual(bytesOf(negative), bytesOf(Number.NaN));
  });
});

describe("what a replica tells of its output", () => {
  const told: OutputWindow[][] = [];
  const clock = { nowUs: 0 };
  const hashesOf = (windowHeartbeats: number) => {
    told.length = 0;
    clock.nowUs = 0;
    const settings = { channels: 1, windowHeartbeats, clock: { nowUs: () => clock.nowUs } };
    const hashes = new OutputHashes({ ...settings, report: (windows) => told.push([...windows]) });
    let next = 1;
    const hash = hashes.add(TINY, () => next);
    return {
      hashes,
      beat: (heartbeat: number) => {
        hash.records(payloadOf([heartbeat]));
        next += 2;
        hashes.onHeartbeat(heartbeat, 0);
      },
    };
  };

  it("comes at the same heartbeats whatever the clock says, also where heartbeats are passed over", () => {
    const { hashes, beat } = hashesOf(10);
    for (const heartbeat of [1, 2, 9, 11, 12, 35, 36, 39, 40]) {
      clock.nowUs += 1_000_000;
      beat(heartbeat);
    }
    hashes.onEnd();
    const windows = told.flat();
    assert.deepEqual(
      windows.map(({ epoch, after }) => [epoch, after]),
      [
        [11, 0],
        [35, 11],
        [40, 35],
        [END_EPOCH, 40],
      ],
    );
    assert.deepEqual(
      windows.map(({ numbers }) => numbers[0]),
      [8, 12, 18, 18],
    );
  });

  it("comes at most ten times a second in a burst, with nothing left out", () => {
    const { beat } = hashesOf(1);
    for (let heartbeat = 1; heartbeat <= 30; heartbeat++) {
      clock.nowUs += 5_000;
      beat(heartbeat);
    }
    assert.equal(told.length, 2);
    assert.deepEqual(
      told.flat().map(({ epoch }) => epoch),
      Array.from({ length: 21 }, (_, index) => index + 1),
    );
  });

  it("covers a fifth of a second", () => {
    assert.deepEqual([10_000, 1_000, 500_000].map(windowHeartbeatsOf), [20, 200, 1]);
  });
});
