import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { cpus, release, totalmem, type } from "node:os";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** Where a result comes from. null = could not be found out. */
export interface Provenance {
  readonly faultline: string;
  readonly commit: string | null;
  readonly dirty: boolean | null;
  readonly node: string;
  readonly java: string | null;
  readonly kafka: string | null;
  /** Absent: the sweep needed none. */
  readonly zookeeper?: string;
  readonly cpuModel: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly kernel: string;
  readonly clockSource: string | null;
  readonly faultDrivers: readonly string[];
}

/** package.json of a checkout, or the one that `npm run build` writes into dist/. */
interface PackageDescription {
  readonly version: string;
  readonly builtFrom?: Pick<Provenance, "commit" | "dirty">;
}

const run = promisify(execFile);
const ROOT = new URL("../../", import.meta.url);

/**
 * Facts of this machine and checkout. `kafka`: version of the private broker, null for an external one; `zookeeper`: of the private
 * ZooKeeper, null where none is needed.
 */
export async function readProvenance(kafka: string | null, zookeeper: string | null = null): Promise<Provenance> {
  const description = JSON.parse(await readFile(new URL("package.json", ROOT), "utf8")) as PackageDescription;
  const [source, java, clockSource] = await Promise.all([
    description.builtFrom ?? readCheckout(),
    output("java", ["-version"]),
    fileText("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
  ]);
  const processors = cpus();
  return {
    faultline: description.version,
    commit: source.commit,
    dirty: source.dirty,
    node: process.versions.node,
    java: java === null ? null : (/version "([^"]+)"/.exec(java)?.[1] ?? null),
    kafka,
    ...(zookeeper === null ? {} : { zookeeper }),
    cpuModel: processors[0]?.model.trim() ?? "unknown",
    cores: processors.length,
    memoryBytes: totalmem(),
    kernel: `${type()} ${release()}`,
    clockSource,
    faultDrivers: [],
  };
}

/** The state of this checkout; of an installed package git would tell about somebody else's repository. */
async function readCheckout(): Promise<Pick<Provenance, "commit" | "dirty">> {
  const [commit, status] = await Promise.all([
    output("git", ["rev-parse", "HEAD"]),
    output("git", ["status", "--porcelain"]),
  ]);
  return { commit: commit?.trim() ?? null, dirty: status === null ? null : status.trim() !== "" };
}

/** What a program prints (both streams), or null when it is missing or fails: provenance is told where available. */
async function output(command: string, args: readonly string[]): Promise<string | null> {
  try {
    const { stdout, stderr } = await run(command, [...args], { cwd: fileURLToPath(ROOT), timeout: 10_000 });
    return stdout + stderr;
  } catch {
    return null;
  }
}

async function fileText(path: string): Promise<string | null> {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch {
    return null;
  }
}
