import { setTimeout as delay } from "node:timers/promises";
import { monotonicUs } from "../../base/clock.ts";
import { asFaultlineError, FaultlineError } from "../../base/errors.ts";
import { Backoff } from "../backoff.ts";
import type { Endpoint } from "../connection.ts";
import type { Call, ControlChannel } from "../control.ts";
import { BROKER_ERROR, errorCodeOf, isRetriable } from "../errors.ts";
import { readAddPartitionsToTxnResponse, writeAddPartitionsToTxnRequest } from "../requests/add-partitions-to-txn.ts";
import { API } from "../requests/api.ts";
import { readEndTxnResponse, writeEndTxnRequest } from "../requests/end-txn.ts";
import { readFindCoordinatorResponse, writeFindCoordinatorRequest } from "../requests/find-coordinator.ts";
import {
  type ProducerIdentity,
  readInitProducerIdResponse,
  writeInitProducerIdRequest,
} from "../requests/init-producer-id.ts";

/** How long each request may take with all its retries; longer than a broker's restart. */
const TIMEOUT_MS = 60_000;

/**
 * The broker that keeps the state of one transactional id, found anew when it has moved or does not answer. All requests may safely be
 * sent again. Throws `kafka-fenced`, `kafka-unreachable` or `kafka-timeout` after a minute of trying, or the broker's error.
 */
export class TransactionCoordinator {
  readonly id: string;
  readonly #control: ControlChannel;
  #endpoint: Endpoint | null = null;

  constructor(control: ControlChannel, id: string) {
    this.#control = control;
    this.id = id;
  }

  /** Takes the id over: its former holder is fenced, what that one left open is aborted. `kafka-unsupported`: timeout above the broker's bound. */
  async claim(timeoutMs: number): Promise<ProducerIdentity> {
    try {
      return await this.#ask({
        api: API.initProducerId,
        write: (writer) => writeInitProducerIdRequest(writer, { id: this.id, timeoutMs }),
        read: (reader) => readInitProducerIdResponse(reader, `claiming transactional id ${this.id}`),
      });
    } catch (cause) {
      const error = asFaultlineError(cause);
      if (errorCodeOf(error) !== BROKER_ERROR.invalidTransactionTimeout) throw error;
      throw new FaultlineError("kafka-unsupported", `the broker refuses a transaction timeout of ${timeoutMs} ms`, {
        hint: "Raise transaction.max.timeout.ms of the brokers (15 minutes by default), or lower the transaction timeout.",
        context: { transactionalId: this.id, timeoutMs },
        cause,
      });
    }
  }

  /** To be done before records are sent to these partitions. */
  async addPartitions(identity: ProducerIdentity, topic: string, partitions: readonly number[]): Promise<void> {
    await this.#ask({
      api: API.addPartitionsToTxn,
      write: (writer) => writeAddPartitionsToTxnRequest(writer, this.id, identity, topic, partitions),
      read: (reader) =>
        readAddPartitionsToTxnResponse(reader, `adding partitions of ${topic} to the transaction of ${this.id}`),
    });
  }

  /** Commits or aborts. A second time is no error. */
  async end(identity: ProducerIdentity, isCommit: boolean): Promise<void> {
    const what = `${isCommit ? "committing" : "aborting"} the transaction of ${this.id}`;
    await this.#ask({
      api: API.endTxn,
      write: (writer) => writeEndTxnRequest(writer, this.id, identity, isCommit),
      read: (reader) => readEndTxnResponse(reader, what),
    });
  }

  async #ask<T>(call: Call<T>): Promise<T> {
    const endUs = monotonicUs() + TIMEOUT_MS * 1000;
    const broken = new Backoff(20, 500);
    const busy = new Backoff(1, 5); // the markers of the transaction before are being written
    for (;;) {
      try {
        this.#endpoint ??= await this.#find();
        return await this.#control.ask(this.#endpoint, call);
      } catch (cause) {
        const error = asFaultlineError(cause);
        if (!mayPass(error) || monotonicUs() > endUs) throw error;
        const isBusy = errorCodeOf(error) === BROKER_ERROR.concurrentTransactions;
        if (!isBusy) this.#endpoint = null;
        await delay(isBusy ? busy.next() : broken.next());
      }
    }
  }

  #find(): Promise<Endpoint> {
    return this.#control.askAny({
      api: API.findCoordinator,
      write: (writer) => writeFindCoordinatorRequest(writer, this.id),
      read: (reader) => readFindCoordinatorResponse(reader, `finding the coordinator of ${this.id}`),
    });
  }
}

/** Whether a request that failed so may succeed when it is made again. */
export function mayPass(error: FaultlineError): boolean {
  const errorCode = errorCodeOf(error);
  if (errorCode !== null) return isRetriable(errorCode);
  return error.code === "kafka-unreachable" || error.code === "kafka-timeout";
}
