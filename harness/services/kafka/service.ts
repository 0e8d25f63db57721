import type { ChildExit } from "../child.ts";

export interface KafkaDescription {
  readonly kind: "private" | "external";
  readonly brokers: readonly string[];
  /** Null when the cluster is not ours. */
  readonly version: string | null;
  readonly java: string | null;
  readonly heap: string | null;
  /** The broker started from a class data archive. */
  readonly hasClassArchive: boolean;
  /** Settings that differ from the defaults and shape results. */
  readonly settings: Readonly<Record<string, string>>;
}

/** A Kafka cluster to work with: a private broker, or somebody's own. */
export interface KafkaService {
  readonly brokers: readonly string[];
  /** Its listener for clients that come through the TCP link proxy, and the port where it sends them; null: it has none. */
  readonly linkListener: { readonly address: string; readonly advertisedPort: number } | null;
  /** The broker process; null when it is not ours or does not run. */
  readonly pid: number | null;
  readonly version: string | null;
  /** SIGTERM, and SIGKILL if need be. Its data stay. Nothing happens to an external cluster. */
  stop(): Promise<void>;
  /** SIGKILL. Refused for an external cluster. */
  kill(): Promise<void>;
  /** Stops it when it runs, starts it again on its data and ports, and resolves when it answers. Refused for an external cluster. */
  restart(): Promise<void>;
  describe(): KafkaDescription;
  /** Resolves when the process ends without having been told to; never for an external cluster. */
  readonly failed: Promise<ChildExit>;
}
