import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { markCacheUse } from "../../services/cache-use.ts";
import type { Guard } from "../../services/guard.ts";
import type { KafkaService } from "../../services/kafka/service.ts";
import { startKafka } from "../../services/kafka/start.ts";
import type { EngineSettings } from "../../systems/system.ts";

/** Heap of the private broker: enough for what people type. */
const BROKER_HEAP = "512m";

/** The engine of a cluster that is played with: the defaults of campaigns. */
export function handEngine(workers: number, spareWorkers: number): EngineSettings {
  return {
    workers,
    spareWorkers,
    keyGroups: 128,
    bufferTimeoutUs: 0,
    watermarkIntervalUs: 1_000,
    watermarkAlignmentMs: 0,
    fetchRestMs: 0,
    livenessIntervalUs: 200_000,
    livenessTimeoutUs: 1_000_000,
    workerMemoryBytes: 512 * 2 ** 20,
  };
}

/** A private Kafka and how to end it, its data included. Not warmed: nothing is measured here. */
export async function startPlainKafka(
  logFile: string,
  guard: Guard,
  signal: AbortSignal,
  onProgress: (text: string) => void,
): Promise<{ readonly service: KafkaService; close(): Promise<void> }> {
  const dataDir = await mkdtemp(join(tmpdir(), "faultline-kafka-"));
  guard.watchDir(dataDir);
  const release = markCacheUse();
  const remove = async () => {
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
    guard.unwatchDir(dataDir);
    release();
  };
  try {
    const service = await startKafka({ dataDir, logFile, heap: BROKER_HEAP, guard, signal, onProgress });
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
