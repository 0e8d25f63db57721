import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { benchLine } from "../../../base/command-line.ts";
import { ERROR_CODES, type ErrorCode, FaultlineError } from "../../../base/errors.ts";
import type { ClusterState } from "../state.ts";
import type { KeeperAnswers, KeeperReply, KeeperRequest } from "./protocol.ts";

/** A fault may last this long, and be observed. */
const ANSWER_MS = 15 * 60_000;

/** Asks the keeper of a cluster. Rejects with its error; `cluster-missing` when it is gone. */
export async function askKeeper<K extends keyof KeeperAnswers>(
  { control }: Pick<ClusterState, "control">,
  request: Extract<KeeperRequest, { readonly ask: K }>,
): Promise<KeeperAnswers[K]> {
  const [host = "127.0.0.1", port = "0"] = control.split(":");
  const socket = connect({ host, port: Number(port) });
  socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error("no answer")));
  let line: string | undefined;
  try {
    await once(socket, "connect");
    socket.write(`${JSON.stringify(request)}\n`);
    for await (const text of createInterface({ input: socket })) {
      line = text;
      break;
    }
  } catch (cause) {
    throw keeperGone(cause);
  } finally {
    socket.destroy();
  }
  if (line === undefined) throw keeperGone(undefined);
  const reply = JSON.parse(line) as KeeperReply;
  if (reply.ok) return reply.answer as KeeperAnswers[K];
  throw namedError(reply);
}

function keeperGone(cause: unknown): FaultlineError {
  return new FaultlineError("cluster-missing", "the cluster does not answer: its keeper process is gone", {
    hint: `${benchLine`cluster down`} clears away what is left.`,
    cause,
  });
}

/** An error that another process told us of. */
export function namedError(told: { readonly code: string; readonly message: string; readonly hint?: string }) {
  const code = told.code in ERROR_CODES ? (told.code as ErrorCode) : "internal";
  return new FaultlineError(code, told.message, told.hint === undefined ? {} : { hint: told.hint });
}
