import { fileURLToPath } from "node:url";
import { type ArtifactSet, type InstalledArtifacts, installArtifacts } from "../artifact-cache.ts";

/** The private ZooKeeper's version; pinned, with the hash of every file, beside this module. */
export const ZOOKEEPER_VERSION = "3.9.5";

const beside = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export const zookeeperArtifacts: ArtifactSet = {
  name: `zookeeper-${ZOOKEEPER_VERSION}`,
  pomFile: beside("./pom.xml"),
  listFile: beside("./artifacts.sha256"),
};

/** ZooKeeper's jars from the cache, fetched at first use. Errors: see `installArtifacts`. */
export function installZooKeeper(
  onProgress: (message: string) => void,
  env: NodeJS.ProcessEnv = process.env,
): Promise<InstalledArtifacts> {
  return installArtifacts(zookeeperArtifacts, onProgress, env);
}
