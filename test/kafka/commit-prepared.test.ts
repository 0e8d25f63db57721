import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { commitPrepared, type PreparedLog } from "../../kafka/transactions/commit-prepared.ts";
import type { TransactionCoordinator } from "../../kafka/transactions/coordinator.ts";
import type { MarkerSearch } from "../../kafka/transactions/marker-search.ts";

const PREPARED = { id: "t", producerId: 7, epoch: 0, partition: 0, firstOffset: 20 };
const END = 40;

/** A log of which the first transaction that is open begins at `stable`; `outcome` of the prepared one is behind its records. */
async function resolve(stable: number, outcome: MarkerSearch["outcome"]): Promise<string[]> {
  const done: string[] = [];
  const log: PreparedLog = {
    topic: "out",
    lastStableOffset: async () => stable,
    askLeader: async <T>() => ({ outcome, epoch: 0, nextOffset: END, endOffset: END, lastStableOffset: stable }) as T,
  };
  const end = async () => {
    done.push("end");
  };
  await commitPrepared({ end } as unknown as TransactionCoordinator, log, PREPARED);
  return done;
}

describe("the commit of a prepared transaction", () => {
  it("ends the one that is open at its place", async () => {
    assert.deepEqual(await resolve(PREPARED.firstOffset, null), ["end"]);
  });

  it("ends none when the log goes on behind it", async () => {
    assert.deepEqual(await resolve(PREPARED.firstOffset + 1, "commit"), []);
  });

  it("ends none when it has ended behind another's that is open: the id may be at work for a later one", async () => {
    assert.deepEqual(await resolve(PREPARED.firstOffset - 1, "commit"), []);
  });

  it("ends it when it is open behind another's", async () => {
    assert.deepEqual(await resolve(PREPARED.firstOffset - 1, null), ["end"]);
  });
});
