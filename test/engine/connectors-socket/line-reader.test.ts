import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { LineReader } from "../../../engine/connectors/socket/line-reader.ts";
import { LineSplitter } from "../../../engine/connectors/socket/line-splitter.ts";
import { isReplayable, refuseUnreplayable } from "../../../engine/connectors/socket/replay.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (value: Uint8Array) => new TextDecoder().decode(value);

/** A reader, what it gave, and whether its stream flows. */
function reading() {
  const given: string[] = [];
  const stream = { flowing: true, open: true };
  const reader = new LineReader(0, 0, {
    onRecords: (records) => {
      for (const cursor = records.walk(); cursor.next(); ) {
        given.push(`${cursor.offset} ${text(records.bytes.subarray(cursor.valueStart, cursor.valueEnd))}`);
      }
    },
    onSkipped: () => given.push("skipped"),
    onError: (error) => given.push(`error ${error.message}`),
  });
  reader.attach({
    pause: () => {
      stream.flowing = false;
    },
    resume: () => {
      stream.flowing = true;
    },
    close: () => {
      stream.open = false;
    },
  });
  return { reader, stream, take: () => given.splice(0) };
}

describe("lines of a socket", () => {
  it("are the same however the bytes are cut", () => {
    const lines = fc.array(fc.string({ unit: "grapheme", minLength: 1 }).filter((line) => !/[\r\n]/.test(line)));
    fc.assert(
      fc.property(lines, fc.array(fc.nat(), { maxLength: 8 }), fc.boolean(), (wanted, cuts, hasEnd) => {
        const all = bytes(wanted.join("\n") + (hasEnd ? "\n" : ""));
        const places = [...new Set(cuts.map((cut) => cut % (all.length + 1)))].sort((a, b) => a - b);
        const splitter = new LineSplitter();
        const found: Uint8Array[] = [];
        let from = 0;
        for (const to of [...places, all.length]) {
          found.push(...splitter.push(all.subarray(from, to)));
          from = to;
        }
        found.push(...splitter.end());
        assert.deepEqual(found.map(text), wanted);
      }),
    );
  });

  it("may end with CR LF, and one without end is bounded", () => {
    const splitter = new LineSplitter();
    assert.deepEqual(splitter.push(bytes("a\r\nb\r\n\r\n")).map(text), ["a", "b"]);
    assert.throws(() => splitter.push(new Uint8Array(2 ** 20 + 1).fill(65)), { code: "run-failed" });
  });

  it("are numbered, wait while the reader is paused, and hold the stream back meanwhile", () => {
    const { reader, stream, take } = reading();
    reader.onBytes(bytes("one\ntwo\nth"));
    assert.deepEqual(take(), ["0 one", "1 two"]);
    reader.pause();
    assert.equal(stream.flowing, false);
    reader.onBytes(bytes("ree\nfour\n"));
    assert.deepEqual(take(), []);
    reader.resume();
    assert.deepEqual(take(), ["2 three", "3 four"]);
    assert.equal(stream.flowing, true);
  });

  it("end when the peer closes: only then is it known how many there are", () => {
    const { reader, take } = reading();
    const ends: (readonly number[])[] = [];
    reader.endOffsets((offsets) => ends.push(offsets));
    reader.onBytes(bytes("one\nlast"));
    assert.deepEqual(ends, []);
    reader.onEnd();
    assert.deepEqual(take(), ["0 one", "1 last"]);
    assert.deepEqual(ends, [[2]]);
  });

  it("stop with the reader, and a broken stream is told once", () => {
    const { reader, stream, take } = reading();
    reader.onError(new Error("reset"));
    reader.onError(new Error("again"));
    reader.onBytes(bytes("late\n"));
    assert.deepEqual(take(), ["error reset"]);
    assert.equal(stream.open, false);
  });
});

describe("a job that reads a socket", () => {
  const sources = { lines: { kind: "socket" } };

  it("is refused when it promises more than at-most-once", () => {
    const refused = [
      { guarantee: "at-least-once" },
      { guarantee: "exactly-once", recovery: "passive" },
      { recovery: "passive" },
      { recovery: "scratch", guarantee: "at-most-once" },
      { replication: {} },
    ];
    for (const promises of refused) {
      assert.throws(() => refuseUnreplayable({ sources, ...promises }), /"lines" is a socket.*read again/);
    }
  });

  it("runs without recovery, and with at-most-once; other logs promise what they like", () => {
    refuseUnreplayable({ sources });
    refuseUnreplayable({ sources, recovery: "passive", guarantee: "at-most-once" });
    refuseUnreplayable({ sources: { events: { kind: "kafka" } }, recovery: "passive", guarantee: "exactly-once" });
    assert.deepEqual([isReplayable("socket"), isReplayable("kafka")], [false, true]);
  });
});
