import type { FaultlineError } from "../../../base/errors.ts";
import type { KafkaClient } from "../../../kafka/client.ts";
import { readHeaders } from "../../../kafka/record-batch/headers.ts";

export interface CollectedRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** Fetches with our client until `count` records are there; rejects with the fetcher's error. */
export function collect(
  client: KafkaClient,
  topic: string,
  assignments: readonly { partition: number; offset: number }[],
  count: number,
): Promise<CollectedRecord[]> {
  return new Promise((resolve, reject) => {
    const records: CollectedRecord[] = [];
    const fetcher = client.fetcher({
      topic,
      assignments,
      isolation: "read_uncommitted",
      onBatch: (view) => {
        const bytes = Buffer.from(view.bytes.buffer, view.bytes.byteOffset, view.bytes.length);
        const text = (start: number, end: number) => (start < 0 ? null : bytes.toString("utf8", start, end));
        for (const cursor = view.walk(); cursor.next(); ) {
          const headers = readHeaders(bytes, cursor.headersStart, cursor.headersEnd);
          records.push({
            partition: view.partition,
            offset: cursor.offset,
            timestampMs: cursor.timestampMs,
            key: text(cursor.keyStart, cursor.keyEnd),
            value: text(cursor.valueStart, cursor.valueEnd),
            headers: Object.fromEntries(headers.map(({ key, value }) => [key, Buffer.from(value ?? []).toString()])),
          });
        }
        if (records.length < count) return;
        fetcher.close();
        resolve(records);
      },
      onError: (error: FaultlineError) => reject(error),
    });
    fetcher.start();
  });
}
