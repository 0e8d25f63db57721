import assert from "node:assert/strict";
import { test } from "node:test";
import { MergeWait } from "../../../engine/merge/merge-wait.ts";

test("counts for each channel how long its slices wait, also those that are given in parts or together", () => {
  let [nowUs, readings] = [0, 0];
  const clock = {
    nowUs: () => {
      readings++;
      return nowUs;
    },
  };
  const waits = new MergeWait(2, clock);
  waits.onOffered(0, 10);
  nowUs = 100;
  waits.onOffered(0, 15);
  waits.onOffered(1, 3);
  nowUs = 300;
  const before = readings;
  waits.onGiven(0, 4);
  waits.onGiven(0, 9);
  assert.equal(readings, before, "parts of a slice cost no reading of the clock");
  waits.onGiven(0, 15);
  assert.equal(readings, before + 1);
  nowUs = 1_000;
  waits.onGiven(1, 3);
  assert.deepEqual(waits.counters(), {
    "mergeWaitUs.0": 500,
    "mergeWaits.0": 2,
    "mergeWaitMaxUs.0": 300,
    "mergeWaitUs.1": 900,
    "mergeWaits.1": 1,
    "mergeWaitMaxUs.1": 900,
  });
});
