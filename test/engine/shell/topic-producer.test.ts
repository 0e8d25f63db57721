import assert from "node:assert/strict";
import { it } from "node:test";
import { FaultlineError } from "../../../base/errors.ts";
import { KafkaTransactionalWriter } from "../../../engine/shell/kafka-transactional-writer.ts";
import { TopicProducer } from "../../../engine/shell/topic-producer.ts";
import type { KafkaClient, ProducerOptions } from "../../../kafka/client.ts";

it("a writer whose producer fails while its transaction is committed says so: who goes on with it would write into nothing", async () => {
  const commit = Promise.withResolvers<void>();
  const options = Promise.withResolvers<ProducerOptions>();
  const client = {
    metadata: async () => ({ topics: [] }),
    transactionalProducer: async (given: ProducerOptions) => {
      options.resolve(given);
      return { kick: () => {}, abort: () => {}, commitTransaction: () => commit.promise };
    },
  } as unknown as KafkaClient;
  const transaction = { id: "t", timeoutMs: 1000 };
  const producer = new TopicProducer(Promise.resolve(client), "out", [0], transaction, () => {});
  const unused = () => assert.fail("who waits for the end hears of the failure");
  const handler = { onAcknowledged: unused, onDrain: () => {}, onError: unused };
  const writer = new KafkaTransactionalWriter(producer, handler);
  const { onError } = await options.promise;
  const ended = new Promise<Error | null>((resolve) => writer.commit(resolve));
  await new Promise(setImmediate);
  onError(new FaultlineError("kafka-unreachable", "no leader"));
  commit.resolve();
  assert.equal(((await ended) as FaultlineError | null)?.code, "kafka-unreachable");
});
