/** What campaigns with replicas want to have been in: each is where a class of defects of replication shows. With the sentence that explains it. */
export const REPLICA_STATES = {
  replicaKilled: "a worker with replicas dies while the job runs",
  replicaKilledAtCheckpoint: "between the trigger of a checkpoint and its completion",
  groupLost: "all replicas of a group are dead",
  passiveRecovery: "and the job goes on from a checkpoint",
  leaderKilledUnanswered: "a leader dies when its orders are in the log and it has not been told",
  leaderKilledUnread: "a leader dies when it has been told and has not read them",
  takeover: "another replica claims the lead",
  lateAppend: "orders of a leader come into the log after another has claimed",
  voidEntry: "an entry comes into the log that counts for nobody",
  sessionInDoubt: "the election gives up a leader that does not know what of its orders is in the log",
  pausedPastSession: "a leader wakes up and another has claimed",
  leaderCutOff: "a leader does not reach its log",
  duplicate: "a task drops what it has got from another replica",
  duplicateTrimmed: "a task drops the first part of a frame and takes the rest",
  gapHeld: "a task keeps a frame until what is missing before it has come",
  frameRepeated: "a frame is sent twice",
  frameOvertaken: "a frame comes after one that follows it",
  windowExceeded: "a merge lets a channel take more than its window",
  linkReset: "connections of a worker with replicas to another worker break",
  linkCut: "messages wait for the end of a partition",
  linkCutOneWay: "of one that lets the others through",
  linkSlow: "messages between two workers come late for a while",
  replicaGivenUp: "a worker is given up because nothing is heard of it, and goes on",
  spilled: "so much more that it goes to a file",
  spillFailed: "the disk refuses it: the replica fails and says so",
} as const;

export type ReplicaState = keyof typeof REPLICA_STATES;

export const REPLICA_STATE_NAMES = Object.keys(REPLICA_STATES) as readonly ReplicaState[];

/** Those that only groups with leaders can be in. */
export const LEADER_STATES: readonly ReplicaState[] = [
  "leaderKilledUnanswered",
  "leaderKilledUnread",
  "takeover",
  "lateAppend",
  "voidEntry",
  "sessionInDoubt",
  "pausedPastSession",
  "leaderCutOff",
];
