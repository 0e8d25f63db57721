import type { Endpoint } from "../connection.ts";
import { brokerError } from "../errors.ts";
import type { Reader } from "../wire/reader.ts";
import type { Writer } from "../wire/writer.ts";

const TRANSACTION_KEY = 1;

/** FindCoordinator, version 2: which broker keeps the state of a transactional id. */
export function writeFindCoordinatorRequest(writer: Writer, transactionalId: string): void {
  writer.string(transactionalId).int8(TRANSACTION_KEY);
}

/** Throws the broker's error. */
export function readFindCoordinatorResponse(reader: Reader, what: string): Endpoint {
  reader.int32(); // throttle time
  const errorCode = reader.int16();
  reader.nullableString(); // message: says no more than the code
  if (errorCode !== 0) throw brokerError(errorCode, what);
  reader.int32(); // node id
  return { host: reader.string(), port: reader.int32() };
}
