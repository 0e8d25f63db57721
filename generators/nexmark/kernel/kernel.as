// AssemblyScript. What the compiled module gives to kernel.ts. `node scripts/kernel.ts` compiles it.
import { drawEvent, drawnKey } from "./draw";
import { writeEvent } from "./write";

/** Draws events [first, end); the last one is held. Mode head draws every event once, in order. Returns the key that is held. */
export function draw(first: f64, end: f64): f64 {
  for (let index = first; index < end; index += 1) drawEvent(index);
  return <f64>drawnKey();
}

/** Draws events [first, end) and writes the one that is held then at `at`; returns the end. */
export function write(first: f64, end: f64, at: usize): usize {
  for (let index = first; index < end; index += 1) drawEvent(index);
  return writeEvent(at);
}
