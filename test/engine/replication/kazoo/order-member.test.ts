import assert from "node:assert/strict";
import { test } from "node:test";
import type { OrderLogEntry } from "../../../../engine/replication/order-entry.ts";
import type { OrderGroup } from "../../../../engine/replication/order-group.ts";
import { OrderMember, type OrderMemberSpec } from "../../../../engine/replication/order-member.ts";

const LEASE_US = 50_000;
const SPEC: OrderMemberSpec = { group: "counts/0", partition: 0, replica: 0, replicas: 2, onOrdered: () => {} };
const CLAIM = { kind: "claim" } as OrderLogEntry;
const ORDER = { kind: "order" } as OrderLogEntry;

/** A replica whose entries come back when the test says so. */
function memberWithLog() {
  let stalls = 0;
  const group = { unread: true, onStalled: () => stalls++, counters: () => ({}) };
  const member = new OrderMember(SPEC, group as unknown as OrderGroup);
  return {
    /** It is appended and read back at once. */
    comesBack: (entry: OrderLogEntry, nowUs: number) => {
      member.onAppended(entry, nowUs);
      group.unread = false;
      member.onReadBack(entry, nowUs + 10);
      group.unread = true;
    },
    /** How long after `fromUs` it gives up on an entry of this kind, to the ms. */
    patienceUs: (entry: OrderLogEntry, fromUs: number) => {
      const before = stalls;
      member.onAppended(entry, fromUs);
      for (let us = 0; ; us += 1_000) {
        member.look(fromUs + us, LEASE_US);
        if (stalls > before) return us - 1_000;
        assert.ok(us < 100 * LEASE_US, "it never gives up");
      }
    },
  };
}

test("a replica that has claimed in vain waits twice as long the next time: claims must not come faster than they are read", () => {
  const { comesBack, patienceUs } = memberWithLog();
  const waited = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((n) => patienceUs(CLAIM, n * 1e8) / LEASE_US);
  assert.deepEqual(waited, [1, 2, 4, 8, 16, 32, 64, 64, 64]);
  comesBack(CLAIM, 2e9);
  assert.equal(patienceUs(CLAIM, 3e9) / LEASE_US, 64, "a claim that is read says nothing yet");
});

test("and as long as at first once an order of its own has come back", () => {
  const { comesBack, patienceUs } = memberWithLog();
  for (const n of [0, 1, 2]) patienceUs(CLAIM, n * 1e8);
  comesBack(ORDER, 1e9);
  assert.equal(patienceUs(ORDER, 2e9) / LEASE_US, 1);
});
