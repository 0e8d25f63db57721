/** Smallest heartbeat that may carry a checkpoint: at the start epochs run one ahead of the heartbeats. */
export const FIRST_FLAGGED_HEARTBEAT = 2;
