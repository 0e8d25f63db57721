import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../../../base/random.ts";
import { SnapshotReader, SnapshotWriter } from "../../../../engine/checkpoint/snapshot.ts";
import type { OrderLogEntry } from "../../../../engine/replication/order-entry.ts";
import { OrderGroup } from "../../../../engine/replication/order-group.ts";
import { elementCount } from "../../../../engine/task/element.ts";
import { type Contents, elementAt, randomContents } from "./contents.ts";

const HOST = { onAppendable: () => {}, onOrdered: () => {}, resign: () => {}, truncate: () => {} };

function groupOf(attempt: number, channels: number, log = "orders/0") {
  const group = new OrderGroup({ attempt, log, replica: 0, replicas: 2, retain: 1 }, HOST);
  return { group, merge: group.merge(channels) };
}

type Made = ReturnType<typeof groupOf>;

/** Appends what the leader has and reads all of the log. */
function flush({ group }: Made, log: OrderLogEntry[]): void {
  for (let entry = group.take(); ; entry = group.take()) {
    if (entry !== null) log.push(entry);
    while (group.nextOffset < log.length) group.onEntry(group.nextOffset, log[group.nextOffset]!);
    if (entry === null) return;
  }
}

function offer({ merge }: Made, contents: Contents, from: readonly number[], most: number): void {
  for (const [channel, items] of contents.entries()) {
    for (let first = from[channel]!; first <= items.length && first < from[channel]! + most; ) {
      const element = elementAt(items, first, 3);
      merge.offer(channel, element);
      first += elementCount(element);
    }
  }
}

/** Delivers until a snapshot is due, or to the end; notes what it delivers, and its processed numbers. */
function deliver({ merge }: Made, processed: number[], stopAtSnapshot: boolean): boolean {
  for (let event = merge.next(); event !== null; event = merge.next()) {
    if (event.kind === "element") processed[event.channel]! += elementCount(event.element);
    // As in a task: the flagged heartbeat goes on, then the snapshot is taken.
    if (event.kind === "forward" && event.checkpointId !== null && stopAtSnapshot) return true;
  }
  return false;
}

describe("an order log over several attempts of a job", () => {
  it("is read on from where the snapshot was taken, and what other attempts have written does not count", () => {
    let restored = 0;
    for (let seed = 0; seed < 300; seed++) {
      const random = new Random(seed);
      const contents = randomContents(random, 1 + random.below(3));
      const log: OrderLogEntry[] = [];
      const first = groupOf(1, contents.length);
      first.group.onElected(1);
      flush(first, log);
      offer(
        first,
        contents,
        contents.map(() => 1),
        99,
      );
      flush(first, log);
      const processed = contents.map(() => 0);
      if (!deliver(first, processed, true)) continue;
      restored++;
      const writer = new SnapshotWriter();
      first.merge.snapshot(writer);
      const bytes = writer.finish();
      const snapshotOffset = first.group.nextOffset;
      // The old leader writes on; its claims are of an attempt that is over, however large their terms.
      log.push({ kind: "claim", attempt: 1, term: 1000, replica: 0 });
      log.push({ kind: "order", attempt: 1, term: 1000, replica: 0, runs: [0, 1] });

      const second = groupOf(2, contents.length);
      second.merge.restore(new SnapshotReader(bytes), "next");
      assert.equal(second.group.nextOffset, snapshotOffset);
      second.group.onElected(2);
      flush(second, log);
      assert.ok(second.group.leads, "terms of another attempt do not bind it");
      offer(
        second,
        contents,
        processed.map((number) => number + 1),
        99,
      );
      flush(second, log);
      deliver(second, processed, false);
      assert.deepEqual(
        processed,
        contents.map(({ length }) => length),
        `seed ${seed}`,
      );

      const elsewhere = groupOf(3, contents.length, "other/0");
      elsewhere.merge.restore(new SnapshotReader(bytes), "next");
      assert.equal(elsewhere.group.nextOffset, 0, "offsets of another log mean nothing");
    }
    assert.ok(restored > 50, `${restored}`);
  });

  it("goes on in the same attempt with what was ordered and not delivered", () => {
    for (let seed = 0; seed < 300; seed++) {
      const random = new Random(seed);
      const contents = randomContents(random, 1 + random.below(3), false);
      const log: OrderLogEntry[] = [];
      const leader = groupOf(1, contents.length);
      leader.group.onElected(1);
      flush(leader, log);
      offer(
        leader,
        contents,
        contents.map(() => 1),
        1 + random.below(20),
      );
      flush(leader, log);
      const writer = new SnapshotWriter();
      leader.merge.snapshot(writer);
      const joined = groupOf(1, contents.length);
      joined.merge.restore(new SnapshotReader(writer.finish()), "same");
      const processed = contents.map(() => 0);
      offer(
        joined,
        contents,
        contents.map(() => 1),
        99,
      );
      deliver(joined, processed, false);
      const ordered = contents.map(() => 0);
      for (const entry of log) {
        if (entry.kind !== "order") continue;
        for (let at = 0; at < entry.runs.length; at += 2) ordered[entry.runs[at]!]! += entry.runs[at + 1]!;
      }
      assert.deepEqual(processed, ordered, `seed ${seed}`);
    }
  });
});
