import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { RowHasher } from "../../../harness/verify/row-hash.ts";
import type { ColumnSpec, Value } from "../../../queries/query.ts";

const columns: ColumnSpec[] = [
  { name: "auction", type: "i64" },
  { name: "price", type: "decimal3" },
  { name: "dateTime", type: "timestamp" },
  { name: "extra", type: "string" },
];
const query = {
  columns,
  identity: [{ name: "window_end", type: "timestamp" }] as ColumnSpec[],
  nameColumns: ["auction", "window_end"],
  orderKey: ["auction"],
};

function hashes(h: RowHasher): number[] {
  return [h.nameHigh, h.nameLow, h.contentHigh, h.contentLow, h.orderHigh, h.orderLow];
}
function ofValues(values: readonly Value[]): number[] {
  const hasher = new RowHasher(query);
  hasher.fromValues(values);
  return hashes(hasher);
}
function ofJson(text: string): number[] | null {
  const hasher = new RowHasher(query);
  const bytes = new TextEncoder().encode(`xx${text}yy`);
  return hasher.fromRecord(bytes, 2, bytes.length - 2) ? hashes(hasher).slice(0, 4) : null;
}

const row = fc.record({
  auction: fc.oneof(fc.maxSafeInteger(), fc.constant(null)),
  price: fc.oneof(
    fc.integer({ min: -1e12, max: 1e12 }).map((n) => n / 1000 + 0),
    fc.constant(null),
  ),
  dateTime: fc.integer({ min: 0, max: 4e12 }),
  extra: fc.oneof(fc.string({ unit: "grapheme" }), fc.constant(null)),
  window_end: fc.integer({ min: 0, max: 4e12 }),
});
type Row = Record<string, Value>;
const names = [...columns, ...query.identity].map((c) => c.name);

/** Ways to write the same value. */
function spellings(name: string, value: Value): fc.Arbitrary<string> {
  if (value === null) return fc.constant("null");
  if (typeof value === "string") {
    const escaped = [...JSON.stringify(value).slice(1, -1)].join("");
    const unicode = value.replace(/[\s\S]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
    return fc.constantFrom(`"${escaped}"`, `"${unicode}"`);
  }
  if (name === "price")
    return fc.constantFrom(`${value}`, value.toFixed(3), `"${value.toFixed(3)}"`, `${value.toFixed(3)}00`);
  if (name === "dateTime") {
    const iso = new Date(value).toISOString();
    return fc.constantFrom(`${value}`, `"${iso}"`, `"${iso.replace("T", " ").replace("Z", "")}"`);
  }
  return fc.constant(`${value}`);
}

function written(r: Row): fc.Arbitrary<string> {
  return fc
    .tuple(
      fc.shuffledSubarray(names, { minLength: names.length }),
      fc.tuple(...names.map((name) => spellings(name, r[name] as Value))),
      fc.constantFrom("", " ", "\n\t "),
    )
    .map(([order, texts, gap]) => {
      const fields = order.map(
        (name) => `${gap}${JSON.stringify(name)}${gap}:${gap}${texts[names.indexOf(name)]}${gap}`,
      );
      return `${gap}{${fields.join(",")}}${gap}`;
    });
}

describe("row hashes: the same typed row is the same row, however an engine formats it", () => {
  it("key order, white space, escapes, trailing zeros and timestamp forms do not matter", () => {
    const formatted = row.chain((r) => fc.tuple(fc.constant(r as Row), written(r as Row)));
    fc.assert(
      fc.property(formatted, ([r, text]) => {
        assert.deepEqual(ofJson(text), ofValues(names.map((name) => r[name] as Value)).slice(0, 4), text);
      }),
      { numRuns: 500 },
    );
  });

  it("any other value changes the content hash", () => {
    fc.assert(
      fc.property(row, row, (a, b) => {
        const [x, y] = [a as Row, b as Row].map((r) => names.map((name) => r[name] as Value));
        fc.pre(JSON.stringify(x) !== JSON.stringify(y));
        assert.notDeepEqual(ofValues(x!).slice(2, 4), ofValues(y!).slice(2, 4));
      }),
    );
  });

  it("name and order hashes look at their columns only", () => {
    const a = ofValues([1, 90.8, 5, "x", 7]);
    const b = ofValues([1, 90.9, 6, "y", 7]);
    const c = ofValues([1, 90.8, 5, "x", 8]);
    assert.deepEqual(a.slice(0, 2), b.slice(0, 2));
    assert.notDeepEqual(a.slice(2, 4), b.slice(2, 4));
    assert.notDeepEqual(a.slice(0, 2), c.slice(0, 2));
    assert.deepEqual(a.slice(4), c.slice(4));
  });

  it("null, empty text and a text that looks like it differ", () => {
    const variants = [null, "", "null", "0"].map((extra) => ofValues([1, 1, 1, extra, 1]).join());
    assert.equal(new Set(variants).size, variants.length);
  });

  const good = '{"auction":1,"price":90.8,"dateTime":5,"extra":"x","window_end":7}';
  const bad = {
    "not JSON": good.slice(0, -1),
    "a column missing": '{"auction":1,"price":90.8,"dateTime":5,"extra":"x"}',
    "a column too many": good.replace("}", ',"more":1}'),
    "a name misspelt": good.replace("extra", "extru"),
    "a text for a number": good.replace(":1,", ':"1",'),
    "a fraction in a BIGINT": good.replace(":1,", ":1.5,"),
    "four decimals": good.replace("90.8", "90.8001"),
    "a number for a text": good.replace('"x"', "3"),
    "a leading zero": good.replace(":1,", ":01,"),
    "something behind it": `${good}}`,
    "an array": "[1]",
    "a BIGINT that a double cannot hold": good.replace(":1,", ":9007199254740993,"),
    nothing: "",
  };
  for (const [what, text] of Object.entries(bad)) {
    it(`${what}: flagged as undecodable`, () => {
      assert.notEqual(ofJson(good), null);
      assert.equal(ofJson(text), null);
    });
  }
});
