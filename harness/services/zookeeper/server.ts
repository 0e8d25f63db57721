import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { asFaultlineError, FaultlineError, systemCode } from "../../../base/errors.ts";
import { type Child, startChild } from "../child.ts";
import type { Guard } from "../guard.ts";
import type { JavaRuntime } from "../java.ts";
import { untilReady } from "../until-ready.ts";

const READY_TIMEOUT_MS = 60_000;
const ANSWER_TIMEOUT_MS = 1_000;
const LOG_TAIL_BYTES = 4_000;
const PORT_TAKEN = /Address already in use/;

/** What shapes results: the smallest session that is granted is two ticks. */
export const NOTABLE_SETTINGS = { tickTime: "250", minSessionTimeout: "500", maxSessionTimeout: "60000" } as const;

export interface ServerRuntime {
  readonly java: JavaRuntime;
  readonly classPath: string;
  readonly heap: string;
  readonly logFile: string;
  readonly guard: Guard | undefined;
}

export interface ServerPlace {
  readonly dataDir: string;
  readonly clientPort: number;
}

/** Writes the configuration of a server of its own, loopback only. Throws `output-unwritable`. */
export function writeConfiguration(place: ServerPlace): void {
  const properties: Readonly<Record<string, string>> = {
    ...NOTABLE_SETTINGS,
    dataDir: `${place.dataDir}/data`.replaceAll("\\", "\\\\"),
    clientPort: String(place.clientPort),
    clientPortAddress: "127.0.0.1",
    "admin.enableServer": "false",
    maxClientCnxns: "0",
    "autopurge.snapRetainCount": "3",
    "autopurge.purgeInterval": "1",
  };
  const lines = Object.entries(properties).map(([key, value]) => `${key}=${value}\n`);
  try {
    mkdirSync(place.dataDir, { recursive: true });
    writeFileSync(configurationFile(place), lines.join(""));
  } catch (cause) {
    throw asFaultlineError(cause, "output-unwritable");
  }
}

/** Starts the server's process; it is not ready yet. */
export function startServer(runtime: ServerRuntime, place: ServerPlace): Child {
  const { java, heap, classPath, logFile, guard } = runtime;
  const flags = ["-Xms64m", `-Xmx${heap}`, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"];
  const properties = [
    "-Djava.awt.headless=true",
    "-Dzookeeper.jmx.log4j.disable=true",
    "-Dzookeeper.4lw.commands.whitelist=conf",
    "-Dzookeeper.preAllocSize=1024", // KiB; 64 MiB for every log file otherwise
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
  ];
  const program = ["org.apache.zookeeper.server.ZooKeeperServerMain", configurationFile(place)];
  return startChild({
    role: "zookeeper",
    file: java.file,
    args: [...flags, ...properties, "-cp", classPath, ...program],
    logFile,
    guard,
  });
}

/**
 * Resolves when this very server answers: another one that took the port in the meantime is not taken for it. Throws `port-unavailable` or
 * `service-start-failed` when it ends or stays silent, `interrupted` when `signal` is aborted; it has ended then.
 */
export async function waitUntilReady(
  child: Child,
  place: ServerPlace,
  logFile: string,
  signal?: AbortSignal,
): Promise<void> {
  await untilReady({
    child,
    name: "ZooKeeper",
    timeoutMs: READY_TIMEOUT_MS,
    isReady: async () => (await ask(place.clientPort, "conf")).includes(`dataDir=${place.dataDir}/data/`),
    failure: (hasEnded) => startFailure(hasEnded, place, logFile),
    signal,
  });
}

function startFailure(hasEnded: boolean, { clientPort }: ServerPlace, logFile: string): FaultlineError {
  const log = readLog(logFile).slice(-LOG_TAIL_BYTES);
  const context = { logFile, logTail: log };
  if (PORT_TAKEN.test(log)) return new FaultlineError("port-unavailable", `port ${clientPort} is taken`, { context });
  const lines = log.split("\n").filter((line) => line.trim() !== "");
  const reason = lines.find((line) => / ERROR |Exception|^Error/.test(line)) ?? lines.at(-1) ?? "its log is empty";
  const what = hasEnded ? "ZooKeeper ended while it started" : "ZooKeeper does not answer";
  return new FaultlineError("service-start-failed", `${what}: ${reason}`, {
    hint: `Its log says more: ${logFile}`,
    context,
  });
}

/** The answer to one of ZooKeeper's four-letter words; empty when there is none. */
function ask(port: number, word: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let answer = "";
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy());
    socket.on("connect", () => socket.write(word));
    socket.on("data", (bytes) => {
      answer += bytes.toString();
    });
    socket.on("error", () => {}); // not up yet: `close` follows
    socket.on("close", () => resolve(answer));
  });
}

function readLog(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return "";
    throw error;
  }
}

function configurationFile({ dataDir }: ServerPlace): string {
  return join(dataDir, "zoo.cfg");
}
