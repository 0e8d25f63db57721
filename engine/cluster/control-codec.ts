import { FaultlineError } from "../../base/errors.ts";
import type { Connection } from "../ports.ts";

/** Longest control message that is accepted, bytes. */
const MAX_CONTROL_BYTES = 4 * 1024 * 1024;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** The message as UTF-8 JSON: one control message is one network message. */
function encodeControl(message: { readonly type: string }): Uint8Array {
  return encoder.encode(JSON.stringify(message));
}

/** Sends a control message; control messages do not wait for `onDrain`. */
export function sendControl<M extends { readonly type: string }>(connection: Connection, message: M): void {
  connection.send(encodeControl(message), null);
}

/** Parses a control message: an object with a string `type`; anything else is `cluster-protocol`. */
export function decodeControl(bytes: Uint8Array): { readonly type: string } & Readonly<Record<string, unknown>> {
  if (bytes.length > MAX_CONTROL_BYTES) throw garbage(`${bytes.length} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(bytes));
  } catch (error) {
    throw garbage("no JSON", error);
  }
  if (typeof value !== "object" || value === null || !("type" in value) || typeof value.type !== "string") {
    throw garbage("no type");
  }
  return value as { readonly type: string } & Readonly<Record<string, unknown>>;
}

function garbage(what: string, cause?: unknown): FaultlineError {
  return new FaultlineError("cluster-protocol", `not a control message: ${what}`, {
    hint: "check that the address belongs to a process of this cluster",
    cause,
  });
}
