import type { Election } from "../ports.ts";

/** Leadership where there is one coordinator and no standby: whoever joins leads, with epoch 1. */
export const localElection: Election = {
  join(_group, _candidate, handler) {
    let left = false;
    setImmediate(() => {
      if (!left) handler.onElected(1);
    });
    return {
      leave() {
        left = true;
      },
    };
  },
};
