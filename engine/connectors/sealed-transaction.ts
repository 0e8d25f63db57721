import type { PreparedTransaction } from "../ports.ts";
import type { SinkOutput } from "./sink-output.ts";
import type { PooledWriter } from "./transaction-pool.ts";

/** Records of one transaction, and who writes them. */
export interface Transaction {
  readonly output: SinkOutput;
  /** null: no writer of the pool is free, or records before these are not durable. */
  pooled: PooledWriter | null;
}

/** What a checkpoint has asked for. */
export interface Sealed {
  readonly checkpointId: number;
  /** null: there were no rows. */
  readonly transaction: Transaction | null;
  readonly done: (state: Uint8Array) => void;
  isDone: boolean;
  prepared: PreparedTransaction | null;
  commit: "none" | "asked" | "done";
}
