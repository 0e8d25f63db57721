import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { crc32c } from "@node-rs/crc32";
import fc from "fast-check";
import { FaultlineError } from "../../../base/errors.ts";
import { type CheckpointMetadata, decodeMetadata, encodeMetadata } from "../../../engine/checkpoint/metadata.ts";
import { checkpointFolder, checkpointIdOf, snapshotFileName } from "../../../engine/checkpoint/paths.ts";
import { decodeSnapshotFile, encodeSnapshotFile } from "../../../engine/checkpoint/snapshot-file.ts";

const text = (words: string) => new TextEncoder().encode(words);

function problemOf(decode: () => unknown): string {
  try {
    decode();
  } catch (error) {
    assert.ok(error instanceof FaultlineError && error.code === "snapshot-corrupt", String(error));
    return String(error.context.problem);
  }
  return "none";
}

describe("the file of a snapshot", () => {
  it("gives back what was put in, whatever the pieces", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 6 }), (pieces) => {
        const file = encodeSnapshotFile(pieces);
        assert.deepEqual(Buffer.from(decodeSnapshotFile(file)), Buffer.concat(pieces));
        assert.equal(Buffer.from(file).readUInt32LE(file.length - 4), crc32c(file.subarray(0, -4)));
      }),
    );
  });

  it("is known to be damaged after any cut, any lengthening and any flipped bit", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(), (payload, choice) => {
        const file = encodeSnapshotFile([payload]);
        const flipped = file.slice();
        const bit = choice % (file.length * 8);
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        assert.notEqual(
          problemOf(() => decodeSnapshotFile(flipped)),
          "none",
        );
        assert.match(
          problemOf(() => decodeSnapshotFile(file.subarray(0, choice % file.length))),
          /torn/,
        );
        assert.match(
          problemOf(() => decodeSnapshotFile(Buffer.concat([file, Buffer.alloc(1)]))),
          /torn/,
        );
      }),
    );
  });

  it("says what is wrong with it", () => {
    const file = encodeSnapshotFile([text("state")]);
    const with32 = (at: number, value: number) => {
      const changed = Buffer.from(file);
      changed.writeUInt32LE(value, at);
      return changed;
    };
    assert.equal(
      problemOf(() => decodeSnapshotFile(with32(4, 9))),
      "version 9, where 2 is known",
    );
    assert.match(
      problemOf(() => decodeSnapshotFile(with32(0, 1))),
      /does not begin as a snapshot/,
    );
    assert.match(
      problemOf(() => decodeSnapshotFile(with32(9, 1))),
      /checksum is wrong/,
    );
    assert.equal(
      problemOf(() => decodeSnapshotFile(file.subarray(0, 20))),
      "torn: 20 bytes",
    );
    const whole = { bytes: file.length, checksum: Buffer.from(file).readUInt32LE(file.length - 4) };
    assert.equal(
      problemOf(() => decodeSnapshotFile(file, whole)),
      "none",
    );
    const other = encodeSnapshotFile([text("STATE")]);
    assert.match(
      problemOf(() => decodeSnapshotFile(other, whole)),
      /not what was stored/,
    );
  });
});

describe("a checkpoint's metadata", () => {
  const METADATA: CheckpointMetadata = {
    checkpointId: 3,
    jobId: "j",
    graphHash: "g",
    attempt: 2,
    timeUs: 5,
    isSavepoint: false,
    parallelism: { "söurce/1": 1 },
    snapshots: [{ vertex: "söurce/1", subtask: 0, file: "f-0", bytes: 7, checksum: 4294967295 }],
  };

  it("come back as they were", () => {
    const { version, ...read } = decodeMetadata(encodeMetadata(METADATA)) as CheckpointMetadata & { version?: number };
    assert.deepEqual([version, read], [1, METADATA]);
  });

  it("of another version, without a field or no JSON at all are refused, whole as the file may be", () => {
    const refused: readonly [string, RegExp][] = [
      [JSON.stringify({ ...METADATA, version: 2 }), /version 2/],
      [JSON.stringify({ ...METADATA, version: 1, snapshots: [{ vertex: "a" }] }), /fields/],
      [JSON.stringify({ ...METADATA, version: 1, checkpointId: "3" }), /fields/],
      ["[]", /no object/],
      ["{", /no JSON/],
    ];
    for (const [json, problem] of refused) {
      assert.match(
        problemOf(() => decodeMetadata(encodeSnapshotFile([text(json)]))),
        problem,
      );
    }
  });
});

describe("names in the store", () => {
  it("are different for different vertices, and nothing a file system minds", () => {
    const name = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.constantFrom("a/b", "a_b", "..", "_metadata", "A b", "x".repeat(500)),
    );
    fc.assert(
      fc.property(name, name, (a, b) => {
        const [one, other] = [snapshotFileName(a, 1), snapshotFileName(b, 1)];
        assert.match(one, /^[A-Za-z0-9%-][A-Za-z0-9%._~-]*-1$/);
        assert.ok(one.length <= 210);
        assert.equal(one === other, new TextDecoder().decode(text(a)) === new TextDecoder().decode(text(b)));
      }),
    );
    assert.equal(checkpointFolder("../j", 7), "%2e.%2fj/chk-7");
  });

  it("tell the checkpoints of a job from what else lies there", () => {
    const names = ["chk-1", "chk-12", "chk-0", "chk-01", "chk-", "chk-x", "_metadata", "chk-1.tmp"];
    assert.deepEqual(names.map(checkpointIdOf), [1, 12, null, null, null, null, null, null]);
  });
});
