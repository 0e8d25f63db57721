import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { EndDriver, type SignalParts } from "../../../harness/faults/end-driver.ts";
import { PauseDriver } from "../../../harness/faults/pause-driver.ts";

const VICTIM = { role: "worker-1", pid: 77, name: "worker-1" };
/** `/proc/<pid>/stat` of a process in this state, begun at this tick; its name has a parenthesis in it. */
const stat = (state: string, startTicks: number) => `77 (no) de) ${state}${" 0".repeat(18)} ${startTicks} 0 0`;
const ALIVE = stat("S", 500);

/** `after`: what /proc shows so long after the first signal. */
function rig<Driver>(make: (parts: SignalParts) => Driver, after: (us: number) => string | null) {
  let nowUs = 0;
  const signals: string[] = [];
  const driver = make({
    monotonicUs: () => nowUs,
    sleep: async (ms) => {
      nowUs += ms * 1000;
    },
    kill: (pid, signal) => void signals.push(`${pid} ${signal}`),
    read: () => (signals.length === 0 ? ALIVE : after(nowUs)),
  });
  return { driver, signals };
}

const kill = (parts: SignalParts) => new EndDriver(parts, "SIGKILL", 5_000);
const terminate = (parts: SignalParts) => new EndDriver(parts, "SIGTERM", 5_000);
const pause = (parts: SignalParts) => new PauseDriver(parts);
const gone = { monotonicUs: () => 0, sleep: async () => {}, kill: () => {}, read: () => null };

describe("a driver that ends a process", () => {
  it("sends its signal and sees the process gone at the moment it is", async () => {
    for (const [make, signal] of [
      [kill, "77 SIGKILL"],
      [terminate, "77 SIGTERM"],
    ] as const) {
      const { driver, signals } = rig(make, (us) => (us < 3_000 ? stat("R", 500) : null));
      assert.equal(driver.precondition(VICTIM), null);
      driver.inject(VICTIM);
      assert.deepEqual(signals, [signal]);
      // Asked every millisecond: a look before it was still there.
      const sighting = { atUs: 3_000, resolutionUs: 1_000, what: "process 77 is gone" };
      assert.deepEqual(await driver.observe(VICTIM), sighting);
      driver.heal();
      assert.equal(signals.length, 1, "there is nothing to heal");
    }
  });

  it("takes a process that left only its exit status, or whose id another has, for gone", async () => {
    for (const left of [stat("Z", 500), stat("S", 501)]) {
      const { driver } = rig(kill, () => left);
      driver.precondition(VICTIM);
      driver.inject(VICTIM);
      assert.equal((await driver.observe(VICTIM))?.atUs, 0);
    }
  });

  it("does not claim a death that it does not see", async () => {
    const { driver } = rig(terminate, () => stat("D", 500));
    driver.precondition(VICTIM);
    driver.inject(VICTIM);
    assert.equal(await driver.observe(VICTIM), null);
  });

  it("refuses a process that is gone already, and takes one that goes in the last moment", () => {
    assert.match(new EndDriver(gone, "SIGKILL", 1).precondition(VICTIM) ?? "", /worker-1 \(pid 77\) is gone already/);
    const refuse = (code: string) => () => {
      throw Object.assign(new Error(code), { code });
    };
    new EndDriver({ ...gone, kill: refuse("ESRCH") }, "SIGKILL", 1).inject(VICTIM);
    assert.throws(() => new EndDriver({ ...gone, kill: refuse("EPERM") }, "SIGKILL", 1).inject(VICTIM), /EPERM/);
  });
});

describe("the pause driver", () => {
  it("stops the process, sees the kernel show it as stopped, and continues it once", async () => {
    const { driver, signals } = rig(pause, (us) => (us < 2_000 ? stat("R", 500) : stat("T", 500)));
    assert.equal(driver.precondition(VICTIM), null);
    driver.inject(VICTIM);
    const sighting = { atUs: 2_000, resolutionUs: 1_000, what: "process 77 is stopped" };
    assert.deepEqual(await driver.observe(VICTIM), sighting);
    driver.heal(VICTIM);
    driver.heal(VICTIM);
    assert.deepEqual(signals, ["77 SIGSTOP", "77 SIGCONT"]);
  });

  it("does not claim a stop that it does not see", async () => {
    for (const shown of [ALIVE, null, stat("T", 501)]) {
      const { driver } = rig(pause, () => shown);
      driver.precondition(VICTIM);
      driver.inject(VICTIM);
      assert.equal(await driver.observe(VICTIM), null);
    }
  });

  it("continues nobody whom it did not stop, nor another process of that id", () => {
    const idle = rig(pause, () => ALIVE);
    idle.driver.precondition(VICTIM);
    idle.driver.heal(VICTIM);
    assert.deepEqual(idle.signals, []);
    const reused = rig(pause, () => stat("S", 501));
    reused.driver.precondition(VICTIM);
    reused.driver.inject(VICTIM);
    reused.driver.heal(VICTIM);
    assert.deepEqual(reused.signals, ["77 SIGSTOP"]);
  });

  it("refuses a process that is gone or stopped already", () => {
    assert.match(new PauseDriver(gone).precondition(VICTIM) ?? "", /gone already/);
    const stopped = new PauseDriver({ ...gone, read: () => stat("T", 500) });
    assert.match(stopped.precondition(VICTIM) ?? "", /stopped already/);
  });
});
