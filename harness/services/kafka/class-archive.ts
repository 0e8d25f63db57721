import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { asFaultlineError, FaultlineError } from "../../../base/errors.ts";
import type { InstalledArtifacts } from "../artifact-cache.ts";
import type { Child } from "../child.ts";
import { withFileLock } from "../file-lock.ts";
import { freePorts } from "../free-ports.ts";
import type { Guard } from "../guard.ts";
import type { JavaRuntime } from "../java.ts";
import { type BrokerRuntime, formatStorage, startBroker, waitUntilReady } from "./jvm.ts";

const DUMP_TIMEOUT_MS = 60_000;

/**
 * A class data archive (AppCDS) of the broker, made once per Java version by a trial run: it halves the time to start.
 * Null when it cannot be made, which is reported through `onProgress` and tried again next time.
 */
export async function classArchive(
  java: JavaRuntime,
  kafka: InstalledArtifacts,
  guard: Guard | undefined,
  onProgress: (message: string) => void,
): Promise<string | null> {
  const javaId = createHash("sha256").update(`${java.file} ${java.version}`).digest("hex").slice(0, 8);
  const archive = join(kafka.directory, `classes-${javaId}.jsa`);
  if (existsSync(archive)) return archive;
  try {
    const onWait = () => onProgress("waiting for another process that makes Kafka's class archive");
    await withFileLock(`${archive}.lock`, onWait, async () => {
      if (!existsSync(archive)) await makeArchive(java, kafka, guard, archive, onProgress);
    });
    return archive;
  } catch (cause) {
    onProgress(`Kafka starts more slowly, without a class archive: ${asFaultlineError(cause).message}`);
    return null;
  }
}

async function makeArchive(
  java: JavaRuntime,
  kafka: InstalledArtifacts,
  guard: Guard | undefined,
  archive: string,
  onProgress: (message: string) => void,
): Promise<void> {
  onProgress("making Kafka's class archive (once)");
  const trialDir = mkdtempSync(`${archive}.tmp-`);
  guard?.watchDir(trialDir);
  let child: Child | null = null;
  try {
    const [clientPort = 0, controllerPort = 0] = await freePorts(2);
    const place = { dataDir: join(trialDir, "data"), clientPort, controllerPort };
    const logFile = join(trialDir, "kafka.log");
    const runtime: BrokerRuntime = { java, classPath: kafka.classPath, archive: null, heap: "512m", logFile, guard };
    const made = join(trialDir, "classes.jsa");
    const clusterId = await formatStorage(runtime, place);
    child = startBroker(runtime, place, [`-XX:ArchiveClassesAtExit=${made}`]);
    await waitUntilReady(child, place, logFile, clusterId);
    await child.stop(DUMP_TIMEOUT_MS);
    if (!existsSync(made)) throw new FaultlineError("service-start-failed", "the Java runtime wrote no class archive");
    renameSync(made, archive);
  } finally {
    await child?.kill();
    rmSync(trialDir, { recursive: true, force: true });
    guard?.unwatchDir(trialDir);
  }
}
