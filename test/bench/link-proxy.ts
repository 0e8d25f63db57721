/**
 * What the hop through the idle TCP link proxy costs: `npm run bench:link-proxy [MB] [rounds]`. The same stream, and the same echo of 200
 * bytes, over loopback directly and through the proxy, in turns; both ends are this process, the proxy is its own. Then how well
 * a delay of 25 ms is met.
 */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monotonicUs } from "../../base/clock.ts";
import { LinkProxy } from "../../harness/faults/link/link-proxy.ts";
import { readProcFile, readUsage } from "../../harness/measure/proc-stat.ts";
import { startGuard } from "../../harness/services/guard.ts";
import { History } from "./lib/history.ts";
import { compared, interleaved, measured, printTable, type Sample, type Variant } from "./lib/rounds.ts";

const megabytes = Number(process.argv[2] ?? 400);
const rounds = Number(process.argv[3] ?? 7);
const history = new History("link-proxy");
const CHUNK = Buffer.alloc(64 * 1024, 7);
const ECHO_BYTES = 200;
const ECHOES = 1_000;
const DELAYED_ECHOES = 60;
const DELAY_MS = 25;

/** A server that counts what it is sent, or sends it back. */
async function serve(onSocket: (socket: Socket) => void): Promise<number> {
  const server = createServer({ noDelay: true }, onSocket).listen(0, "127.0.0.1");
  await once(server, "listening");
  server.unref();
  return (server.address() as AddressInfo).port;
}

async function stream(port: number): Promise<number> {
  const total = megabytes * 1e6;
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  for (let sent = 0; sent < total; sent += CHUNK.length) {
    if (!socket.write(CHUNK)) await once(socket, "drain");
  }
  socket.end();
  // The server closes when it has everything.
  socket.resume();
  await once(socket, "close");
  return total / 1000;
}

async function echoes(socket: Socket, count: number): Promise<number[]> {
  const question = Buffer.alloc(ECHO_BYTES, 1);
  const timesUs: number[] = [];
  for (let i = 0; i < count; i++) {
    const startUs = monotonicUs();
    socket.write(question);
    for (let got = 0; got < ECHO_BYTES; ) got += ((await once(socket, "data")) as [Buffer])[0].length;
    timesUs.push(monotonicUs() - startUs);
  }
  return timesUs.sort((a, b) => a - b);
}

function report(title: string, sorted: readonly number[]): void {
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)]!;
  const [p50Us, p99Us] = [at(0.5), at(0.99)];
  process.stdout.write(`${title}: p50 ${p50Us} µs, p99 ${p99Us} µs.\n`);
  history.add({ name: title, figures: { p50Us, p99Us } });
}

const directory = mkdtempSync(join(tmpdir(), "faultline-bench-link-"));
const guard = await startGuard();
const proxy = await LinkProxy.start({ broker: null, logDirectory: directory, guard });
try {
  const sink = await serve((socket) => socket.resume().on("end", () => socket.end()));
  const echo = await serve((socket) => socket.pipe(socket));
  proxy.processStarted("bench", process.pid);
  const portFor = (role: string, port: number): number => {
    proxy.listensAt(role, `127.0.0.1:${port}`);
    return Number(proxy.addressFor(role).split(":")[1]);
  };
  const proxySeconds = (): number => {
    const usage = readUsage(proxy.pid, readProcFile)!;
    return (usage.cpuUserMs + usage.cpuSystemMs) / 1000;
  };
  const proxiedSink = portFor("sink", sink);
  let proxyCpuS = 0;
  const through = async (): Promise<Sample> => {
    const before = proxySeconds();
    const sample = await measured(() => stream(proxiedSink));
    const own = proxySeconds() - before;
    proxyCpuS += own;
    return { ...sample, cpuS: sample.cpuS + own };
  };
  const variants: readonly Variant[] = [
    { name: "direct", run: () => measured(() => stream(sink)) },
    { name: "through the proxy", run: through },
  ];
  const results = await interleaved(variants, rounds);
  printTable(results, "KB");
  history.add(...compared(results));
  const cpuSPerGb = proxyCpuS / ((megabytes * rounds) / 1000);
  process.stdout.write(`\nThe proxy's own CPU: ${cpuSPerGb.toFixed(2)} s a GB.\n`);
  history.add({ name: "the proxy's own", figures: { cpuSPerGb } });

  const direct = connect({ port: echo, host: "127.0.0.1", noDelay: true });
  const proxied = connect({ port: portFor("echo", echo), host: "127.0.0.1", noDelay: true });
  await Promise.all([echoes(direct, 200), echoes(proxied, 200)]);
  const [plain, hop] = [await echoes(direct, ECHOES), await echoes(proxied, ECHOES)];
  report("echo direct", plain);
  report("echo through the proxy", hop);
  const delay = { kind: "delay", ms: DELAY_MS, jitterMs: 0, seed: 1 } as const;
  await proxy.treat([{ from: ["bench"], to: ["echo"] }], delay).done;
  report(`the same with ${DELAY_MS} ms delay one way`, await echoes(proxied, DELAYED_ECHOES));
  direct.destroy();
  proxied.destroy();
  history.append();
} finally {
  await proxy.stop();
  await guard.close();
  rmSync(directory, { recursive: true, force: true });
}
