import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { LinkProxy } from "../../../../harness/faults/link/link-proxy.ts";
import { startGuard } from "../../../../harness/services/guard.ts";
import { End, within } from "./rig.ts";

async function serve(t: TestContext) {
  const server = createServer((socket) => socket.on("error", () => {}).pipe(socket)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const sockets: Socket[] = [];
  server.on("connection", (socket) => sockets.push(socket));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

async function start(t: TestContext, broker: Parameters<typeof LinkProxy.start>[0]["broker"]): Promise<LinkProxy> {
  const logDirectory = mkdtempSync(join(tmpdir(), "faultline-link-"));
  t.after(() => rmSync(logDirectory, { recursive: true, force: true }));
  const guard = await startGuard();
  t.after(() => guard.close());
  const proxy = await LinkProxy.start({ broker, logDirectory, guard });
  t.after(() => proxy.stop());
  return proxy;
}

test("the process: knows its clients by their id, holds a link, heals it, counts, and ends with no trace", async (t) => {
  const upstream = await serve(t);
  const proxy = await start(t, null);
  proxy.processStarted("worker-1", process.pid);
  const address = proxy.addressFor("worker-2");
  assert.equal(proxy.addressFor("worker-2"), address, "a server keeps its port");
  assert.notEqual(proxy.addressFor("worker-3"), address);
  proxy.listensAt("worker-2", `127.0.0.1:${upstream}`);
  const client = new End(connect({ host: "127.0.0.1", port: Number(address.split(":")[1]) }));
  client.send("one");
  await client.until(({ text }) => text === "one", "the first echo");
  const strike = proxy.treat([{ from: ["worker-1"], to: ["worker-2"] }], { kind: "block", newToo: true });
  await strike.done;
  client.send("two");
  assert.equal((await within(strike.seen, "the evidence")).what, "3 bytes worker-1->worker-2 held back");
  const { evidence } = await proxy.heal(strike);
  assert.equal(evidence?.bytes, 3);
  await client.until(({ text }) => text === "onetwo", "what was held");
  const reset = await proxy.reset([{ from: "*", to: ["worker-1"] }]).done;
  assert.equal(reset.resets, 1);
  await client.until(({ error }) => error === "ECONNRESET", "the reset");
  assert.deepEqual(
    proxy.effects.map(({ treatment, evidence, resets }) => [treatment.kind, evidence?.bytes, resets]),
    [
      ["block", 3, undefined],
      ["reset", undefined, 1],
    ],
  );
  const links = await proxy.counters();
  assert.deepEqual(
    links.map(({ from, to, connections, bytes, resets }) => [from, to, connections, bytes, resets]),
    [
      ["worker-1", "worker-2", 1, 6, 1],
      ["worker-2", "worker-1", 0, 6, 0],
    ],
  );
  assert.equal(proxy.brokers, null);
  await proxy.stop();
  assert.throws(() => process.kill(proxy.pid, 0), { code: "ESRCH" });
});

test("the broker is found at the port it tells its clients; a port that is taken is an error", async (t) => {
  const upstream = await serve(t);
  const free = createServer().listen(0, "127.0.0.1");
  await once(free, "listening");
  const { port } = free.address() as AddressInfo;
  const taken = start(t, { address: `127.0.0.1:${upstream}`, advertisedPort: port });
  await assert.rejects(taken, { code: "service-start-failed", message: /port-unavailable.*cannot listen on/ });
  free.close();
  await once(free, "close");
  const proxy = await start(t, { address: `127.0.0.1:${upstream}`, advertisedPort: port });
  assert.deepEqual(proxy.brokers, [`127.0.0.1:${port}`]);
  const client = new End(connect({ host: "127.0.0.1", port }));
  client.send("kafka");
  await client.until(({ text }) => text === "kafka", "the echo");
  client.socket.destroy();
});

test("when the harness is gone, so is the proxy: its stdin closes", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "faultline-link-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, "spec.json");
  writeFileSync(file, JSON.stringify({ fixed: [], spares: 1 }));
  const entry = new URL("../../../../harness/faults/link/proxy-main.ts", import.meta.url).pathname;
  const child = spawn(process.execPath, [entry, file], { stdio: ["pipe", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  await within(once(child.stdout, "data"), "the first line");
  child.stdin.end();
  const [code] = await within(once(child, "exit"), "the end");
  assert.equal(code, 143);
});
