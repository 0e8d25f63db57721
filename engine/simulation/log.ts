import { asFaultlineError } from "../../base/errors.ts";
import type { Log } from "../ports.ts";
import { SimulatedLogReader } from "./log-reader.ts";
import { LogRequests } from "./log-requests.ts";
import { SimulatedLogWriter } from "./log-writer.ts";
import { Outages } from "./outages.ts";
import type { SimulatedProcess } from "./process.ts";
import { type RecordListener, Topics } from "./topics.ts";
import { SimulatedTransactionalWriter } from "./transactional-log-writer.ts";
import { Transactions } from "./transactions.ts";
import type { Universe } from "./universe.ts";

/** The log of a simulated world: topics, transactions, and when it is out. */
export class SimulatedLog {
  readonly topics: Topics;
  readonly outages: Outages;
  readonly #universe: Universe;
  readonly #transactions: Transactions;
  readonly #batchRecords: number;

  /** `batchRecords`: records in one `LogRecords`, 1 or more. */
  constructor(universe: Universe, listener: RecordListener | null, batchRecords: number) {
    this.#universe = universe;
    this.#batchRecords = batchRecords;
    this.topics = new Topics(listener);
    this.outages = new Outages(universe);
    this.#transactions = new Transactions(universe, this.topics);
  }

  /** The log as `process` sees it. */
  bind(process: SimulatedProcess): Log {
    const universe = this.#universe;
    const { topics, outages } = this;
    const transactions = this.#transactions;
    const requests = () => new LogRequests(universe, process, outages, universe.conditions.appends);
    return {
      openReader: ({ topic }, from, handler, { isolation = "uncommitted", start = "exact" } = {}) => {
        const reading = { topic, from, isolation, start, batchRecords: this.#batchRecords };
        return new SimulatedLogReader(universe, process, topics, outages, reading, handler);
      },
      openWriter: ({ topic }, _partitions, handler) => {
        const append = (partition: number, value: Uint8Array) => {
          universe.watch.onAppended?.(process.name, topic, partition, value);
          return topics.append(topic, partition, value);
        };
        return new SimulatedLogWriter(universe, process, requests(), topic, append, handler);
      },
      openTransactionalWriter: ({ topic }, _partitions, settings, handler) =>
        new SimulatedTransactionalWriter(universe, process, requests(), topic, transactions, settings, handler),
      commitPrepared: (_address, prepared, done) => {
        requests().send(() => errorOf(() => transactions.commitPrepared(prepared)), done);
      },
      truncate: ({ topic }, partition, offset, done) => {
        requests().send(() => errorOf(() => topics.truncate(topic, partition, offset)), done);
      },
    };
  }
}

function errorOf(work: () => void): Error | null {
  try {
    work();
    return null;
  } catch (error) {
    return asFaultlineError(error);
  }
}
