import { setTimeout as delay } from "node:timers/promises";
import type { FaultlineError } from "../../../base/errors.ts";
import { type Fetcher, KafkaClient, type RecordBatchView } from "../../../kafka/client.ts";
import type { RowText } from "../../verify/row-text.ts";

export interface Place {
  readonly partition: number;
  readonly offset: number;
}

export interface ReadRecord extends Place {
  readonly timestampMs: number;
  /** The value as JSON text; empty for a null value. */
  readonly value: string;
}

/** Bound on the whole reading; what was not found until then is left out. */
const LIMIT_MS = 10_000;
const POLL_MS = 20;

/** Reads single records of a topic, in any order: each partition is walked once, from the first wanted offset to the last. */
export async function readRecords(
  brokers: readonly string[],
  topic: string,
  places: readonly Place[],
  rows: Pick<RowText, "textOf">,
): Promise<ReadRecord[]> {
  const wanted = new Map<number, Set<number>>();
  for (const { partition, offset } of places) {
    wanted.set(partition, (wanted.get(partition) ?? new Set()).add(offset));
  }
  if (wanted.size === 0) return [];
  const found: ReadRecord[] = [];
  let failure: FaultlineError | null = null;
  const client = await KafkaClient.connect({ brokers, clientId: "faultline-checker" });
  try {
    const fetcher = client.fetcher({
      topic,
      assignments: [...wanted].map(([partition, offsets]) => ({ partition, offset: Math.min(...offsets) })),
      isolation: "read_uncommitted",
      maxWaitMs: 100,
      onBatch: (view) => collect(view, wanted.get(view.partition), rows, found),
      onError: (error) => {
        failure = error;
      },
    });
    fetcher.start();
    for (let waited = 0; waited < LIMIT_MS && failure === null && !isBehind(fetcher, wanted); waited += POLL_MS) {
      await delay(POLL_MS);
    }
    fetcher.close();
  } finally {
    await client.close();
  }
  if (failure !== null) throw failure;
  return found;
}

function collect(
  view: RecordBatchView,
  offsets: ReadonlySet<number> | undefined,
  rows: Pick<RowText, "textOf">,
  found: ReadRecord[],
): void {
  if (offsets === undefined) return;
  for (const cursor = view.walk(); cursor.next(); ) {
    const { offset, timestampMs, valueStart, valueEnd } = cursor;
    if (!offsets.has(offset)) continue;
    const value = valueStart < 0 ? "" : rows.textOf(view.bytes, valueStart, valueEnd);
    found.push({ partition: view.partition, offset, timestampMs, value });
  }
}

/** Has every partition been walked beyond the last wanted offset? */
function isBehind(fetcher: Fetcher, wanted: ReadonlyMap<number, ReadonlySet<number>>): boolean {
  return [...wanted].every(([partition, offsets]) => fetcher.position(partition) > Math.max(...offsets));
}
