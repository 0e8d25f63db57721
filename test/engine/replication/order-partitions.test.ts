import assert from "node:assert/strict";
import { it } from "node:test";
import type { Partitioning, PhysicalPlan } from "../../../engine/dataflow/plan.ts";
import { OrderPartitions } from "../../../engine/replication/order-partitions.ts";

const vertex = (id: string, parallelism: number, replicas: number) => ({ id, operators: [id], parallelism, replicas });
const edge = (id: number, from: string, to: string, kind: "forward" | "roundRobin") => {
  const partitioning: Partitioning = { kind };
  return { id, from, to, input: 0, partitioning };
};

it("gives a partition to each group that merges several channels, and to nobody else", () => {
  const plan: PhysicalPlan = {
    vertices: [vertex("source", 1, 1), vertex("a", 2, 2), vertex("b", 2, 2), vertex("c", 2, 2), vertex("sink", 1, 1)],
    edges: [
      edge(0, "source", "a", "roundRobin"),
      edge(1, "a", "b", "roundRobin"),
      edge(2, "b", "c", "forward"),
      edge(3, "c", "sink", "roundRobin"),
    ],
    keyGroups: 8,
  };
  const partitions = new OrderPartitions(plan);
  assert.equal(partitions.count, 2);
  assert.deepEqual([partitions.partitionOf("b", 0), partitions.partitionOf("b", 1)], [0, 1]);
  for (const other of ["source", "a", "c", "sink"]) assert.equal(partitions.partitionOf(other, 0), null);
});
