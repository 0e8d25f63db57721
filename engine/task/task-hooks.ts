import type { TaskCore } from "./task-core.ts";
import type { TaskHooks, TaskNotice, TaskParts } from "./task-parts.ts";

interface TaskInside {
  /** Only after the task is built. */
  readonly parts: () => Pick<TaskParts, "chain" | "heartbeats">;
  readonly core: () => TaskCore;
  readonly step: (work: () => void) => void;
  /** The task has taken part in the job's last checkpoint. */
  readonly isOver: () => boolean;
  /** To be done when that checkpoint is given up; when it is complete, never. */
  readonly putOff: (work: () => void) => void;
  readonly wake: () => void;
  readonly schedule: () => void;
  readonly fail: (error: unknown) => void;
  readonly notice: (notice: TaskNotice) => void;
  readonly heartbeat: (heartbeat: number, checkpointId: number | null) => void;
  readonly endOfInput: () => void;
}

/** The ways from a task's parts into the task that is being built of them. */
export function taskHooks(inside: TaskInside): TaskHooks {
  const { parts, core, isOver, putOff, wake, fail, notice, heartbeat, endOfInput } = inside;
  // What a timer or an answer causes behind the last checkpoint is in no other. In replicated jobs only heartbeats cause anything.
  const step = (work: () => void) => {
    if (isOver() && parts().heartbeats === null) putOff(work);
    else inside.step(work);
  };
  return {
    tail: {
      emit: (batch) => core().emit(batch),
      advanceWatermark: (timeMs) => core().passWatermark(timeMs),
    },
    guard: step,
    ordered: inside.schedule,
    fail,
    notice,
    sink: { wake, fail },
    source: {
      emit: (batch) => parts().chain.process(0, batch),
      advanceWatermark: (timeMs) => core().advanceWatermark(timeMs),
      setIdle: (idle) => core().setIdle(idle),
      end: endOfInput,
      fail,
      step,
      isOver,
      heartbeat,
      heartbeatDue: () => notice({ kind: "heartbeatDue" }),
    },
  };
}
