import { once } from "node:events";
import { type AddressInfo, createServer, type Server } from "node:net";

/** `count` different ports that nobody listens on at 127.0.0.1 right now. They may be taken a moment later: be ready to try again. */
export async function freePorts(count: number): Promise<number[]> {
  const servers: Server[] = [];
  for (let i = 0; i < count; i++) {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    servers.push(server);
  }
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) {
    server.close();
    await once(server, "close");
  }
  return ports;
}
