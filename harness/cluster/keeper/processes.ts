import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { markCacheUse } from "../../services/cache-use.ts";
import type { Guard } from "../../services/guard.ts";
import type { KafkaService } from "../../services/kafka/service.ts";
import { startKafka } from "../../services/kafka/start.ts";
import type { ZooKeeperService } from "../../services/zookeeper/service.ts";
import { startZooKeeper } from "../../services/zookeeper/start.ts";
import type { EngineSettings } from "../../systems/system.ts";
import type { KeeperSpec } from "./protocol.ts";

/** Heap of the private broker: enough for what people type. */
const BROKER_HEAP = "512m";
const ZOOKEEPER_HEAP = "128m";

/** The engine of a cluster that is played with: the defaults of campaigns. */
export function handEngine({
  workers,
  spares,
  zones,
}: Pick<KeeperSpec, "workers" | "spares" | "zones">): EngineSettings {
  return {
    workers,
    spareWorkers: spares,
    zones,
    keyGroups: 128,
    bufferTimeoutUs: 0,
    watermarkIntervalUs: 0,
    watermarkAlignmentMs: 0,
    fetchRestMs: 0,
    livenessIntervalUs: 200_000,
    livenessTimeoutUs: 1_000_000,
    workerMemoryBytes: 512 * 2 ** 20,
  };
}

/** A private ZooKeeper and how to end it, its data included. */
export function startPlainZooKeeper(
  logFile: string,
  guard: Guard,
  signal: AbortSignal,
  onProgress: (text: string) => void,
): Promise<PlainService<ZooKeeperService>> {
  return startPlain("zookeeper", guard, (dataDir) => {
    return startZooKeeper({ dataDir, logFile, heap: ZOOKEEPER_HEAP, guard, signal, onProgress });
  });
}

/** A private Kafka and how to end it, its data included. Not warmed: nothing is measured here. */
export function startPlainKafka(
  logFile: string,
  guard: Guard,
  signal: AbortSignal,
  onProgress: (text: string) => void,
): Promise<PlainService<KafkaService>> {
  return startPlain("kafka", guard, (dataDir) => {
    return startKafka({ dataDir, logFile, heap: BROKER_HEAP, guard, signal, onProgress });
  });
}

interface PlainService<Service> {
  readonly service: Service;
  close(): Promise<void>;
}

async function startPlain<Service extends { stop(): Promise<void> }>(
  name: string,
  guard: Guard,
  start: (dataDir: string) => Promise<Service>,
): Promise<PlainService<Service>> {
  const dataDir = await mkdtemp(join(tmpdir(), `faultline-${name}-`));
  guard.watchDir(dataDir);
  const release = markCacheUse();
  const remove = async () => {
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
    guard.unwatchDir(dataDir);
    release();
  };
  try {
    const service = await start(dataDir);
    return {
      service,
      close: async () => {
        await service.stop();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
