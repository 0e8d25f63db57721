import { FaultlineError } from "../../../base/errors.ts";
import type { Log } from "../../../engine/ports.ts";

const refuse = (): never => {
  throw new FaultlineError("job-invalid", "this log has no transactions");
};

/** What a log without transactions answers. */
export const NO_TRANSACTIONS: Pick<Log, "openTransactionalWriter" | "commitPrepared"> = {
  openTransactionalWriter: refuse,
  commitPrepared: refuse,
};
