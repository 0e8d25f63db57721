import { fileURLToPath } from "node:url";
import { type ArtifactSet, type InstalledArtifacts, installArtifacts } from "../artifact-cache.ts";

/** The private broker's version; pinned, with the hash of every file, beside this module. */
export const KAFKA_VERSION = "4.3.1";

const beside = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export const kafkaArtifacts: ArtifactSet = {
  name: `kafka-${KAFKA_VERSION}`,
  pomFile: beside("./pom.xml"),
  listFile: beside("./artifacts.sha256"),
};

/** Kafka's jars from the cache, fetched at first use. Errors: see `installArtifacts`. */
export function installKafka(
  onProgress: (message: string) => void,
  env: NodeJS.ProcessEnv = process.env,
): Promise<InstalledArtifacts> {
  return installArtifacts(kafkaArtifacts, onProgress, env);
}

/** Log4j's configuration of the broker. */
export const LOG_CONFIGURATION = beside("./log4j2.xml");
