import assert from "node:assert/strict";
import { test } from "node:test";
import { COMPANIES } from "../../../generators/bettercloud/companies.ts";
import { ControlEvents } from "../../../generators/bettercloud/controls.ts";
import { customerId } from "../../../generators/bettercloud/customers.ts";
import { CustomerEvents } from "../../../generators/bettercloud/events.ts";
import { generateBetterCloudLines } from "../../../generators/bettercloud/generate.ts";
import { GLOBAL_CUSTOMER, type StreamName } from "../../../generators/bettercloud/model.ts";
import { type BetterCloudOptionsInput, resolveBetterCloudOptions } from "../../../generators/bettercloud/options.ts";
import { compileSchedule } from "../../../generators/schedule/schedule.ts";

async function lines(input: BetterCloudOptionsInput, stream: StreamName, firstIndex = 0): Promise<string[]> {
  let text = "";
  const decoder = new TextDecoder();
  await generateBetterCloudLines(resolveBetterCloudOptions(input), { stream, firstIndex }, (chunk) => {
    text += decoder.decode(chunk);
    return true;
  });
  return text.trimEnd().split("\n");
}

test("customer events are, byte for byte, the documented JSON", async () => {
  const [first, second] = await lines({ events: 2, sequence: false, consumerRate: 1000 }, "events");
  const id = customerId(235);
  assert.equal(
    first,
    `{"customerId":"${id}","payload":"{\\"provider\\":\\"GDrive\\",\\"title\\":\\"finances\\",\\"audience\\":\\"hello@${id.toLowerCase()}.com@${id}.com\\",\\"type\\":\\"Spreadsheet\\",\\"actionType\\":\\"DocumentSharedEvent\\"}","ingestedAt":1625774000000,"receivedAt":0}`,
  );
  assert.equal(
    second,
    `{"customerId":"${customerId(154)}","payload":"{\\"provider\\":\\"GDrive\\",\\"title\\":\\"finances\\",\\"audience\\":\\"public\\",\\"type\\":\\"Spreadsheet\\",\\"actionType\\":\\"DocumentSharedEvent\\"}","ingestedAt":1625774000001,"receivedAt":0}`,
  );
});

test("the sequence number comes last and makes rows unique; padding lengthens payloads only", async () => {
  const records = (await lines({ events: 50, payloadPadding: 100 }, "events", 10)).map((line) => JSON.parse(line));
  assert.deepEqual(
    records.map(({ sequence }) => sequence),
    Array.from({ length: 40 }, (_, i) => i + 10),
  );
  assert.deepEqual(Object.keys(records[0]), ["customerId", "payload", "ingestedAt", "receivedAt", "sequence"]);
  assert.equal(JSON.parse(records[0].payload).padding, "x".repeat(100));
});

test("mean sizes are about 257 bytes (private) and 221 (public)", async () => {
  const sizes = { public: [] as number[], private: [] as number[] };
  for (const line of await lines({ events: 20_000, sequence: false }, "events")) {
    const kind = JSON.parse(JSON.parse(line).payload).audience === "public" ? "public" : "private";
    sizes[kind].push(Buffer.byteLength(line));
  }
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length;
  assert.ok(Math.abs(mean(sizes.private) - 257) < 3, `${mean(sizes.private)}`);
  assert.ok(Math.abs(mean(sizes.public) - 221) < 3, `${mean(sizes.public)}`);
});

test("control events are the documented JSON, global and of customers", async () => {
  const [first] = await lines({ events: 1, preloadControls: false, controls: 20, controlSeed: 0 }, "controls");
  const alert =
    '"alertId":"PublicDocsShared","alertName":"PublicDocsShared","alertDescription":"Docs that are shared publicly","threshold":1,"bootstrapCustomerId":null';
  const rules =
    '"rules":[{"path":"$.actionType","check":"equals","value":"DocumentSharedEvent"},{"path":"$.audience","check":"equals","value":"public"}]';
  assert.equal(first, `{${rules},"customerId":"${customerId(29)}",${alert},"createdAt":1625774000000}`);
  const sixth = (await lines({ events: 1, preloadControls: false, controls: 20, controlSeed: 0 }, "controls"))[5]!;
  assert.equal(sixth, `{${rules},"customerId":"${GLOBAL_CUSTOMER}",${alert},"createdAt":1625774001000}`);
});

test("preloaded: every alert of every customer and the global ones, all due before the first event", () => {
  const options = resolveBetterCloudOptions({ customers: 7, alertsPerCustomer: 3, rulesPerAlert: 4 });
  const seen = new Set<string>();
  for (const cursor = new ControlEvents({ options }).open(); cursor.advance(); ) {
    const record = cursor.event();
    assert.ok(record.type === "control" && record.control.createdAt < options.baseTimeMs - 5_000);
    assert.equal(record.control.rules.length, 4);
    assert.equal(record.isLast, cursor.index === 23);
    seen.add(`${record.control.customerId} ${record.control.alertId}`);
  }
  assert.equal(seen.size, 24);
});

test("100 company names of 3 to 27 characters, all different, one with a tab, 11.3 on average", () => {
  const lengths = COMPANIES.map(({ length }) => length);
  assert.deepEqual([COMPANIES.length, new Set(COMPANIES).size], [100, 100]);
  assert.ok(Math.min(...lengths) >= 3 && Math.max(...lengths) <= 27);
  assert.ok(Math.abs(lengths.reduce((a, b) => a + b) / 100 - 11.3) < 0.5);
  assert.equal(COMPANIES.filter((name) => name.includes("\t")).length, 1);
});

test("skew: Zipf's law, the most frequent customer has its share; 0 is uniform", () => {
  const share = (keySkew: number) => {
    const options = resolveBetterCloudOptions({ events: 50_000, customers: 100, keySkew });
    let first = 0;
    for (const cursor = new CustomerEvents({ options }).open(); cursor.advance(); ) if (cursor.customer === 0) first++;
    return first / 50_000;
  };
  const harmonic = Array.from({ length: 100 }, (_, rank) => 1 / (rank + 1)).reduce((a, b) => a + b);
  assert.ok(Math.abs(share(1) - 1 / harmonic) < 0.01);
  assert.ok(Math.abs(share(0) - 0.01) < 0.003);
});

test("a record is a function of seed, index and schedule; opening in the middle changes nothing", () => {
  const options = resolveBetterCloudOptions({ events: 100 });
  const schedule = compileSchedule({ shape: "constant", ratePerSecond: 3 });
  const dataSet = new CustomerEvents({ options, schedule, partitions: 4 });
  const cursor = dataSet.open();
  for (let i = 0; i <= 70; i++) cursor.advance();
  const again = dataSet.open(70);
  again.advance();
  assert.deepEqual(again.event(), cursor.event());
  assert.equal(again.partition, 2);
  assert.equal(again.eventTimeMs, options.baseTimeMs + 23_333);
});

test("unknown and bad options are refused, all at once", () => {
  assert.throws(
    () => resolveBetterCloudOptions({ customers: 0, keyskew: 1 }),
    ({ code, message }: { code: string; message: string }) =>
      code === "config-invalid" && message.includes("customers") && message.includes("keyskew"),
  );
});
