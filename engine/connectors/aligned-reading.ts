import type { Clock, Timers } from "../ports.ts";
import { Alignment } from "./alignment.ts";
import { Idleness } from "./idleness.ts";
import type { SourceWatermarks } from "./source-watermarks.ts";

/** A partition without records for so long keeps no other waiting, µs; with a backlog records come much sooner. */
export const QUIET_TIMEOUT_US = 200_000;

interface AlignedReadingSettings {
  /** Lead from which a partition is held, ms; 0: none ever is. */
  readonly boundMs: number;
  readonly partitions: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly watermarks: SourceWatermarks;
  /** Has the partition been read to the end that the source drains to? */
  readonly atEnd: (partition: number) => boolean;
  readonly hold: (partition: number, held: boolean) => void;
  /** Runs work that a timer has caused. */
  readonly step: (work: () => void) => void;
}

/** Holds the partitions of a source that lead too far (`Alignment`), and lets them go on. Partitions are named by index. */
export class AlignedReading {
  readonly #settings: AlignedReadingSettings;
  readonly #alignment: Alignment;
  readonly #quiet: Idleness;

  constructor(settings: AlignedReadingSettings) {
    this.#settings = settings;
    const { boundMs, partitions, clock, timers, step } = settings;
    this.#alignment = new Alignment(boundMs, partitions);
    const timeoutUs = boundMs === 0 || partitions === 1 ? 0 : QUIET_TIMEOUT_US;
    this.#quiet = new Idleness({ timeoutUs, partitions, clock, timers, onIdle: () => step(() => this.update()) });
  }

  /** Reading begins, or goes on. */
  resume(): void {
    this.#quiet.start();
    this.update();
  }

  /** Nothing is read for now. */
  pause(): void {
    this.#quiet.stop();
  }

  /** The partition has had records. */
  afterRows(partition: number): void {
    this.#quiet.onRecords(partition);
    this.update();
  }

  isHeld(partition: number): boolean {
    return this.#alignment.isHeld(partition);
  }

  /** Decides anew, after anything that may change the decision. */
  update(): void {
    if (this.#settings.boundMs === 0) return;
    const { watermarks, atEnd, hold } = this.#settings;
    this.#alignment.update(
      (partition) => ({
        latestMs: watermarks.latestMs[partition]!,
        quiet: atEnd(partition) || this.#quiet.isIdle(partition) || watermarks.isIdle(partition),
      }),
      (partition, held) => {
        this.#quiet.hold(partition, held);
        watermarks.hold(partition, held);
        hold(partition, held);
      },
    );
  }
}
