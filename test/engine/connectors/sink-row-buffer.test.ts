import assert from "node:assert/strict";
import { test } from "node:test";
import type { EncodedRows, RowEncoder } from "../../../engine/connectors/format.ts";
import { SinkRowBuffer } from "../../../engine/connectors/sink-row-buffer.ts";
import { tinyBatch } from "../simulation/tiny-rows.ts";

const ROWS = Array.from({ length: 50 }, (_, index) => ({ key: index, value: 0, time: 0 }));

/** Writes the row's number; many rows at once up to `able`, which it is asked about `asked` times. */
class CountingEncoder implements RowEncoder {
  asked = 0;
  readonly #able: number;

  constructor(able: number) {
    this.#able = able;
  }

  maxBytes(): number {
    return 1;
  }

  encode(_batch: unknown, row: number, target: Uint8Array, at: number): number {
    target[at] = row;
    return at + 1;
  }

  encodeRows(_batch: unknown, first: number): EncodedRows | null {
    this.asked += 1;
    const count = Math.min(10, this.#able - first);
    if (count <= 0) return null;
    const bytes = Uint8Array.from({ length: count }, (_, index) => first + index);
    return { bytes, start: 0, ends: Int32Array.from({ length: count }, (_, index) => index + 1), count };
  }
}

test("an encoder that cannot encode many rows of a batch is not asked again for each of them", () => {
  for (const able of [0, 10, 50]) {
    const encoder = new CountingEncoder(able);
    const got: number[] = [];
    new SinkRowBuffer(encoder).encode(tinyBatch(ROWS), (bytes, start, end, row) => {
      assert.equal(end, start + 1);
      assert.equal(bytes[start], row);
      got.push(row);
    });
    assert.deepEqual(
      got,
      ROWS.map(({ key }) => key),
    );
    assert.equal(encoder.asked, able / 10 + (able < 50 ? 1 : 0));
  }
});
