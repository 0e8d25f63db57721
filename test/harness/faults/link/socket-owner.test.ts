import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { test } from "node:test";
import { inodeOf, socketOwners } from "../../../../harness/faults/link/socket-owner.ts";

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
  const own = connect(port, "127.0.0.1");
  const [mine] = await once(server, "connection");
  const ownerOf = (socket: { remotePort: number }) =>
    socketOwners.ownerOf(socket.remotePort, port, [1, process.pid, child.pid!]);
  assert.deepEqual([ownerOf(theirs), ownerOf(mine)], [child.pid, process.pid]);
  assert.equal(socketOwners.ownerOf(mine.remotePort, port, [child.pid!]), null);
  own.destroy();
});
