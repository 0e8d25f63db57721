import type { DataSet } from "../../../generators/dataset.ts";
import type { NexmarkEvent } from "../../../generators/nexmark/model.ts";
import type { KafkaClient } from "../../../kafka/client.ts";
import type { ExpectedRow, QueryDefinition } from "../../../queries/query.ts";

/** Writes the whole data set with its closing records, as the feeder would but at once. */
export async function produce(client: KafkaClient, topic: string, dataSet: DataSet<NexmarkEvent>): Promise<void> {
  const partitions = Array.from({ length: dataSet.partitions }, (_, partition) => partition);
  let fail: (error: Error) => void;
  const failed = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  const producer = await client.producer({ topic, partitions, acks: -1, onAck: () => {}, onError: (e) => fail(e) });
  const cursor = dataSet.open();
  const value = new Uint8Array(cursor.maxWireBytes);
  while (cursor.advance()) {
    const end = cursor.writeWire(value, 0);
    if (!producer.append(cursor.partition, cursor.eventTimeMs, value, 0, end)) {
      await Promise.race([producer.flush(), failed]);
    }
  }
  const closing = dataSet.closingRecord();
  for (const partition of partitions) producer.append(partition, dataSet.closingTimeMs, closing, 0, closing.length);
  await Promise.race([producer.close(), failed]);
}

/** The oracle's rows, as sorted JSON arrays of all columns. */
export function expectedLines(query: QueryDefinition, dataSet: DataSet<NexmarkEvent>): string[] {
  const lines: string[] = [];
  const emit = (row: ExpectedRow) => lines.push(JSON.stringify(row.values));
  const oracle = query.oracle();
  const cursor = dataSet.open();
  while (cursor.advance()) oracle.onEvent(cursor.event(), cursor.index, emit);
  oracle.onEnd(emit);
  return lines.sort();
}

/** What the topic holds, in the same form. */
export async function outputLines(
  client: KafkaClient,
  topic: string,
  partitions: number,
  query: QueryDefinition,
): Promise<string[]> {
  const all = Array.from({ length: partitions }, (_, partition) => partition);
  const ends = await client.listOffsets(topic, all, "latest");
  const total = ends.reduce((a, b) => a + b, 0);
  const names = [...query.columns, ...query.identity].map((column) => column.name);
  const lines: string[] = [];
  await new Promise<void>((resolve, reject) => {
    if (total === 0) return resolve();
    const fetcher = client.fetcher({
      topic,
      assignments: all.map((partition) => ({ partition, offset: 0 })),
      isolation: "read_uncommitted",
      onBatch: (view) => {
        const cursor = view.walk();
        while (cursor.next()) {
          const text = Buffer.from(view.bytes.subarray(cursor.valueStart, cursor.valueEnd)).toString("utf8");
          const row = JSON.parse(text) as Record<string, unknown>;
          lines.push(JSON.stringify(names.map((name) => row[name] ?? null)));
        }
        if (lines.length < total) return;
        fetcher.close();
        resolve();
      },
      onError: reject,
    });
    fetcher.start();
  });
  return lines.sort();
}
