import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { CreditLedger } from "../../../engine/task/credit-ledger.ts";

/** What is given back to each of three senders when so much has been processed, and how many times somebody is given something. */
function settled(ledger: CreditLedger, processed: number) {
  const bytes = [0, 0, 0];
  let times = 0;
  ledger.settle(processed, (physical, given) => {
    bytes[physical]! += given;
    times++;
  });
  return { bytes, times };
}

const charges = fc.array(
  fc.record({
    advance: fc.integer({ min: 0, max: 3 }),
    physical: fc.integer({ min: 0, max: 2 }),
    bytes: fc.integer({ min: 1, max: 50 }),
  }),
  { maxLength: 60 },
);

describe("what a channel owes its senders", () => {
  it("is given back to the byte, never early, also when charges are joined", () => {
    fc.assert(
      fc.property(charges, fc.constantFrom(0, 60, 1000), (list, joinedBytes) => {
        const ledger = new CreditLedger();
        let last = 0;
        const made = list.map(({ advance, physical, bytes }) => {
          last += advance;
          ledger.charge(last, physical, bytes, joinedBytes);
          return { last, physical, bytes };
        });
        const owed = (upTo: number) =>
          [0, 1, 2].map((physical) =>
            made
              .filter((charge) => charge.physical === physical && charge.last <= upTo)
              .reduce((sum, { bytes }) => sum + bytes, 0),
          );
        const half = settled(ledger, Math.floor(last / 2));
        owed(Math.floor(last / 2)).forEach((bytes, physical) => {
          assert.ok(half.bytes[physical]! <= bytes);
        });
        const rest = settled(ledger, last);
        assert.deepEqual(
          half.bytes.map((bytes, physical) => bytes + rest.bytes[physical]!),
          owed(last),
        );
      }),
    );
  });

  it("takes little memory when it is joined", () => {
    const ledger = new CreditLedger();
    for (let last = 1; last <= 1000; last++) ledger.charge(last, last % 2, 10, 100);
    const { bytes, times } = settled(ledger, 1000);
    assert.deepEqual(bytes, [5000, 5000, 0]);
    assert.ok(times <= 100, `${times} charges`);
  });
});
