import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { inodeOf, SocketOwners } from "../../../../harness/faults/link/socket-owner.ts";

const TABLE = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1510 1 0 100 0 0 10 0
   1: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 1511 1 0 20 4 30 10 -1
   2: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 1512 1 0 20 4 30 10 -1
`;

test("the kernel's table: the socket with these ports, in this order", () => {
  assert.equal(inodeOf(TABLE, 50_000, 8080), "1512");
  assert.equal(inodeOf(TABLE, 8080, 50_000), "1511");
  assert.equal(inodeOf(TABLE, 8080, 1), null);
});

test("a connection is known by the process that opened it, another process's by that one", async (t) => {
  const server = createServer().listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const program = `require("net").connect(${port}, "127.0.0.1").resume()`;
  const child = spawn(process.execPath, ["-e", program], { stdio: "ignore" });
  t.after(() => child.kill("SIGKILL"));
  const [theirs] = await once(server, "connection");
  const owners = new SocketOwners();
  const own = connect(port, "127.0.0.1");
  const [mine] = await once(server, "connection");
  const ownerOf = (socket: { remotePort: number }) =>
    owners.ownerOf(socket.remotePort, port, () => [1, process.pid, child.pid!]);
  assert.deepEqual(await Promise.all([ownerOf(theirs), ownerOf(mine)]), [child.pid, process.pid]);
  assert.equal(await owners.ownerOf(mine.remotePort, port, () => [child.pid!]), null);
  own.destroy();
});

test("many connections at once share a reading of the table, but none that had begun before they came", async () => {
  const readings: ((table: string) => void)[] = [];
  const read = () => new Promise<string>((resolve) => readings.push(resolve));
  const owners = new SocketOwners(read);
  const ask = () => owners.ownerOf(50_000, 8080, () => []);
  const first = ask();
  const later = [ask(), ask(), ask()];
  assert.equal(readings.length, 1);
  readings[0]!(TABLE);
  assert.equal(await first, null);
  await turn();
  assert.equal(readings.length, 2);
  readings[1]!(TABLE);
  assert.deepEqual(await Promise.all(later), [null, null, null]);
});
