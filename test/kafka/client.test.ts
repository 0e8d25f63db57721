import assert from "node:assert/strict";
import { test } from "node:test";
import { KafkaClient } from "../../kafka/client.ts";
import { API } from "../../kafka/requests/api.ts";
import { startFakeBroker, versionsAnswer } from "./fake-broker.ts";

test("a broker without our request versions is refused by name", async () => {
  const ranges = Object.values(API).map(
    ({ key, version, name }) => [key, name === "Fetch" ? version + 1 : 0, 99] as const,
  );
  const broker = await startFakeBroker((apiKey) =>
    apiKey === API.apiVersions.key ? versionsAnswer(ranges) : undefined,
  );
  await assert.rejects(KafkaClient.connect({ brokers: [broker.address], clientId: "test" }), (error: Error) => {
    assert.match(error.message, /Fetch version 11/);
    return "code" in error && error.code === "kafka-unsupported";
  });
  await broker.close();
});

test("connecting tries every address, and gives up with a hint", async () => {
  const broker = await startFakeBroker(() => undefined);
  const gone = await startFakeBroker(() => undefined);
  await gone.close();
  const client = await KafkaClient.connect({ brokers: [gone.address, broker.address], clientId: "test" });
  const { topics, brokers } = await client.metadata(["t"]);
  assert.equal(`${brokers[0]?.host}:${brokers[0]?.port}`, broker.address);
  assert.equal(topics[0]?.partitions.length, 2);
  await client.close();
  await assert.rejects(client.metadata([]), { code: "kafka-closed" });
  await broker.close();
  await assert.rejects(KafkaClient.connect({ brokers: [gone.address], clientId: "test", timeoutMs: 1 }), {
    code: "kafka-unreachable",
  });
});

test("an address that is none is a usage error", async () => {
  for (const address of ["", "host", "host:", ":9092", "host:0", "host:70000", "host:9x"]) {
    await assert.rejects(KafkaClient.connect({ brokers: [address], clientId: "test" }), { code: "usage" });
  }
});
