import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { systemCode } from "../../base/errors.ts";

/** Distance at which the kernel hands out a quota anew: its default. */
const PERIOD_US = 100_000;
/** What the kernel accepts at least. */
const MIN_QUOTA_US = 1_000;

/** What is asked of the kernel's files. */
export interface GroupFiles {
  /** null where there is none. */
  read(path: string): string | null;
  write(path: string, text: string): void;
  mkdir(path: string): void;
  rmdir(path: string): void;
}

export const machineGroupFiles: GroupFiles = {
  read: (path) => {
    try {
      return readFileSync(path, "latin1");
    } catch (error) {
      const code = systemCode(error);
      if (code === "ENOENT" || code === "ESRCH" || code === "ENODEV") return null;
      throw error;
    }
  },
  write: (path, text) => writeFileSync(path, text),
  mkdir: (path) => mkdirSync(path),
  rmdir: (path) => rmdirSync(path),
};

/** The CPU control group (cgroup v1, `cpu` controller) that a process is in. */
export interface CpuHome {
  readonly folder: string;
}

/** Where the process is now; or why its CPU cannot be limited, in words. */
export function cpuHome(pid: number | "self", files: Pick<GroupFiles, "read">): CpuHome | string {
  const mount = cpuMount(files.read("/proc/mounts") ?? "");
  if (mount === null) return "the cpu controller of cgroup v1 is not mounted on this machine";
  const own = ownPath(files.read(`/proc/${pid}/cgroup`) ?? "");
  return own === null ? `process ${pid} is in no cpu control group` : { folder: own === "/" ? mount : mount + own };
}

/** Folder of the mounted controller: a line is `device folder type options …`. */
function cpuMount(mounts: string): string | null {
  const lines = mounts.split("\n").map((line) => line.split(" "));
  return lines.find(([, , type, options]) => type === "cgroup" && options?.split(",").includes("cpu"))?.[1] ?? null;
}

/** Path of the process' group under the mount: a line is `number:controllers:path`. */
function ownPath(cgroup: string): string | null {
  const lines = cgroup.split("\n").map((line) => line.split(":"));
  return lines.find(([, controllers]) => controllers?.split(",").includes("cpu"))?.[2] ?? null;
}

/** A control group of its own, below the one that a process came from, with a quota. */
export class CpuGroup {
  readonly folder: string;
  readonly quotaUs: number;
  readonly #home: CpuHome;
  readonly #files: GroupFiles;

  /** `cores`: CPU time per time. */
  constructor(home: CpuHome, name: string, cores: number, files: GroupFiles) {
    this.#home = home;
    this.#files = files;
    this.folder = `${home.folder}/${name}`;
    this.quotaUs = Math.max(MIN_QUOTA_US, Math.round(cores * PERIOD_US));
  }

  /** Makes the group with its quota, nobody in it yet. Throws when the kernel refuses. */
  make(): void {
    this.#files.mkdir(this.folder);
    this.#files.write(`${this.folder}/cpu.cfs_period_us`, String(PERIOD_US));
    this.#files.write(`${this.folder}/cpu.cfs_quota_us`, String(this.quotaUs));
  }

  /** All threads of the process, those to come included. */
  take(pid: number): void {
    this.#files.write(`${this.folder}/cgroup.procs`, String(pid));
  }

  /** The quota reads back and the process is in the group. */
  holds(pid: number): boolean {
    const quota = this.#read("cpu.cfs_quota_us")?.trim();
    const members = this.#read("cgroup.procs")?.split("\n") ?? [];
    return quota === String(this.quotaUs) && members.includes(String(pid));
  }

  /** Periods in which the quota held the process back. */
  throttled(): number {
    return Number(/^nr_throttled (\d+)$/m.exec(this.#read("cpu.stat") ?? "")?.[1] ?? 0);
  }

  /** Lets everybody go where they came from. */
  release(): void {
    for (const pid of (this.#read("cgroup.procs") ?? "").split("\n").filter((line) => line !== "")) {
      try {
        this.#files.write(`${this.#home.folder}/cgroup.procs`, pid);
      } catch (error) {
        if (systemCode(error) !== "ESRCH") throw error; // it has ended meanwhile
      }
    }
  }

  /** Removes the empty group. False: somebody is still in it, a process that is just ending for instance. */
  remove(): boolean {
    try {
      this.#files.rmdir(this.folder);
      return true;
    } catch (error) {
      if (systemCode(error) === "ENOENT") return true;
      if (systemCode(error) === "EBUSY") return false;
      throw error;
    }
  }

  #read(file: string): string | null {
    return this.#files.read(`${this.folder}/${file}`);
  }
}
