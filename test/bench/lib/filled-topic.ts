import type { DataSet } from "../../../generators/dataset.ts";
import type { NexmarkEvent } from "../../../generators/nexmark/model.ts";
import { KafkaClient } from "../../../kafka/client.ts";

/** Writes a whole data set with its closing records, as fast as the broker takes it. */
export async function fillTopic(
  brokers: readonly string[],
  topic: string,
  dataSet: DataSet<NexmarkEvent>,
): Promise<void> {
  const client = await KafkaClient.connect({ brokers, clientId: "fill" });
  const partitions = Array.from({ length: dataSet.partitions }, (_, partition) => partition);
  let wake: () => void = () => {};
  let fail: (error: Error) => void = () => {};
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  const producer = await client.producer({
    topic,
    partitions,
    acks: -1,
    maxInFlight: 5,
    onAck: () => {},
    onDrain: () => wake(),
    onError: (error) => fail(error),
  });
  const cursor = dataSet.open();
  const value = new Uint8Array(cursor.maxWireBytes);
  while (cursor.advance()) {
    const end = cursor.writeWire(value, 0);
    if (producer.append(cursor.partition, cursor.eventTimeMs, value, 0, end)) continue;
    const drained = new Promise<void>((resolve) => {
      wake = resolve;
    });
    await Promise.race([drained, failed]);
  }
  const closing = dataSet.closingRecord();
  for (const partition of partitions) producer.append(partition, dataSet.closingTimeMs, closing, 0, closing.length);
  await Promise.race([producer.close(), failed]);
  await client.close();
}
