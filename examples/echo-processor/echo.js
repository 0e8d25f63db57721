// Nexmark q0 as a processor of your own: copies the columns of every bid to the output topic. docs/command-system.md
import kafkajs from "kafkajs";

const { FAULTLINE_BROKERS, FAULTLINE_INPUT_TOPIC, FAULTLINE_OUTPUT_TOPIC, FAULTLINE_RUN_ID } = process.env;
const kafka = new kafkajs.Kafka({ brokers: FAULTLINE_BROKERS.split(","), logLevel: kafkajs.logLevel.ERROR });
const producer = kafka.producer();
const consumer = kafka.consumer({ groupId: FAULTLINE_RUN_ID, maxWaitTimeInMs: 100 });

process.on("SIGTERM", async () => {
  await consumer.disconnect();
  await producer.disconnect();
});
await producer.connect();
await consumer.connect();
await consumer.subscribe({ topic: FAULTLINE_INPUT_TOPIC, fromBeginning: true });
consumer.on(consumer.events.GROUP_JOIN, () => console.log("ready"));
await consumer.run({ eachBatch: ({ batch }) => echo(batch) });

async function echo({ messages }) {
  const rows = messages.flatMap(({ value }) => {
    const { event_type: type, bid } = JSON.parse(value);
    if (type !== 2) return []; // a person, an auction, or the closing record
    const { auction, bidder, price, dateTime, extra } = bid;
    const row = { auction, bidder, price, dateTime, extra };
    return [{ key: String(auction), value: JSON.stringify(row) }]; // by key: rows of an auction stay in order
  });
  if (rows.length > 0) await producer.send({ topic: FAULTLINE_OUTPUT_TOPIC, messages: rows });
}
