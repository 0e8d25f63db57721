import type { TaskCounters } from "../../../engine/cluster/messages.ts";
import type { LogSourceSupplier } from "../../../engine/connectors/source-supplier.ts";
import { type JobBuilder, job, jsonSource, type Stream, type WireFormat } from "../../../engine/dataflow/api.ts";
import { runSimulated, type SimulatedRun } from "../../../engine/simulation/run-simulated.ts";
import { textSupplier } from "../../../engine/simulation/text-supplier.ts";

/** What the tests' sources read: JSON records of these. Event time is `at`. */
export interface Event {
  readonly key: number;
  readonly name: string | null;
  readonly value: number | null;
  readonly at: number;
}

const FORMAT: WireFormat = {
  discriminator: null,
  members: [],
  variants: [
    {
      name: "event",
      tag: 0,
      member: null,
      eventTime: "at",
      fields: [
        { name: "key", type: "i64" },
        { name: "name", type: "string" },
        { name: "value", type: "i64" },
        { name: "at", type: "timestamp" },
      ],
    },
  ],
};

const PARTITIONS = 4;
const FIELDS = ["key", "name", "value", "at"];

/** Adds a source of events to a graph. */
export function eventSource(graph: JobBuilder, id = "events", watermarkDelayMs = 0): Stream {
  return graph.source(id, { ...jsonSource({ format: FORMAT, fields: FIELDS }), watermarkDelayMs });
}

/** Events spread over the partitions by key, so that those of a key keep their order. */
function supplierOf(events: readonly Event[]): LogSourceSupplier {
  return textSupplier(
    Array.from({ length: PARTITIONS }, (_, partition) =>
      events.filter(({ key }) => key % PARTITIONS === partition).map((event) => JSON.stringify(event)),
    ),
  );
}

export type Json = Readonly<Record<string, number | string | null>>;

export interface Simulated {
  /** Rows of each sink, in the order in which they were written. */
  readonly rows: Readonly<Record<string, readonly Json[]>>;
  readonly counters: readonly TaskCounters[];
  readonly virtualUs: number;
}

/** Runs the job that `build` makes of `events` on a simulated cluster; sinks must encode JSON. */
export function simulate(
  events: readonly Event[],
  parallelism: number,
  build: (events: Stream, graph: JobBuilder) => void,
  options: Partial<SimulatedRun> = {},
): Simulated {
  const rows: Record<string, Json[]> = {};
  const { counters, virtualUs } = runSimulated({
    job: () => {
      const graph = job("tested");
      build(eventSource(graph), graph);
      return graph.build();
    },
    parallelism,
    workers: Math.min(parallelism, 3),
    supplier: () => supplierOf(events),
    seed: 11,
    batchRecords: 20,
    ...options,
    onRecord: (sink, _partition, value) => {
      rows[sink] ??= [];
      rows[sink].push(JSON.parse(new TextDecoder().decode(value)));
    },
  });
  return { rows, counters, virtualUs };
}

/** As text, sorted: for comparing rows without order. */
export function sorted(rows: readonly Json[] | undefined): string[] {
  return (rows ?? []).map((row) => JSON.stringify(row)).sort();
}

/** What tasks count under a name, all together. */
export function counted({ counters }: Simulated, name: string): number {
  return counters.reduce((sum, { custom }) => sum + (custom?.[name] ?? 0), 0);
}

/** Events of some keys, a few NULLs among them, in order of time but for one in five. */
export function someEvents(count: number, keys = 7): Event[] {
  return Array.from({ length: count }, (_, i) => {
    const mixed = (i * 7919) % 104_729;
    return {
      key: mixed % keys,
      name: mixed % 13 === 0 ? null : `n${mixed % 5}`,
      value: mixed % 11 === 0 ? null : (mixed % 41) - 20,
      at: 1_000 + i * 10 - (i % 5 === 0 ? (mixed % 8) * 10 : 0),
    };
  });
}
