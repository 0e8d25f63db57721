import type { ChildExit } from "../child.ts";

export interface ZooKeeperDescription {
  readonly version: string;
  readonly java: string;
  readonly heap: string;
  /** Settings that differ from the defaults and shape results. */
  readonly settings: Readonly<Record<string, string>>;
}

/** A private ZooKeeper of one server. */
export interface ZooKeeperService {
  /** `host:port` of each server, as clients want them. */
  readonly servers: readonly string[];
  /** Its process; null when it does not run. */
  readonly pid: number | null;
  /** SIGTERM, and SIGKILL if need be. Its data stay. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Stops it when it runs, starts it again on its data and port, and resolves when it answers. Sessions that are short of their timeout live on. */
  restart(): Promise<void>;
  describe(): ZooKeeperDescription;
  /** Resolves when the process ends without having been told to. */
  readonly failed: Promise<ChildExit>;
}
