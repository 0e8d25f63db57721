import { FaultlineError } from "../../base/errors.ts";
import type { PhysicalPlan } from "../dataflow/plan.ts";
import { needsOrder } from "./needs-order.ts";

/**
 * Refuses to run without an order (`merge: none`) what that corrupts: every plan in which a vertex with replicas merges two logical channels
 * or more, whatever its operators do. `job-invalid` names the first such operator. What is left is right: replicas that are fed
 * by one channel each, and vertices without replicas, which may take what comes as it comes.
 *
 * What is wrong where it runs all the same (`allowUnordered`): replicas take the channels in different orders, so that number n of one is
 * another row than number n of its sibling. A receiver takes number n from one and n + 1 from the other: some rows reach it twice and
 * others never, even while nothing fails, and even of operators that only pass rows on. Order-sensitive state differs from replica to
 * replica besides. Heartbeats and the end have numbers too: watermarks may come late, checkpoints are inconsistent or never complete, and a
 * channel that seems to end twice fails the job. Only the cost of such a run means anything; nobody compares the output of its replicas.
 */
export function refuseUnordered(plan: PhysicalPlan): void {
  const vertex = plan.vertices.find((candidate) => needsOrder(plan, candidate));
  if (vertex === undefined) return;
  throw new FaultlineError(
    "job-invalid",
    `operator "${vertex.id}" has ${vertex.replicas} replicas that merge several channels: without an order they number different rows alike`,
    {
      hint: "merge with liveRobin, kaZoo or timeBias, or give it one replica; for the bare cost of replicas, with wrong results, set replication.allowUnordered",
    },
  );
}
