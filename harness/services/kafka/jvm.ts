import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { asFaultlineError, FaultlineError } from "../../../base/errors.ts";
import { KafkaClient } from "../../../kafka/client.ts";
import { type Child, startChild } from "../child.ts";
import type { Guard } from "../guard.ts";
import type { JavaRuntime } from "../java.ts";
import { untilReady } from "../until-ready.ts";
import { LOG_CONFIGURATION } from "./install.ts";
import { reasonIn, recentLog } from "./log-reason.ts";
import { type BrokerPlace, serverProperties } from "./properties.ts";

const FORMAT_TIMEOUT_MS = 60_000;
const READY_TIMEOUT_MS = 90_000;
const LOG_TAIL_BYTES = 4_000;

/** What a broker's Java process is made of. */
export interface BrokerRuntime {
  readonly java: JavaRuntime;
  readonly classPath: string;
  /** A class data archive, null for none. */
  readonly archive: string | null;
  readonly heap: string;
  readonly logFile: string;
  readonly guard: Guard | undefined;
}

const archiveFlags = (archive: string | null): string[] =>
  archive === null ? [] : [`-XX:SharedArchiveFile=${archive}`, "-Xshare:auto", "-Xlog:disable"];

const propertiesFile = (place: BrokerPlace): string => join(place.dataDir, "server.properties");

/** Writes server.properties and formats the data directory under a new cluster id, which it returns. Throws `output-unwritable` or `service-start-failed`. */
export async function formatStorage(runtime: BrokerRuntime, place: BrokerPlace): Promise<string> {
  try {
    mkdirSync(place.dataDir, { recursive: true });
    writeFileSync(propertiesFile(place), serverProperties(place));
  } catch (cause) {
    throw asFaultlineError(cause, "output-unwritable");
  }
  const clusterId = randomBytes(16).toString("base64url").replace(/^-/, "A"); // an option must not be suspected
  const flags = ["-Xmx128m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", ...archiveFlags(runtime.archive)];
  const tool = ["kafka.tools.StorageTool", "format", "-t", clusterId, "-c", propertiesFile(place)];
  const log = [`-Dlog4j2.configurationFile=file:${LOG_CONFIGURATION}`, `-Dfaultline.log=${runtime.logFile}`];
  const result = await execa(runtime.java.file, [...flags, ...log, "-cp", runtime.classPath, ...tool], {
    reject: false,
    all: true,
    timeout: FORMAT_TIMEOUT_MS,
  });
  if (!result.failed) return clusterId;
  const output = (result.all ?? "").slice(-LOG_TAIL_BYTES);
  const message = `Kafka's data directory cannot be formatted: ${reasonIn(output)}`;
  throw new FaultlineError("service-start-failed", message, {
    hint: "Check that the directory can be written and that the disk is not full.",
    context: { dataDir: place.dataDir, output },
  });
}

/** Starts the broker's process on a formatted directory; it is not ready yet. */
export function startBroker(runtime: BrokerRuntime, place: BrokerPlace, extraFlags: readonly string[] = []): Child {
  const { java, heap, logFile, classPath, guard } = runtime;
  const flags = [`-Xms${heap}`, `-Xmx${heap}`, "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-XX:-UsePerfData"];
  const properties = [
    "-Djava.awt.headless=true",
    `-Dlog4j2.configurationFile=file:${LOG_CONFIGURATION}`,
    `-Dfaultline.log=${logFile}`,
  ];
  const args = [...flags, ...archiveFlags(runtime.archive), ...extraFlags, ...properties, "-cp", classPath];
  return startChild({
    role: "broker",
    file: java.file,
    args: [...args, "kafka.Kafka", propertiesFile(place)],
    logFile: `${logFile}.out`,
    guard,
  });
}

/**
 * Resolves when the broker of cluster `clusterId` answers metadata requests: another one that took the port in the meantime is
 * not taken for it. Throws `service-start-failed` when it ends or stays silent, `interrupted` when `signal` is aborted; it has
 * ended then.
 */
export async function waitUntilReady(
  child: Child,
  place: BrokerPlace,
  logFile: string,
  clusterId: string,
  signal?: AbortSignal,
): Promise<void> {
  await untilReady({
    child,
    name: "Kafka",
    timeoutMs: READY_TIMEOUT_MS,
    isReady: () => answers(`127.0.0.1:${place.clientPort}`, clusterId),
    failure: (hasEnded) => startFailure(hasEnded, logFile),
    signal,
  });
}

function startFailure(hasEnded: boolean, logFile: string): FaultlineError {
  const log = recentLog(logFile);
  const what = hasEnded ? "Kafka ended while it started" : "Kafka does not answer";
  return new FaultlineError("service-start-failed", `${what}: ${reasonIn(log)}`, {
    hint: `The broker's log says more: ${logFile}`,
    context: { logFile, logTail: log.slice(-LOG_TAIL_BYTES) },
  });
}

async function answers(broker: string, clusterId: string): Promise<boolean> {
  try {
    const client = await KafkaClient.connect({ brokers: [broker], clientId: "faultline-probe", timeoutMs: 1 });
    try {
      const metadata = await client.metadata([]);
      return metadata.clusterId === clusterId && metadata.brokers.length > 0;
    } finally {
      await client.close();
    }
  } catch (error) {
    if (error instanceof FaultlineError) return false; // not up yet
    throw error;
  }
}
