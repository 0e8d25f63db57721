import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startGuard } from "../../harness/services/guard.ts";
import { KafkaAdmin } from "../../harness/services/kafka/admin.ts";
import type { KafkaService } from "../../harness/services/kafka/service.ts";
import { startKafka } from "../../harness/services/kafka/start.ts";

export interface TestBroker {
  readonly service: KafkaService;
  readonly admin: KafkaAdmin;
  /** A directory that is removed with the broker. */
  readonly directory: string;
  /** A topic name that no other test uses, created with so many partitions. */
  topic(partitions: number, config?: Readonly<Record<string, string>>): Promise<string>;
  close(): Promise<void>;
}

/** One private broker for a test file; start it in `before`, close it in `after`. */
export async function startTestBroker(): Promise<TestBroker> {
  const guard = await startGuard();
  const directory = mkdtempSync(join(tmpdir(), "faultline-test-"));
  guard.watchDir(directory);
  const service = await startKafka({
    dataDir: join(directory, "kafka"),
    logFile: join(directory, "kafka.log"),
    heap: "512m",
    guard,
    onProgress: () => {},
  });
  const admin = await KafkaAdmin.connect(service.brokers);
  let topics = 0;
  return {
    service,
    admin,
    directory,
    topic: async (partitions, config = {}) => {
      const topic = `test-${++topics}`;
      await admin.createTopics([{ topic, partitions, config }]);
      return topic;
    },
    close: async () => {
      await admin.close();
      await service.stop();
      rmSync(directory, { recursive: true, force: true });
      await guard.close();
    },
  };
}
