/**
 * What `kafka-producer-perf-test` does, with our client: one record over and over. Arguments: brokers, topic, partitions, records, bytes of a
 * record, bytes of a batch.
 */
import { wallClockMs } from "../../../base/clock.ts";
import { KafkaClient } from "../../../kafka/client.ts";

const [brokers, topic, ...numbers] = process.argv.slice(2);
const [partitions, records, recordBytes, maxBatchBytes] = numbers.map(Number);
const client = await KafkaClient.connect({ brokers: brokers!.split(","), clientId: "fixed-record" });
let acknowledged = 0;
let wake = () => {};
const producer = await client.producer({
  topic: topic!,
  partitions: Array.from({ length: partitions! }, (_, partition) => partition),
  acks: -1,
  lingerUs: 5_000,
  maxBatchBytes: maxBatchBytes!,
  maxInFlight: 5,
  onAck: (_partition, _offset, count) => {
    acknowledged += count;
  },
  onDrain: () => wake(),
  onError: (error) => {
    throw error;
  },
});
const value = Buffer.alloc(recordBytes!, "x");
for (let i = 0; i < records!; i++) {
  if (producer.append(i % partitions!, wallClockMs(), value, 0, value.length)) continue;
  await new Promise<void>((resolve) => {
    wake = resolve;
  });
}
await producer.close();
await client.close();
if (acknowledged !== records) throw new Error(`${acknowledged} of ${records} records are acknowledged`);
