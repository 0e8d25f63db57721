import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { systemCode } from "../../../base/errors.ts";
import { evidenceFile, type StoreFaultEvidence, type StoreFaults } from "../../../engine/shell/faulty-store.ts";
import type { DriverParts, FaultDriver, FaultSighting } from "../driver.ts";
import type { StoreFault } from "./store-faults.ts";

/** A store that nobody uses for so long after the fault was set did not suffer from it. */
const USE_LIMIT_MS = 30_000;
const POLL_MS = 5;

export interface StoreDriverParts extends DriverParts {
  readonly fault: StoreFault;
  /** Control file that the processes were started with; null: their store cannot be broken. */
  readonly controlFile: string | null;
}

/** Makes the checkpoint store of all processes slow or failing; observed when an operation was. */
export class StoreDriver implements FaultDriver {
  readonly #parts: StoreDriverParts;
  /** Evidence that was there before. */
  #seenBytes = 0;
  #isSet = false;

  constructor(parts: StoreDriverParts) {
    this.#parts = parts;
  }

  precondition(): string | null {
    const { controlFile } = this.#parts;
    if (controlFile === null) return "the processes were started without a store that can be broken";
    return contentsOf(controlFile) === null ? null : "another fault of the store is in force";
  }

  inject(): void {
    const { fault } = this.#parts;
    const file = this.#parts.controlFile!;
    const faults: StoreFaults =
      fault.kind === "storeSlow" ? { delayMs: fault.delay, failEvery: 0 } : { delayMs: 0, failEvery: fault.everyNth };
    this.#seenBytes = sizeOf(evidenceFile(file));
    writeFileSync(`${file}.tmp`, JSON.stringify(faults));
    renameSync(`${file}.tmp`, file);
    this.#isSet = true;
  }

  async observe(): Promise<FaultSighting | null> {
    const { monotonicUs, sleep, controlFile } = this.#parts;
    const limitUs = monotonicUs() + USE_LIMIT_MS * 1000;
    while (controlFile !== null && this.#isSet && monotonicUs() < limitUs) {
      const first = this.#firstEvidence(controlFile);
      // It works from when the first operation was asked for.
      if (first !== null) return { atUs: first.atUs - first.delayedUs, resolutionUs: 1, what: textOf(first) };
      await sleep(POLL_MS);
    }
    return null;
  }

  heal(): void {
    if (!this.#isSet) return;
    this.#isSet = false;
    rmSync(this.#parts.controlFile!, { force: true });
  }

  #firstEvidence(controlFile: string): StoreFaultEvidence | null {
    const news = contentsOf(evidenceFile(controlFile))?.subarray(this.#seenBytes);
    const end = news?.indexOf("\n") ?? -1;
    return news === undefined || end < 0 ? null : JSON.parse(news.toString("utf8", 0, end));
  }
}

function textOf({ process, operation, path, delayedUs, hasFailed }: StoreFaultEvidence): string {
  const what = hasFailed ? "was refused" : `began ${(delayedUs / 1000).toFixed(1)} ms later`;
  return `${operation} of ${path} by ${process} ${what}`;
}

function contentsOf(file: string): Buffer | null {
  try {
    return readFileSync(file);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return null;
    throw error;
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
