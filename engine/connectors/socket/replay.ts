import { FaultlineError } from "../../../base/errors.ts";

/** Kind of a log whose records are the lines that come over a TCP connection; its topic is `host:port`. */
export const SOCKET_LOG = "socket";

/** Can records of such a log be read a second time? */
export function isReplayable(kind: string): boolean {
  return kind !== SOCKET_LOG;
}

/** What of a submitted job decides whether its sources must be able to replay. */
interface Promises {
  readonly sources: Readonly<Record<string, { readonly kind: string }>>;
  readonly recovery?: string;
  readonly guarantee?: string;
  readonly replication?: object;
}

/**
 * `job-invalid` when the job promises what only sources keep that can be read again: a socket's lines are gone once they have been read,
 * so after a failure the job goes on, at most, with what comes then.
 */
export function refuseUnreplayable({ sources, recovery = "none", guarantee, replication }: Promises): void {
  const found = Object.entries(sources).find(([, { kind }]) => !isReplayable(kind));
  if (found === undefined) return;
  const refuse = (what: string): never => {
    throw new FaultlineError("job-invalid", `source "${found[0]}" is a socket, which cannot be read again: ${what}`, {
      hint: "take the guarantee at-most-once (with recovery passive or none), or read from a Kafka topic",
    });
  };
  if (replication !== undefined) refuse("its replicas would read different lines");
  if (guarantee !== undefined && guarantee !== "at-most-once") refuse(`${guarantee} is not possible`);
  if (recovery === "scratch") refuse("it has no beginning to start from again");
  if (recovery !== "none" && guarantee === undefined) refuse("at-least-once, the default guarantee, is not possible");
}
