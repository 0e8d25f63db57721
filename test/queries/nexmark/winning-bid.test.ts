import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { KeyedProcessOperator } from "../../../engine/operators/keyed-process.ts";
import { KeyCodec } from "../../../engine/rows/key.ts";
import { instanceOfKeyGroup, keyGroupOfNumber } from "../../../engine/rows/key-groups.ts";
import { type FieldType, RowSchema } from "../../../engine/rows/schema.ts";
import type { NexmarkEvent } from "../../../generators/nexmark/model.ts";
import { q9Oracle } from "../../../queries/nexmark/q9/oracle.ts";
import { AUCTION_COLUMNS, BID_COLUMNS, winningBid, winningBidSchema } from "../../../queries/nexmark/q9/winning-bid.ts";
import { feed, KEY_GROUPS, open, reopen, snapshotOf } from "../../engine/operators/run.ts";
import type { PlainRow, Value } from "../../engine/rows/rows.ts";
import { auction, bid, rowsOf } from "./events.ts";

const TEXTS = ["itemName", "description", "extra"];
const typeOf = (name: string): FieldType => (TEXTS.includes(name) ? "string" : "i64");
const schema = new RowSchema([
  { name: "key", type: "i64" },
  ...AUCTION_COLUMNS.map((name) => ({ name: `auction.${name}`, type: typeOf(name) })),
  ...BID_COLUMNS.map((name) => ({ name: `bid.${name}`, type: typeOf(name) })),
]);
const create = () =>
  new KeyedProcessOperator(new KeyCodec(schema, ["key"]), winningBidSchema(schema), () => winningBid(schema));

/** The event as the row of the mixed stream. */
function rowOf(event: NexmarkEvent): PlainRow {
  const valuesOf = (record: object | null, names: readonly string[]) =>
    names.map((name) => (record === null ? null : ((record as Record<string, Value>)[name] ?? null)));
  const one = event.type === "auction" ? event.auction : null;
  const other = event.type === "bid" ? event.bid : null;
  const key = one?.id ?? other?.auction ?? 0;
  const values = [key, ...valuesOf(one, AUCTION_COLUMNS), ...valuesOf(other, BID_COLUMNS)];
  return { eventTimeMs: event.timestampMs, values };
}

const anyBid = fc
  .record({
    auction: fc.nat(5),
    bidder: fc.nat(3),
    price: fc.nat(4),
    dateTime: fc.integer({ min: 8, max: 22 }),
    extra: fc.constantFrom("", "some", "a long text that needs room"),
  })
  .map(bid);
const anyAuction = fc
  .record({ id: fc.nat(5), dateTime: fc.constantFrom(10, 12), expires: fc.constantFrom(15, 20), itemName: fc.string() })
  .map(auction);
/** Each auction comes once, before, among or after its bids. */
const anyEvents = fc
  .array(fc.oneof({ weight: 6, arbitrary: anyBid }, { weight: 1, arbitrary: anyAuction }), {
    maxLength: 120,
    size: "max",
  })
  .map((events) =>
    events.filter((event, at) => {
      if (event.type !== "auction") return true;
      return at === events.findIndex((one) => one.type === "auction" && one.auction.id === event.auction.id);
    }),
  );

const updatesOf = (events: readonly NexmarkEvent[]) => rowsOf(q9Oracle(), events).map(({ values }) => values);

test("the winning bids of auctions and bids in any order are the oracle's, update by update", () => {
  fc.assert(
    fc.property(anyEvents, fc.integer({ min: 1, max: 30 }), (events, batchRows) => {
      const running = open(create);
      feed(running, schema, events.map(rowOf), batchRows);
      assert.deepEqual(
        running.rows.map(({ values }) => values),
        updatesOf(events),
      );
    }),
    { numRuns: 200 },
  );
});

test("restored at another parallelism, each auction's updates go on as without interruption", () => {
  const parallelism = fc.integer({ min: 1, max: 4 });
  fc.assert(
    fc.property(anyEvents, fc.nat(), parallelism, parallelism, (events, cut, p, q) => {
      const at = cut % (events.length + 1);
      const rows = events.map(rowOf);
      const part = (list: readonly PlainRow[], instance: number, of: number) =>
        list.filter(({ values }) => {
          const group = keyGroupOfNumber(Number(values[0]), KEY_GROUPS);
          return instanceOfKeyGroup(group, of, KEY_GROUPS) === instance;
        });
      const before = Array.from({ length: p }, (_, i) => open(create, i, p));
      before.forEach((running, i) => {
        feed(running, schema, part(rows.slice(0, at), i, p), 4);
      });
      const snapshots = before.map(snapshotOf);
      const after = reopen(create, q, snapshots);
      if (p === q) assert.deepEqual(after.map(snapshotOf), snapshots, "what was restored is what was saved");
      after.forEach((running, i) => {
        feed(running, schema, part(rows.slice(at), i, q), 4);
      });
      const byAuction = (list: readonly (readonly Value[])[]) => Map.groupBy(list, ([id]) => id);
      const updates = [...before, ...after].flatMap((running) => running.rows.map(({ values }) => values));
      assert.deepEqual(byAuction(updates), byAuction(updatesOf(events)));
    }),
    { numRuns: 100 },
  );
});
