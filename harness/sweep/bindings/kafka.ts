import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FaultlineError } from "../../../base/errors.ts";
import { KafkaClient } from "../../../kafka/client.ts";
import type { BrokerHandle } from "../../faults/broker-driver.ts";
import { markCacheUse } from "../../services/cache-use.ts";
import type { Guard } from "../../services/guard.ts";
import { KafkaAdmin } from "../../services/kafka/admin.ts";
import { connectExternal } from "../../services/kafka/external.ts";
import type { KafkaService as KafkaServer } from "../../services/kafka/service.ts";
import { startKafka as startPrivateKafka } from "../../services/kafka/start.ts";
import { warmBroker } from "../../services/kafka/warm.ts";
import { makeDirectory } from "../files.ts";
import type { KafkaService, KafkaStart } from "../toolbox.ts";

/** A private broker with its own data directory, warmed by traffic; or a connection to an external cluster. */
export async function startKafka(options: KafkaStart): Promise<KafkaService> {
  const { brokers, onProgress } = options;
  if (brokers.length > 0) {
    onProgress(`using Kafka at ${brokers.join(", ")}`);
    return connected(await connectExternal(brokers), async () => {});
  }
  const { guard, logFile, signal } = options;
  await makeDirectory(join(logFile, ".."));
  const dataDir = await mkdtemp(join(tmpdir(), "faultline-kafka-"));
  guard.watchDir(dataDir);
  const releaseCache = markCacheUse();
  const removeData = async () => {
    await removeDirectory(dataDir, guard);
    releaseCache();
  };
  let server: KafkaServer | undefined;
  try {
    const heap = javaSize(options.heapBytes);
    server = await startPrivateKafka({ dataDir, logFile, heap, guard, onProgress, signal });
    await warmBroker(server, { onProgress, signal });
    return await connected(server, removeData);
  } catch (error) {
    await server?.kill(); // it holds nothing of worth
    await removeData();
    throw error;
  }
}

async function connected(server: KafkaServer, removeData: () => Promise<void>): Promise<KafkaService> {
  const admin = await KafkaAdmin.connect(server.brokers);
  const client = await KafkaClient.connect({ brokers: server.brokers, clientId: "faultline-harness" });
  let hasFailed = false;
  const failed = server.failed.then(({ code, signal }) => {
    hasFailed = true;
    const how = signal === null ? `exit code ${code}` : signal;
    return new FaultlineError("service-start-failed", `the Kafka broker ended by itself (${how})`, {
      hint: "Its log is kept in the results folder, logs/kafka*.log.",
    });
  });
  return {
    brokers: server.brokers,
    linkListener: server.linkListener,
    get pid() {
      return server.pid;
    },
    broker: server.pid === null ? null : breakable(server),
    version: server.version,
    failed,
    createTopic: (topic, partitions, timestamps) =>
      admin.createTopics([
        { topic, partitions, config: { "message.timestamp.type": timestamps, "cleanup.policy": "delete" } },
      ]),
    deleteTopics: async (topics) => {
      // The topics of a broker that is gone went with its data directory.
      if (!hasFailed) await admin.deleteTopics(topics);
    },
    describeTopic: (topic) => admin.describe(topic),
    endOffsets: (topic, partitions) =>
      client.listOffsets(
        topic,
        Array.from({ length: partitions }, (_, partition) => partition),
        "latest",
      ),
    stop: async () => {
      await Promise.allSettled([admin.close(), client.close()]);
      await server.stop();
      await removeData();
    },
  };
}

/** A private broker as faults see it. */
function breakable(server: KafkaServer): BrokerHandle {
  return {
    get pid() {
      return server.pid;
    },
    brokers: server.brokers,
    kill: () => server.kill(),
    halt: () => server.stop(),
    restart: () => server.restart(),
  };
}

async function removeDirectory(path: string, guard: Guard): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 5 });
  guard.unwatchDir(path);
}

/** As Java's -Xmx takes it. */
function javaSize(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)}m`;
}
