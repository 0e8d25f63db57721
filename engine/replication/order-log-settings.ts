import type { Election, LogAddress, World } from "../ports.ts";

export interface OrderLogSettings {
  readonly world: Pick<World, "clock" | "timers" | "log">;
  /** Where the leaders of the groups are elected. */
  readonly election: Election;
  /** The job's order topic: one partition a group. */
  readonly address: LogAddress;
  readonly attempt: number;
  /** This process, in elections. */
  readonly candidate: string;
  /** A leader whose orders do not come back for so long leaves it to another one, µs. */
  readonly leaseUs: number;
  /** Complete checkpoints that the job may go back to. */
  readonly retain: number;
  /** Least time between two requests, µs: fewer of them for a longer wait; default 0. */
  readonly intervalUs?: number;
  /** The order topic cannot be used: nothing goes on here. */
  readonly onError: (error: Error) => void;
}
