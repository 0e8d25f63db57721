import { once } from "node:events";
import { accessSync, constants, existsSync, readFileSync, statfsSync, statSync } from "node:fs";
import { connect, createServer } from "node:net";
import { availableParallelism, freemem, setPriority, tmpdir, totalmem } from "node:os";
import { dirname, resolve } from "node:path";
import { execa } from "execa";
import { systemCode } from "../../base/errors.ts";
import { freePorts } from "../services/free-ports.ts";

const PROGRAM_TIMEOUT_MS = 20_000;
const WEB_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 2_000;

export interface ProgramOutput {
  readonly exitCode: number;
  /** Both streams. */
  readonly output: string;
}

/** What the checks ask of this machine; injected, so that a test can be a machine without Java or with a full disk. */
export interface Machine {
  readonly platform: string;
  readonly architecture: string;
  readonly nodeVersion: string;
  readonly env: NodeJS.ProcessEnv;
  readonly temporaryDirectory: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly freeMemoryBytes: number;
  /** What a program prints, or null when there is none of that name. */
  run(program: string, args: readonly string[]): Promise<ProgramOutput | null>;
  /** The text of a file of the system, or null. */
  readText(path: string): string | null;
  /** May this process make files in the folder? False too when it is none. */
  canWrite(path: string): boolean;
  /** Room that is free to this user on the disk of `path`, or of its nearest folder that exists. */
  freeBytes(path: string): number;
  /** Tries to listen on ports of the loopback interface and to reach them. Rejects when that fails. */
  takePorts(count: number): Promise<readonly number[]>;
  /** Tries to run at this niceness, and goes back; false when it is not permitted. */
  canRenice(niceness: number): Promise<boolean>;
  /** HTTP status of an address, or why there is none. */
  webStatus(url: string): Promise<number | string>;
}

export function realMachine(env: NodeJS.ProcessEnv): Machine {
  return {
    platform: process.platform,
    architecture: process.arch,
    nodeVersion: process.versions.node,
    env,
    temporaryDirectory: tmpdir(),
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    freeMemoryBytes: freemem(),
    run: (program, args) => runProgram(program, args, env),
    readText: (path) => {
      try {
        return readFileSync(path, "utf8");
      } catch {
        return null; // not there, or not for us: the check says "cannot tell"
      }
    },
    canWrite,
    freeBytes: (path) => {
      const { blocks, bavail, bsize } = statfsSync(nearestExisting(path));
      return blocks === 0 ? Number.POSITIVE_INFINITY : bavail * bsize; // no disk has no blocks: whoever writes there will see
    },
    takePorts,
    canRenice: async (niceness) => {
      // In a child: an unprivileged process cannot take a raised niceness back.
      const child = execa("sleep", ["5"], { reject: false });
      try {
        if (child.pid === undefined) return false;
        setPriority(child.pid, niceness);
        return true;
      } catch (error) {
        if (systemCode(error) === "ERR_SYSTEM_ERROR" || systemCode(error) === "EACCES") return false;
        throw error;
      } finally {
        child.kill();
        await child;
      }
    },
    webStatus: async (url) => {
      try {
        return (await fetch(url, { method: "HEAD", signal: AbortSignal.timeout(WEB_TIMEOUT_MS) })).status;
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    },
  };
}

/** An address can be listened on where nobody can reach it: a namespace's loopback interface begins switched off. */
async function takePorts(count: number): Promise<number[]> {
  const ports = await freePorts(count);
  const server = createServer();
  server.listen(ports[0], "127.0.0.1");
  await once(server, "listening");
  const client = connect({ port: ports[0] ?? 0, host: "127.0.0.1", timeout: CONNECT_TIMEOUT_MS });
  try {
    await Promise.race([
      once(client, "connect"),
      once(client, "timeout").then(() => Promise.reject(new Error("no answer"))),
    ]);
  } finally {
    client.destroy();
    server.close();
  }
  return ports;
}

async function runProgram(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<ProgramOutput | null> {
  const result = await execa(program, args, {
    reject: false,
    all: true,
    stdin: "ignore",
    timeout: PROGRAM_TIMEOUT_MS,
    env,
    extendEnv: false,
  });
  if (result.exitCode === undefined) return null;
  return { exitCode: result.exitCode, output: result.all ?? "" };
}

function canWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return statSync(path).isDirectory();
  } catch {
    return false; // whatever the reason: it cannot be written
  }
}

/** The path itself, or the nearest folder above it that exists. */
export function nearestExisting(path: string): string {
  let current = resolve(path);
  while (!existsSync(current) && dirname(current) !== current) current = dirname(current);
  return current;
}
