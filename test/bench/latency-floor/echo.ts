/**
 * The bare echo: one process that fetches, copies the columns of every bid as they stand, and produces. No decoding, no batches of
 * rows, no exchange: what is left of an engine when the engine is taken away. The produce request in flight makes the next batch.
 */
import { KafkaClient } from "../../../kafka/client.ts";

const { FAULTLINE_BROKERS, FAULTLINE_INPUT_TOPIC, FAULTLINE_OUTPUT_TOPIC } = process.env as Record<string, string>;
const fail = (error: Error): never => {
  throw error;
};

const client = await KafkaClient.connect({ brokers: FAULTLINE_BROKERS!.split(","), clientId: "echo" });
const { topics } = await client.metadata([FAULTLINE_INPUT_TOPIC!, FAULTLINE_OUTPUT_TOPIC!]);
const partitionsOf = (name: string) =>
  topics.find((topic) => topic.name === name)!.partitions.map(({ partition }) => partition);
const outputs = partitionsOf(FAULTLINE_OUTPUT_TOPIC!);
const producer = await client.producer({
  topic: FAULTLINE_OUTPUT_TOPIC!,
  partitions: outputs,
  acks: -1,
  onAck: () => {},
  onDrain: () => fetcher.resume(),
  onError: fail,
});

const BID = Buffer.from('"bid":{');
const CHANNEL = Buffer.from(',"channel":');
const DATE_TIME = Buffer.from(',"dateTime":');
const row = Buffer.alloc(64 * 1024);

/** The columns of q0 in the wire form of a bid, without parsing: up to the channel, and from the time on. */
function copyBid(bytes: Buffer, start: number, end: number): number {
  const value = bytes.subarray(start, end);
  const bid = value.indexOf(BID);
  if (bid < 0) return 0;
  const from = bid + BID.length - 1;
  const channel = value.indexOf(CHANNEL, from);
  if (channel < 0) return 0; // the closing record: a bid that has nothing but a time
  const time = value.indexOf(DATE_TIME, channel);
  const head = value.copy(row, 0, from, channel);
  return head + value.copy(row, head, time, value.length - 1);
}

const assignments = partitionsOf(FAULTLINE_INPUT_TOPIC!).map((partition) => ({ partition, offset: 0 }));
const fetcher = client.fetcher({
  topic: FAULTLINE_INPUT_TOPIC!,
  assignments,
  isolation: "read_uncommitted",
  onBatch: (view) => {
    const bytes = Buffer.from(view.bytes.buffer, view.bytes.byteOffset, view.bytes.byteLength);
    const output = outputs[view.partition % outputs.length]!;
    let hasRoom = true;
    for (const cursor = view.walk(); cursor.next(); ) {
      const length = copyBid(bytes, cursor.valueStart, cursor.valueEnd);
      if (length > 0) hasRoom = producer.append(output, cursor.timestampMs, row, 0, length);
    }
    if (!hasRoom) fetcher.pause();
  },
  onError: fail,
});
fetcher.start();
process.stdout.write("ready\n");
process.on("SIGTERM", async () => {
  fetcher.close();
  await producer.close();
  await client.close();
});
