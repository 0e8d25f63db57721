import type { OutputDescription, OutputQuestion, OutputWindow } from "../replication/output-hashes.ts";

interface OfReplica {
  readonly jobId: string;
  readonly attempt: number;
  readonly vertex: string;
  readonly subtask: number;
}

/** What workers tell of their replicas' output. */
export type OutputReport =
  /** What a replica has sent up to some heartbeats, to be compared with what its siblings have. */
  | (OfReplica & { readonly type: "outputHashes"; readonly windows: readonly OutputWindow[] })
  /** Answers `describeOutput`. */
  | (OfReplica & { readonly type: "outputDescribed"; readonly description: OutputDescription });

/** The siblings of this replica have sent something else: what has it sent? */
export interface DescribeOutput extends OfReplica {
  readonly type: "describeOutput";
  readonly epoch: number;
  readonly question: OutputQuestion;
}
