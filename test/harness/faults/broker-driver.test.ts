import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BrokerDriver } from "../../../harness/faults/broker-driver.ts";

const BROKER = { role: "broker", pid: 99, name: "broker" };

/** A broker whose process takes 4 ms to end, and its port 2 ms more. */
function rig(how: "kill" | "halt", isOurs = true) {
  let nowUs = 0;
  let goneUs = Number.POSITIVE_INFINITY;
  let pid: number | null = 99;
  const log: string[] = [];
  const go = (what: string) => async () => {
    log.push(what);
    goneUs = nowUs + 4_000;
    pid = null;
  };
  const driver = new BrokerDriver(
    {
      monotonicUs: () => nowUs,
      sleep: async (ms) => {
        nowUs += ms * 1000;
      },
      read: () => (nowUs < goneUs ? `99 (java) S${" 0".repeat(18)} 500 0 0` : null),
      answers: async (address) => {
        log.push(`ask ${address}`);
        return nowUs < goneUs + 2_000;
      },
      started: (started) => log.push(`started ${started}`),
      broker: !isOurs
        ? null
        : {
            get pid() {
              return pid;
            },
            brokers: ["127.0.0.1:9092"],
            kill: go("kill"),
            halt: go("halt"),
            restart: async () => {
              log.push("restart");
              pid = 100;
            },
          },
    },
    how,
  );
  return { driver, log };
}

describe("the broker driver", () => {
  for (const how of ["kill", "halt"] as const) {
    it(`${how}s the broker, sees process and port gone, and starts it again once`, async () => {
      const { driver, log } = rig(how);
      assert.equal(driver.precondition(), null);
      driver.inject();
      assert.equal(driver.precondition(), "the broker does not run");
      const sighting = await driver.observe(BROKER);
      assert.deepEqual([sighting?.atUs, sighting?.resolutionUs], [6_000, 1_000]);
      assert.equal(sighting!.what, "process 99 is gone, nothing answers on 127.0.0.1:9092");
      await Promise.all([driver.heal(), driver.heal()]);
      assert.deepEqual(
        log.filter((line) => !line.startsWith("ask")),
        [how, "restart", "started 100"],
      );
    });
  }

  it("leaves alone a broker that is not ours, and starts none that it did not end", async () => {
    assert.match(rig("kill", false).driver.precondition() ?? "", /external Kafka cluster is not Faultline's/);
    const { driver, log } = rig("kill");
    await driver.heal();
    assert.deepEqual(log, []);
  });
});
