import { type MicrobenchEvent, STREAMS } from "../../../generators/microbench/model.ts";
import type { ColumnSpec, ColumnType, QueryDefinition } from "../../query.ts";
import { keyedOracle, plainOracle } from "./oracle.ts";
import { pipelineTrigger, pipelineTriggerText } from "./trigger.ts";

const CREATED_AT = 3;
/** Stages where nobody says how many, as in the paper's failure experiment. */
const DEFAULT_STAGES = 3;

const column = (name: string, type: ColumnType): ColumnSpec => ({ name, type });

const EVENT_COLUMNS: readonly ColumnSpec[] = [
  column("source", "i64"),
  column("sequence", "i64"),
  column("key", "i64"),
  column("createdAt", "timestamp"),
  column("payload", "string"),
];
const COUNT_COLUMNS: readonly ColumnSpec[] = [
  column("count", "i64"),
  column("total", "i64"),
  column("disagreements", "i64"),
];

interface PipelineShape {
  readonly id: string;
  readonly title: string;
  readonly sources: number;
  readonly keyed: boolean;
}

function pipeline({ id, title, sources, keyed }: PipelineShape): QueryDefinition<MicrobenchEvent> {
  return {
    id,
    title,
    generator: "microbench",
    streams: STREAMS.slice(0, sources),
    columns: keyed ? [...EVENT_COLUMNS, ...COUNT_COLUMNS] : EVENT_COLUMNS,
    identity: [],
    // With several sources it tells how the merge interleaved them.
    ...(keyed ? { volatile: ["total"] } : {}),
    output: { kind: "append" },
    nameColumns: ["source", "sequence"],
    // Rows that go to instances in turn overtake each other; those of a key do not.
    orderKey: keyed ? ["source", "key"] : [],
    trigger: pipelineTrigger,
    triggerText: pipelineTriggerText,
    oracle: keyed ? keyedOracle : plainOracle,
    liveEventTimeMs: (row) => Number(row[CREATED_AT]),
    job: new URL("./job.ts", import.meta.url),
    jobParameters: { sources, keyed, stages: DEFAULT_STAGES },
    undefinedOn: () => null,
  };
}

/** The published pipelines (length, two sources, three sources), and the same with counts in every stage. */
export const pipelines: readonly QueryDefinition<MicrobenchEvent>[] = [
  pipeline({ id: "chain", title: "stages in a row", sources: 1, keyed: false }),
  pipeline({ id: "twoSources", title: "two sources in one chain", sources: 2, keyed: false }),
  pipeline({ id: "threeSources", title: "three sources in one chain", sources: 3, keyed: false }),
  pipeline({ id: "keyedChain", title: "stages that count", sources: 1, keyed: true }),
  pipeline({ id: "keyedTwoSources", title: "two sources, stages that count", sources: 2, keyed: true }),
  pipeline({ id: "keyedThreeSources", title: "three sources, stages that count", sources: 3, keyed: true }),
];
