import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startGuard } from "../../../harness/services/guard.ts";
import { startKafka } from "../../../harness/sweep/bindings/kafka.ts";
import { startTestBroker } from "../broker.ts";

test("on somebody's own cluster the tool creates and deletes its topics, touches no other, and leaves the cluster running", async () => {
  const theirs = await startTestBroker();
  const guard = await startGuard();
  const directory = mkdtempSync(join(tmpdir(), "faultline-external-"));
  try {
    const topic = await theirs.topic(2);
    const service = await startKafka({
      brokers: theirs.service.brokers,
      heapBytes: 0,
      logFile: join(directory, "logs", "kafka.log"),
      guard,
      signal: new AbortController().signal,
      onProgress: () => {},
    });
    assert.equal(service.pid, null);
    assert.deepEqual(await theirs.admin.listTopics(), [topic], "an external cluster is not warmed");
    await service.createTopic("ours", 3, "LogAppendTime");
    assert.deepEqual(await service.endOffsets("ours", 3), [0, 0, 0]);
    await assert.rejects(service.createTopic(topic, 2, "CreateTime"), { code: "run-failed" });
    await assert.rejects(service.deleteTopics([topic]), { code: "assertion-failed" });
    await service.deleteTopics(["ours"]);
    await service.createTopic("left", 1, "CreateTime");
    await service.stop();
    assert.deepEqual(await theirs.admin.listTopics(), ["left", topic].sort(), "stopping deletes nothing unasked");
  } finally {
    await guard.close();
    await theirs.close();
    rmSync(directory, { recursive: true });
  }
});
