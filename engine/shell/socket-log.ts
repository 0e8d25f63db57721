import { connect } from "node:net";
import { benchLine } from "../../base/command-line.ts";
import { FaultlineError, systemCode } from "../../base/errors.ts";
import { LineReader } from "../connectors/socket/line-reader.ts";
import type { LogAddress, LogPosition, LogReader, LogReaderHandler } from "../ports.ts";
import { parseAddress } from "./tcp-connection.ts";

/** Opens a connection to the topic's `host:port` and reads lines from it until the peer closes. */
export function openSocketReader(
  { topic }: LogAddress,
  from: readonly LogPosition[],
  handler: LogReaderHandler,
): LogReader {
  const { partition = 0, offset = 0 } = from[0] ?? {};
  const reader = new LineReader(partition, offset, handler);
  const socket = connect(parseAddress(topic));
  socket.on("data", (bytes) => reader.onBytes(bytes));
  socket.on("end", () => reader.onEnd());
  socket.on("error", (cause) => reader.onError(unreadable(topic, cause)));
  reader.attach({
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    close: () => socket.destroy(),
  });
  return reader;
}

function unreadable(address: string, cause: Error): FaultlineError {
  const why = systemCode(cause) ?? cause.message;
  return new FaultlineError("job-failed", `the socket source cannot read from ${address}: ${why}`, {
    hint: `something must listen there before the job starts, for example: ${benchLine`listen`}, or nc -lk PORT`,
    cause,
  });
}
