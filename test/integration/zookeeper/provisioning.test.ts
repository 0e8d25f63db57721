import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { freePorts } from "../../../harness/services/free-ports.ts";
import { startGuard } from "../../../harness/services/guard.ts";
import { identify, isRunning } from "../../../harness/services/process-identity.ts";
import { startZooKeeper } from "../../../harness/services/zookeeper/start.ts";
import { until } from "../../services/until.ts";

let root: string;
before(() => {
  root = mkdtempSync(join(tmpdir(), "faultline-zookeeper-"));
});
after(() => rmSync(root, { recursive: true, force: true }));

const place = (name: string) => ({ dataDir: join(root, name), logFile: join(root, `${name}.log`) });

test("a port that is taken meanwhile is not taken for ours: another one is tried", async () => {
  const other = createServer((socket) => socket.end("dataDir=/somewhere/else\n")).listen(0, "127.0.0.1");
  await once(other, "listening");
  const taken = (other.address() as AddressInfo).port;
  const asked: number[] = [];
  const service = await startZooKeeper({
    ...place("taken"),
    onProgress: () => {},
    findPorts: async (count) => {
      asked.push(count);
      return asked.length === 1 ? [taken] : freePorts(count);
    },
  });
  assert.equal(asked.length, 2);
  assert.notEqual(service.servers[0], `127.0.0.1:${taken}`);
  await service.stop();
  other.close();
});

test("its end is told when nobody ordered it, and not when somebody did", async () => {
  const guard = await startGuard();
  const service = await startZooKeeper({ ...place("ends"), guard, onProgress: () => {} });
  let told = false;
  service.failed.then(() => {
    told = true;
  });
  await service.restart();
  assert.ok(!told);
  process.kill(service.pid!, "SIGKILL");
  assert.equal((await service.failed).signal, "SIGKILL");
  assert.equal(service.pid, null);
  await guard.close();
});

test("a start that is interrupted leaves nothing; the guard ends what is left behind", async () => {
  const stop = new AbortController();
  stop.abort();
  const options = { ...place("interrupted"), signal: stop.signal, onProgress: () => {} };
  await assert.rejects(startZooKeeper(options), { code: "interrupted" });
  const guard = await startGuard();
  const service = await startZooKeeper({ ...place("guarded"), guard, onProgress: () => {} });
  const identity = identify(service.pid!)!;
  await guard.close();
  await until("the guard has ended it", () => !isRunning(identity));
  assert.ok(readdirSync(root).includes("guarded.log"));
});
