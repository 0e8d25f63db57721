import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { placeTasks } from "../../../engine/cluster/placement.ts";
import { instanceOf } from "../../../engine/replication/subtask.ts";

const workersOf = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ worker: `w${index}`, address: `h:${index}` }));

describe("placement", () => {
  it("places every subtask once and never two replicas of a group on one worker", () => {
    const sizes = fc.record({
      parallelism: fc.integer({ min: 1, max: 8 }),
      replicas: fc.integer({ min: 1, max: 4 }),
      spare: fc.nat(4),
    });
    fc.assert(
      fc.property(sizes, ({ parallelism, replicas, spare }) => {
        const vertices = ["a", "b"].map((id) => ({ id, operators: [id], parallelism, replicas }));
        const placements = placeTasks({ vertices, edges: [], keyGroups: 16 }, workersOf(replicas + spare));
        assert.equal(placements.length, 2 * parallelism * replicas);
        assert.equal(new Set(placements.map(({ vertex, subtask }) => `${vertex}/${subtask}`)).size, placements.length);
        const groups = new Set(
          placements.map(({ vertex, subtask, worker }) => `${vertex} ${instanceOf(subtask, replicas)} ${worker}`),
        );
        assert.equal(groups.size, placements.length);
      }),
    );
  });

  it("gives replicas workers of their own, apart from what has no replica", () => {
    const sizes = fc.record({
      parallelism: fc.integer({ min: 1, max: 6 }),
      replicas: fc.integer({ min: 2, max: 4 }),
      spare: fc.nat(6),
    });
    fc.assert(
      fc.property(sizes, ({ parallelism, replicas, spare }) => {
        const vertices = [
          { id: "single", operators: ["single"], parallelism, replicas: 1 },
          { id: "group", operators: ["group"], parallelism, replicas },
        ];
        const placements = placeTasks({ vertices, edges: [], keyGroups: 16 }, workersOf(replicas + 1 + spare));
        const workers = (id: string) =>
          new Set(placements.filter(({ vertex }) => vertex === id).map(({ worker }) => worker));
        const group = workers("group");
        assert.ok([...workers("single")].every((worker) => !group.has(worker)));
        const groups = placements.filter(({ vertex }) => vertex === "group");
        const places = new Set(groups.map(({ subtask, worker }) => `${instanceOf(subtask, replicas)} ${worker}`));
        assert.equal(places.size, parallelism * replicas);
        assert.throws(
          () => placeTasks({ vertices, edges: [], keyGroups: 16 }, workersOf(replicas)),
          /start more workers|workers, there are/,
        );
      }),
    );
  });

  it("refuses fewer workers than replicas", () => {
    const vertices = [{ id: "a", operators: ["a"], parallelism: 1, replicas: 2 }];
    assert.throws(() => placeTasks({ vertices, edges: [], keyGroups: 16 }, workersOf(1)), { code: "job-invalid" });
  });
});
