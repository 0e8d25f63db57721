import type { Machine } from "../../../harness/doctor/machine.ts";

/** A machine on which nothing is missing, but for what `changes` say. */
export function fakeMachine(changes: Partial<Machine> = {}): Machine {
  return {
    platform: "linux",
    architecture: "x64",
    nodeVersion: "24.1.0",
    env: { FAULTLINE_CACHE: "/nowhere/cache", PATH: "" },
    temporaryDirectory: "/tmp",
    cores: 8,
    memoryBytes: 2 ** 34,
    freeMemoryBytes: 2 ** 33,
    run: async (program) => ({
      exitCode: 0,
      output: program === "mvn" ? "Apache Maven 3.9.9 (x)" : `${program} 1.0.0`,
    }),
    readText: (path) => {
      if (path.endsWith("current_clocksource")) return "tsc\n";
      if (path.endsWith("limits")) return "Max open files            4096                 8192                 files\n";
      if (path === "/proc/mounts") return "cgroup /sys/fs/cgroup/cpu cgroup rw,cpu,cpuacct 0 0\n";
      return path === "/proc/self/cgroup" ? "3:cpu,cpuacct:/\n" : null;
    },
    canWrite: () => true,
    freeBytes: () => 2 ** 40,
    takePorts: async (count) => Array.from({ length: count }, (_, i) => 40_000 + i),
    canRenice: async () => true,
    webStatus: async () => 200,
    ...changes,
  };
}
