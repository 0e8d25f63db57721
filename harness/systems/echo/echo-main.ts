/**
 * Nexmark q0 by nothing but kafkajs: the consumer's batches, `JSON.parse`, the producer. No code of the engine under test and none of our
 * Kafka client runs in it, so what changes its latency is the machine, the broker or the harness.
 */
import kafkajs from "kafkajs";

const { FAULTLINE_BROKERS = "", FAULTLINE_INPUT_TOPIC = "", FAULTLINE_OUTPUT_TOPIC = "" } = process.env;
const { FAULTLINE_RUN_ID = "" } = process.env;
const kafka = new kafkajs.Kafka({ brokers: FAULTLINE_BROKERS.split(","), logLevel: kafkajs.logLevel.ERROR });
const producer = kafka.producer();
const consumer = kafka.consumer({ groupId: FAULTLINE_RUN_ID, maxWaitTimeInMs: 100 });

interface Event {
  readonly event_type: number;
  readonly bid: Readonly<Record<"auction" | "bidder" | "price" | "dateTime" | "extra", unknown>>;
}

/** The columns of q0's row, of every bid of the batch; keyed, so that rows of an auction stay in order. */
async function echo({ messages }: kafkajs.Batch): Promise<void> {
  const rows = messages.flatMap(({ value }) => {
    const { event_type: type, bid } = JSON.parse(String(value)) as Event;
    if (type !== 2) return [];
    const { auction, bidder, price, dateTime, extra } = bid;
    return [{ key: String(auction), value: JSON.stringify({ auction, bidder, price, dateTime, extra }) }];
  });
  if (rows.length > 0) await producer.send({ topic: FAULTLINE_OUTPUT_TOPIC, messages: rows });
}

process.on("SIGTERM", async () => {
  await consumer.disconnect();
  await producer.disconnect();
});
await producer.connect();
await consumer.connect();
await consumer.subscribe({ topic: FAULTLINE_INPUT_TOPIC, fromBeginning: true });
consumer.on(consumer.events.GROUP_JOIN, () => process.stdout.write("ready\n"));
await consumer.run({ eachBatch: ({ batch }) => echo(batch) });
