import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { monotonicUs } from "../../../base/clock.ts";
import { BrokerDriver } from "../../../harness/faults/broker-driver.ts";
import { PauseDriver } from "../../../harness/faults/pause-driver.ts";
import { portAnswers } from "../../../harness/faults/port-answers.ts";
import { sleep } from "../../../harness/sweep/bindings/clock.ts";
import { KafkaClient } from "../../../kafka/client.ts";
import { startTestBroker, type TestBroker } from "../broker.ts";

let broker: TestBroker;

before(async () => {
  broker = await startTestBroker();
});
after(() => broker.close());

const target = (pid: number) => ({ role: "broker", pid, name: "broker" });

for (const how of ["kill", "halt"] as const) {
  test(`a broker after ${how}: seen gone, back on its port with its data, and its death is no failure`, async () => {
    const { service, admin } = broker;
    const topic = await broker.topic(2);
    let isFailed = false;
    void service.failed.then(() => {
      isFailed = true;
    });
    const started: number[] = [];
    const driver = new BrokerDriver(
      {
        monotonicUs,
        sleep,
        answers: portAnswers,
        started: (pid) => started.push(pid),
        broker: {
          get pid() {
            return service.pid;
          },
          brokers: service.brokers,
          kill: () => service.kill(),
          halt: () => service.stop(),
          restart: () => service.restart(),
        },
      },
      how,
    );
    const pid = service.pid!;
    assert.equal(driver.precondition(), null);
    driver.inject();
    const sighting = await driver.observe(target(pid));
    assert.match(sighting?.what ?? "", new RegExp(`process ${pid} is gone, nothing answers on ${service.brokers[0]}`));
    await driver.heal();
    assert.deepEqual(started, [service.pid]);
    assert.notEqual(service.pid, pid);
    const client = await KafkaClient.connect({ brokers: service.brokers, clientId: "test" });
    assert.deepEqual(await client.listOffsets(topic, [0, 1], "latest"), [0, 0], "the topic is still there");
    await client.close();
    await broker.topic(1); // the connection from before works again
    assert.ok(admin !== undefined && !isFailed);
  });
}

test("a paused broker answers nobody, and answers again when it goes on", async () => {
  const { service } = broker;
  const driver = new PauseDriver({ monotonicUs, sleep, kill: (pid, signal) => process.kill(pid, signal) });
  const victim = target(service.pid!);
  assert.equal(driver.precondition(victim), null);
  driver.inject(victim);
  try {
    assert.match((await driver.observe(victim))?.what ?? "", /is stopped/);
    const asking = KafkaClient.connect({ brokers: service.brokers, clientId: "test", timeoutMs: 300 });
    await assert.rejects(asking, /./);
  } finally {
    driver.heal(victim);
  }
  const client = await KafkaClient.connect({ brokers: service.brokers, clientId: "test" });
  await client.close();
});
