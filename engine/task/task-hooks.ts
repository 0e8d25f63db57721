import type { TaskCore } from "./task-core.ts";
import type { TaskHooks, TaskNotice, TaskParts } from "./task-parts.ts";

interface TaskInside {
  /** Only after the task is built. */
  readonly parts: () => Pick<TaskParts, "chain">;
  readonly core: () => TaskCore;
  readonly step: (work: () => void) => void;
  /** Nothing that operators have put off happens any more. */
  readonly isOver: () => boolean;
  readonly wake: () => void;
  readonly fail: (error: unknown) => void;
  readonly notice: (notice: TaskNotice) => void;
  readonly heartbeat: (heartbeat: number, checkpointId: number | null) => void;
  readonly endOfInput: () => void;
}

/** The ways from a task's parts into the task that is being built of them. */
export function taskHooks(inside: TaskInside): TaskHooks {
  const { parts, core, step, isOver, wake, fail, notice, heartbeat, endOfInput } = inside;
  return {
    tail: {
      emit: (batch) => core().emit(batch),
      advanceWatermark: (timeMs) => core().passWatermark(timeMs),
    },
    guard: (work) => {
      if (!isOver()) step(work);
    },
    notice,
    sink: { wake, fail },
    source: {
      emit: (batch) => parts().chain.process(0, batch),
      advanceWatermark: (timeMs) => core().advanceWatermark(timeMs),
      setIdle: (idle) => core().setIdle(idle),
      end: endOfInput,
      fail,
      step,
      heartbeat,
      heartbeatDue: () => notice({ kind: "heartbeatDue" }),
    },
  };
}
