import { FaultlineError } from "../../../base/errors.ts";
import type { Log } from "../../../engine/ports.ts";

const refuse = (): never => {
  throw new FaultlineError("job-invalid", "this log has no transactions and is kept whole");
};

/** What a log answers that has no transactions and is kept whole. */
export const NO_TRANSACTIONS: Pick<Log, "openTransactionalWriter" | "commitPrepared" | "truncate"> = {
  openTransactionalWriter: refuse,
  commitPrepared: refuse,
  truncate: refuse,
};
