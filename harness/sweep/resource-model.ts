/** One line of `raw/<run>/resources.jsonl`: counters of one process at one time, as the kernel tells them. */
export interface ResourceSample {
  readonly atUs: number;
  readonly role: string;
  readonly pid: number;
  readonly cpuUserMs: number;
  readonly cpuSystemMs: number;
  readonly rssBytes: number;
  /** Through read and write calls since the process began: sockets, pipes, files. Absent where the kernel does not tell. */
  readonly readBytes?: number;
  readonly writtenBytes?: number;
  /** Of all its threads; in some samples only. */
  readonly voluntarySwitches?: number;
  readonly involuntarySwitches?: number;
}

/** What the processes of a role used in the measured window. Absent: not measured. */
export interface RoleUsage {
  readonly cpuSeconds: number;
  readonly cpuPercent: number;
  readonly rssPeakBytes: number;
  readonly readBytes?: number;
  readonly writtenBytes?: number;
  readonly voluntarySwitches?: number;
  readonly involuntarySwitches?: number;
  /** Of programs of ours only. */
  readonly runtime?: RuntimeUsage;
}

/** CPU of the whole machine, 100 = one core. */
export interface MachineLoad {
  /** Of processes that do not belong to the run. What it starts and does not watch, as its guard, is in it. */
  readonly foreignCpuPercent: number;
  /** Taken by the host that the machine itself runs on. */
  readonly stolenCpuPercent: number;
}

/** What Node told of the processes of a role in the measured window. */
export interface RuntimeUsage {
  /** The largest heap of each process, added up. */
  readonly heapPeakBytes: number;
  readonly gcPauses: number;
  readonly gcPauseUs: number;
  readonly gcPauseMaxUs: number;
  /** By how much a timer came late, of all processes together; null: too few turns. */
  readonly loopDelayP99Us: number | null;
  readonly loopDelayMaxUs: number | null;
}
