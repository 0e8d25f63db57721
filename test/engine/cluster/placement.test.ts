import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { placeTasks } from "../../../engine/cluster/placement.ts";
import { chooseWorkers, domainOf, placementProblem, type WorkerAddress } from "../../../engine/cluster/worker-pools.ts";
import type { PhysicalPlan, Vertex } from "../../../engine/dataflow/plan.ts";
import { instanceOf } from "../../../engine/replication/subtask.ts";

const vertexOf = (id: string, parallelism: number, replicas: number): Vertex => {
  return { id, operators: [id], parallelism, replicas };
};
const planOf = (...vertices: Vertex[]): PhysicalPlan => ({ vertices, edges: [], keyGroups: 64 });
/** One worker for every zone named; null: says none. */
const workersIn = (...zones: readonly (string | null)[]): WorkerAddress[] =>
  zones.map((zone, index) => ({ worker: `w${index}`, address: `h:${index}`, ...(zone === null ? {} : { zone }) }));
const workersOf = (count: number) => workersIn(...Array.from({ length: count }, () => null));

const anyPlan = fc
  .array(fc.record({ parallelism: fc.integer({ min: 1, max: 7 }), replicas: fc.integer({ min: 1, max: 4 }) }), {
    minLength: 1,
    maxLength: 6,
  })
  .map((sizes) =>
    planOf(...sizes.map(({ parallelism, replicas }, index) => vertexOf(`v${index}`, parallelism, replicas))),
  );
const anyWorkers = fc
  .array(fc.constantFrom(null, "a", "b", "c", "d", "e"), { minLength: 1, maxLength: 12 })
  .map((zones) => workersIn(...zones));

describe("placement", () => {
  it("keeps replicas of a group on workers and in zones apart, and away from what has none, or says what is missing", () => {
    const seen = { placed: 0, workers: 0, zones: 0 };
    fc.assert(
      fc.property(anyPlan, anyWorkers, (plan, workers) => {
        const most = Math.max(...plan.vertices.map(({ replicas }) => replicas));
        const needed = most === 1 ? 1 : most + (plan.vertices.some(({ replicas }) => replicas === 1) ? 1 : 0);
        const zones = new Set(workers.map(domainOf)).size;
        if (workers.length < needed || (most > 1 && zones < most)) {
          const which = workers.length < needed ? "workers" : "zones";
          seen[which]++;
          assert.throws(() => placeTasks(plan, workers), {
            code: "job-invalid",
            message:
              which === "workers" ? /replicas need \d workers, there are \d/ : /need workers in \d zones, there are \d/,
          });
          return;
        }
        seen.placed++;
        const placements = placeTasks(plan, workers);
        const names = placements.map(({ vertex, subtask }) => `${vertex}/${subtask}`);
        const expected = plan.vertices.flatMap(({ id, parallelism, replicas }) =>
          Array.from({ length: parallelism * replicas }, (_, subtask) => `${id}/${subtask}`),
        );
        assert.deepEqual(names, expected);
        const replicasOf = new Map(plan.vertices.map(({ id, replicas }) => [id, replicas]));
        const workerOf = new Map(workers.map((worker) => [worker.worker, worker]));
        const hosts = { single: new Set<string>(), replicated: new Set<string>() };
        const domains = new Set<string>();
        for (const { vertex, subtask, worker, address } of placements) {
          const replicas = replicasOf.get(vertex)!;
          assert.equal(workerOf.get(worker)!.address, address);
          hosts[replicas > 1 ? "replicated" : "single"].add(worker);
          domains.add(
            `${vertex} ${instanceOf(subtask, replicas)} ${replicas > 1 ? domainOf(workerOf.get(worker)!) : subtask}`,
          );
        }
        assert.equal(domains.size, placements.length);
        if (most > 1) assert.ok([...hosts.single].every((worker) => !hosts.replicated.has(worker)));
      }),
      { numRuns: 2000 },
    );
    assert.ok(seen.placed > 200 && seen.workers > 50 && seen.zones > 50, JSON.stringify(seen));
  });

  it("loads workers evenly where every worker is a zone of its own, whatever the mixture of replicas", () => {
    fc.assert(
      fc.property(anyPlan, fc.integer({ min: 5, max: 12 }), (plan, count) => {
        const vertices = plan.vertices.filter(({ replicas }) => replicas > 1);
        // Vertices of one shape lie on top of each other, so that neighbours meet.
        const shapes = new Map(vertices.map((vertex) => [`${vertex.parallelism} ${vertex.replicas}`, vertex]));
        fc.pre(shapes.size > 0);
        const loads = new Map(workersOf(count).map(({ worker }) => [worker, 0]));
        for (const { worker } of placeTasks(planOf(...shapes.values()), workersOf(count)))
          loads.set(worker, loads.get(worker)! + 1);
        assert.ok(Math.max(...loads.values()) - Math.min(...loads.values()) <= 1, [...loads.values()].join(" "));
      }),
    );
  });

  it("has the subtasks of vertices of one shape on the same workers", () => {
    const placements = placeTasks(planOf(vertexOf("a", 3, 2), vertexOf("b", 1, 4), vertexOf("c", 3, 2)), workersOf(5));
    const of = (id: string) => placements.filter(({ vertex }) => vertex === id).map(({ worker }) => worker);
    assert.deepEqual(of("a"), of("c"));
    assert.deepEqual(of("a"), ["w0", "w1", "w2", "w3", "w4", "w0"]);
  });

  it("says how many workers of which kind are missing", () => {
    const plan = planOf(vertexOf("source", 1, 1), vertexOf("map", 2, 3));
    assert.throws(() => placeTasks(plan, workersOf(3)), {
      message: '3 replicas need 4 workers, there are 3: 3 for the replicas of "map", 1 for tasks that have none',
    });
    assert.throws(() => placeTasks(plan, workersIn("a", "a", "b", "b", "b")), {
      message: '3 replicas of "map" need workers in 3 zones, there are 2: zone a, zone b',
    });
  });

  it("takes for tasks without replicas no worker whose zone the replicas need", () => {
    const plan = planOf(vertexOf("source", 4, 1), vertexOf("map", 1, 2));
    const placements = placeTasks(plan, workersIn("a", "b", "b", "b"));
    assert.deepEqual(
      [...new Set(placements.filter(({ vertex }) => vertex === "source").map(({ worker }) => worker))],
      ["w1", "w2"],
    );
  });

  it("chooses the first workers, but of as many zones as are needed where those are to be had", () => {
    const plan = planOf(vertexOf("source", 1, 1), vertexOf("map", 1, 2));
    const chosen = (workers: readonly WorkerAddress[], most: number) =>
      chooseWorkers(plan, workers, most).map(({ worker }) => worker);
    assert.deepEqual(chosen(workersOf(5), 3), ["w0", "w1", "w2"]);
    assert.deepEqual(chosen(workersIn("a", "a", "a", "b"), 3), ["w0", "w1", "w3"]);
    assert.deepEqual(chosen(workersIn("a", "a", "a"), 3), ["w0", "w1", "w2"]);
    fc.assert(
      fc.property(anyPlan, anyWorkers, fc.integer({ min: 6, max: 12 }), (some, workers, most) => {
        const taken = chooseWorkers(some, workers, most);
        assert.equal(taken.length, Math.min(most, workers.length));
        // With room for all that a plan can need, what can be placed at all can be placed on the chosen.
        assert.equal(placementProblem(some, taken) === null, placementProblem(some, workers) === null);
      }),
    );
  });
});
