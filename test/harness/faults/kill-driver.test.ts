import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { KillDriver } from "../../../harness/faults/kill-driver.ts";

const VICTIM = { role: "worker-1", pid: 77, name: "worker-1" };
/** `/proc/<pid>/stat` of a process in this state, begun at this tick; its name has a parenthesis in it. */
const stat = (state: string, startTicks: number) => `77 (no) de) ${state}${" 0".repeat(18)} ${startTicks} 0 0`;

function rig(after: (atUs: number) => string | null) {
  let nowUs = 0;
  let killed: string | null = null;
  const driver = new KillDriver({
    monotonicUs: () => nowUs,
    sleep: async (ms) => {
      nowUs += ms * 1000;
    },
    kill: (pid, signal) => {
      killed = `${pid} ${signal}`;
    },
    read: () => (killed === null ? stat("S", 500) : after(nowUs)),
  });
  return { driver, killed: () => killed };
}

describe("the kill driver", () => {
  it("sends SIGKILL and sees the process gone at the moment it is", async () => {
    const { driver, killed } = rig((us) => (us < 3_000 ? stat("R", 500) : null));
    assert.equal(driver.precondition(VICTIM), null);
    driver.inject(VICTIM);
    assert.equal(killed(), "77 SIGKILL");
    // Asked every millisecond: a look before it was still there.
    const sighting = { atUs: 3_000, resolutionUs: 1_000, what: "process 77 is gone" };
    assert.deepEqual(await driver.observe(VICTIM), sighting);
  });

  it("takes a process that left only its exit status, or whose id another has, for gone", async () => {
    for (const left of [stat("Z", 500), stat("S", 501)]) {
      const { driver } = rig(() => left);
      driver.precondition(VICTIM);
      driver.inject(VICTIM);
      assert.equal((await driver.observe(VICTIM))?.atUs, 0);
    }
  });

  it("does not claim a death that it does not see", async () => {
    const { driver } = rig(() => stat("D", 500));
    driver.precondition(VICTIM);
    driver.inject(VICTIM);
    assert.equal(await driver.observe(VICTIM), null);
  });

  it("refuses a process that is gone already", () => {
    const driver = new KillDriver({ monotonicUs: () => 0, sleep: async () => {}, kill: () => {}, read: () => null });
    assert.match(driver.precondition(VICTIM) ?? "", /worker-1 \(pid 77\) is gone already/);
  });
});
