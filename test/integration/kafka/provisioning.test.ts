import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { entryPoint } from "../../../harness/services/entry-point.ts";
import { connectExternal } from "../../../harness/services/kafka/external.ts";
import { identify, isRunning } from "../../../harness/services/process-identity.ts";
import { KafkaClient } from "../../../kafka/client.ts";
import { until } from "../../services/until.ts";

interface Said {
  readonly guard: number;
  readonly broker: number;
  readonly brokers: string[];
  readonly hasClassArchive: boolean;
  readonly messages: string[];
}

let root: string;
before(() => {
  root = mkdtempSync(join(tmpdir(), "faultline-provisioning-"));
});
after(() => rmSync(root, { recursive: true, force: true }));

async function harness(name: string): Promise<{ process: ChildProcess; said: Said; directory: string }> {
  const directory = join(root, name);
  mkdirSync(directory);
  const child = spawn(process.execPath, [entryPoint(import.meta.url, "./fixtures/start"), directory], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, FAULTLINE_CACHE: join(root, "cache") },
  });
  const [line] = await once(child.stdout, "data");
  return { process: child, said: JSON.parse(String(line)) as Said, directory };
}

test("two first runs at once on an empty cache both get a broker, from one installation; killed, they leave nothing", async () => {
  const both = await Promise.all([harness("one"), harness("two")]);
  for (const { said } of both) {
    assert.ok(said.hasClassArchive, said.messages.join("\n"));
    const client = await KafkaClient.connect({ brokers: said.brokers, clientId: "test" });
    assert.equal((await client.metadata([])).brokers.length, 1);
    await client.close();
  }
  assert.notDeepEqual(both[0]!.said.brokers, both[1]!.said.brokers);
  const fetched = both.flatMap(({ said }) => said.messages).filter((message) => message.startsWith("fetching"));
  assert.equal(fetched.length, 1);
  assert.deepEqual(
    readdirSync(join(root, "cache")).filter((name) => !/^kafka-[\d.]+-[0-9a-f]{12}$/.test(name)),
    [],
  );
  const external = await connectExternal(both[0]!.said.brokers);
  await external.stop();
  await assert.rejects(external.kill(), { code: "config-invalid" });

  const processes = both.flatMap(({ said }) => [said.guard, said.broker]).map((pid) => identify(pid)!);
  assert.ok(processes.every((identity) => isRunning(identity)));
  for (const { process } of both) process.kill("SIGKILL");
  await until("brokers and guards end", () => !processes.some(isRunning));
  for (const { directory } of both) assert.ok(!existsSync(join(directory, "data")));
});

test("an external cluster that is not there is refused", async () => {
  await assert.rejects(connectExternal(["127.0.0.1:1"], 1), { code: "kafka-unreachable" });
});
