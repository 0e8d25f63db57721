import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  formatDuration,
  formatRate,
  formatSize,
  type Parsed,
  parseDuration,
  parseRate,
  parseSize,
} from "../../../harness/config/units.ts";

function value(parsed: Parsed): number {
  assert.ok(parsed.ok, parsed.ok ? "" : parsed.message);
  return parsed.value;
}

test("quantities are read as documented", () => {
  assert.equal(value(parseRate("50k/s")), 50_000);
  assert.equal(value(parseRate("1.5M/s")), 1_500_000);
  assert.equal(value(parseRate("600/min")), 10);
  assert.equal(value(parseDuration("250ms")), 250);
  assert.equal(value(parseDuration("500us")), 0.5);
  assert.equal(value(parseDuration("500µs")), 0.5);
  assert.equal(value(parseDuration("1min30s")), 90_000);
  assert.equal(value(parseDuration("10m")), 600_000);
  assert.equal(value(parseDuration("1m30s")), 90_000);
  assert.equal(value(parseDuration("1m 5ms")), 60_005);
  assert.equal(value(parseDuration("2h 5s")), 7_205_000);
  assert.equal(value(parseDuration(0)), 0);
  assert.equal(value(parseSize("64KiB")), 65_536);
  assert.equal(value(parseSize("1g")), 2 ** 30);
  assert.equal(value(parseSize("1GB")), 1e9);
});

test("a missing unit, a wrong one and nonsense are refused with a hint", () => {
  for (const input of [10_000, "10000", "10k", "k/s", "-1/s", "1e3/s", "", null, {}, "5/d"]) {
    const parsed = parseRate(input);
    assert.ok(!parsed.ok, `${JSON.stringify(input)} must not be a rate`);
    assert.match(parsed.hint, /\/s/);
  }
  for (const input of [
    10,
    "10",
    "s",
    "10 s 5",
    "5s abc",
    "abc5s",
    "-1s",
    "1.5.5s",
    "0.5us",
    "5sms5",
    "5mm",
    "5M",
    "5mi",
    true,
  ]) {
    assert.ok(!parseDuration(input).ok, `${JSON.stringify(input)} must not be a duration`);
  }
  for (const input of [64, "64", "64kib", "1.5B", "KiB", "0.3KiB"]) {
    assert.ok(!parseSize(input).ok, `${JSON.stringify(input)} must not be a size`);
  }
});

test("what is formatted reads back as the same number", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e9 }), (rate) => {
      assert.equal(value(parseRate(formatRate(rate))), rate);
    }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 7 * 24 * 3600 * 1e6 }), (us) => {
      assert.equal(value(parseDuration(formatDuration(us / 1000))), us / 1000);
    }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 45 }), (bytes) => {
      assert.equal(value(parseSize(formatSize(bytes))), bytes);
    }),
  );
});

test("formats choose the usual unit", () => {
  assert.equal(formatRate(50_000), "50k/s");
  assert.equal(formatRate(1234), "1.234k/s");
  assert.equal(formatRate(999), "999/s");
  assert.equal(formatDuration(90_000), "1min30s");
  assert.equal(formatDuration(0.25), "250us");
  assert.equal(formatSize(65_536), "64KiB");
  assert.equal(formatSize(1000), "1kB");
});
