import { z } from "zod";
import { duration } from "./fields.ts";

/** What is watched of the processes of a run while it lasts. Watching costs CPU on the machine that is measured. */
export const sampling = z
  .strictObject({
    resources: duration(0, 60_000)
      .prefault("250ms")
      .describe(
        "How often CPU, memory, bytes and context switches of every process are read from the kernel; 0s: never, and their cells stay empty.",
      ),
    runtime: z
      .boolean()
      .default(true)
      .describe("Node programs of ours tell of heap, GC pauses and event-loop delay every second."),
    tasks: duration(0, 60_000)
      .prefault("1s")
      .describe("How often the system's tasks are asked for their counters; 0s: only once, at the end."),
  })
  .prefault({})
  .describe("What of the run's processes is watched while it lasts, which costs CPU of the same machine.");
