import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FaultlineError } from "../../../base/errors.ts";
import { markCacheUse } from "../../services/cache-use.ts";
import type { ZooKeeperService as ZooKeeperServer } from "../../services/zookeeper/service.ts";
import { startZooKeeper as startPrivateZooKeeper } from "../../services/zookeeper/start.ts";
import { makeDirectory } from "../files.ts";
import type { ZooKeeperService, ZooKeeperStart } from "../toolbox.ts";

/** A private ZooKeeper with its own data directory, which goes when it stops, or when the harness dies. */
export async function startZooKeeper({
  logFile,
  guard,
  signal,
  onProgress,
}: ZooKeeperStart): Promise<ZooKeeperService> {
  await makeDirectory(join(logFile, ".."));
  const dataDir = await mkdtemp(join(tmpdir(), "faultline-zookeeper-"));
  guard.watchDir(dataDir);
  const releaseCache = markCacheUse();
  const removeData = async () => {
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
    guard.unwatchDir(dataDir);
    releaseCache();
  };
  try {
    const server = await startPrivateZooKeeper({ dataDir, logFile, guard, signal, onProgress });
    return serviceOf(server, removeData);
  } catch (error) {
    await removeData();
    throw error;
  }
}

function serviceOf(server: ZooKeeperServer, removeData: () => Promise<void>): ZooKeeperService {
  const { servers } = server;
  return {
    servers,
    get pid() {
      return server.pid;
    },
    description: server.describe(),
    failed: server.failed.then(({ code, signal }) => {
      const how = signal === null ? `exit code ${code}` : signal;
      return new FaultlineError("service-start-failed", `ZooKeeper ended by itself (${how})`, {
        hint: "Its log is kept in the results folder, logs/zookeeper*.log.",
      });
    }),
    stop: async () => {
      await server.stop();
      await removeData();
    },
  };
}
