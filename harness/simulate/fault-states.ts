/** What campaigns with faults want to have been in: each is where a class of defects of recovery shows. With the sentence that explains it. */
export const FAULT_STATES = {
  effectiveFault: "a fault struck while the job ran, and something came of it",
  severalFaults: "two faults or more struck",
  struckAlignment: "a fault strikes between the trigger of a checkpoint and its last acknowledgement",
  struckBeforeComplete: "a fault strikes between the last acknowledgement of a checkpoint and its completion",
  struckCommit: "a fault strikes when a checkpoint is complete and its transactions are not all committed",
  struckFinal: "a fault strikes during the last checkpoint of a job",
  struckDeployment: "a fault strikes while a job is deployed",
  struckRestore: "a fault strikes while a job is deployed from a checkpoint",
  struckRestarting: "a fault strikes while a job waits to start again",
  restart: "the job starts again",
  restored: "from a checkpoint",
  restoredTwice: "from a checkpoint, a second time",
  fromScratch: "from the beginning, because no checkpoint is complete",
  commitOnRestore: "a transaction is committed by the next attempt, because the checkpoint was complete",
  fenced: "the log refuses a producer whose id a later attempt has taken",
  zombie: "a process that was given up wakes up",
  silentWorker: "a worker is given up because it is silent",
  brokenPeers: "a connection between workers breaks",
  tornFound: "a damaged file is found on restore",
  fallback: "the checkpoint before it is used",
  noneUsable: "no other is left: the job fails and says so",
  localCopy: "a task starts from its worker's own copy",
  storeRefused: "the store refuses a request",
  storeSlow: "the store lets a request wait",
  checkpointTimeout: "a checkpoint is not complete in time",
  checkpointAborted: "a checkpoint is given up",
  tooManyFailures: "more checkpoints fail than the settings tolerate",
  heldMessages: "messages wait for the end of a partition",
  logOut: "a request meets a log that is out",
  replacement: "a worker takes the place of one that is gone",
  exhausted: "the restart strategy gives up",
} as const;

export type FaultState = keyof typeof FAULT_STATES;

export const FAULT_STATE_NAMES = Object.keys(FAULT_STATES) as readonly FaultState[];
