import { FaultlineError } from "../../base/errors.ts";
import { SOCKET_LOG } from "../connectors/socket/replay.ts";
import type { Log, LogAddress } from "../ports.ts";
import { KafkaLog } from "./kafka-log.ts";
import { LINES_LOG, LinesWriter } from "./lines-log.ts";
import { openSocketReader } from "./socket-log.ts";
import { openSuppliedReader, SUPPLIED_LOG } from "./supplied-log.ts";

/** All logs of a real process, by kind: Kafka topics, and for playing by hand sockets, computed logs and files of lines. */
export function machineLog(name: string): Log & { close(): Promise<void> } {
  const kafka = new KafkaLog(name);
  return {
    openReader(address, from, handler, reading) {
      if (address.kind === SOCKET_LOG) return openSocketReader(address, from, handler);
      if (address.kind === SUPPLIED_LOG) return openSuppliedReader(address, from, handler);
      return kafka.openReader(address, from, handler, reading);
    },
    openWriter(address, partitions, handler) {
      if (address.kind === LINES_LOG) return new LinesWriter(address, name, handler);
      return kafka.openWriter(address, partitions, handler);
    },
    openTransactionalWriter(address, partitions, transaction, handler) {
      refuseTransactions(address);
      return kafka.openTransactionalWriter(address, partitions, transaction, handler);
    },
    commitPrepared(address, prepared, done) {
      refuseTransactions(address);
      kafka.commitPrepared(address, prepared, done);
    },
    truncate: (address, partition, offset, done) => kafka.truncate(address, partition, offset, done),
    close: () => kafka.close(),
  };
}

function refuseTransactions({ kind }: LogAddress): void {
  if (kind !== LINES_LOG) return;
  throw new FaultlineError("job-invalid", "files of lines take no transactions: exactly-once is not possible", {
    hint: "write to a Kafka topic, or take the guarantee at-least-once",
  });
}
