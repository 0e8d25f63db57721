import type { Config } from "../config/schema.ts";
import type { Guard } from "../services/guard.ts";
import type { SweepEvents } from "./events.ts";
import type { PlannedRun } from "./model.ts";
import type { KafkaService, ZooKeeperService } from "./toolbox.ts";

/** What one execution needs; its processes come from the toolbox. */
export interface RunContext {
  readonly run: PlannedRun;
  readonly config: Config;
  /** Begins the names of its topics; unique among sweeps on the same cluster. */
  readonly sweepId: string;
  readonly directories: { readonly raw: string; readonly logs: string };
  readonly kafka: KafkaService;
  /** null: no cell of the sweep elects leaders. */
  readonly zookeeper: ZooKeeperService | null;
  readonly guard: Guard;
  readonly signal: AbortSignal;
  readonly events: SweepEvents;
}
