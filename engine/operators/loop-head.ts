import { present } from "../../base/assert.ts";
import type { ColumnBatch } from "../rows/batch.ts";
import { loopMark } from "./loop-marks.ts";
import type { OperatorContext, Output } from "./operator.ts";
import { StatelessOperator } from "./stateless.ts";

/**
 * Head of a loop: passes on the rows from outside (input 0) and those that come back (input 1). Event time stands still in a loop, since
 * nobody can say what will still come round: the body, and whoever reads the loop, gets no watermark but the one of the end.
 *
 * When all rows from outside have come, the heads of all instances find out together whether the loop is empty, in rounds. A head sends
 * the mark of round r behind its rows. Like every watermark it travels at the pace of the slowest channel, so when it has come back on all
 * feedback channels, everything that was in the loop before any head sent it has come back before it. A mark is quiet when its head got
 * nothing back since it sent the one before. The smallest of all heads' marks comes back: if it is quiet, no head has sent a row in the
 * whole round, so nothing is in the loop. After a quiet round comes the end. No mark may stand for one before it that was not quiet.
 */
export class LoopHeadOperator extends StatelessOperator {
  #forward: ((timeMs: number) => void) | null = null;
  #round = 0;
  /** Rows have come back since the last mark was sent. */
  #fed = false;
  #fedBack = 0;
  #ended = false;

  override open(context: OperatorContext, output: Output): void {
    super.open(context, output);
    const control = present(context.control, "control of the chain");
    this.#forward = control.holdWatermarks();
    control.onFeedback((markMs) => this.#onMark(markMs));
  }

  override process(input: number, batch: ColumnBatch): void {
    if (input === 1) {
      this.#fed = true;
      this.#fedBack += batch.selectedCount;
    }
    this.emit(batch);
  }

  override advanceWatermark(timeMs?: number): void {
    if (timeMs !== Number.POSITIVE_INFINITY) return;
    this.#fed = true;
    this.#sendMark();
  }

  /** Nobody can say what is still in the loop. */
  holdsRows(): boolean {
    return !this.#ended;
  }

  /** `fedBack`: rows that have come back; `rounds`: how many the end took. */
  counters(): Readonly<Record<string, number>> {
    return { fedBack: this.#fedBack, rounds: this.#round };
  }

  #sendMark(): void {
    this.#round += 1;
    const markMs = loopMark(this.#round, !this.#fed);
    this.#fed = false;
    present(this.#forward, "way on")(markMs);
  }

  #onMark(markMs: number): void {
    const sentMs = loopMark(this.#round, false);
    if (this.#round === 0 || this.#ended || markMs < sentMs) return;
    if (markMs === sentMs) this.#sendMark();
    else {
      this.#ended = true;
      present(this.#forward, "way on")(Number.POSITIVE_INFINITY);
    }
  }
}
