import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CpuDriver } from "../../../harness/faults/cpu-driver.ts";

const VICTIM = { role: "worker-1", pid: 77, name: "worker-1" };
const HOME = "/sys/fs/cgroup/cpu/home";
const GROUP = `${HOME}/faultline-5-77`;
const MOUNTS = "proc /proc proc rw 0 0\ncgroup /sys/fs/cgroup/cpu cgroup rw,cpu,cpuacct 0 0\n";

interface Kernel {
  readonly mounts?: string;
  readonly own?: string;
  readonly mkdirCode?: string;
  /** Looks at cpu.stat until the quota shows an effect. */
  readonly looks?: number;
  readonly keepsQuota?: boolean;
  readonly busyFor?: number;
}

/** A kernel with one process, in memory. */
function rig(kernel: Kernel = {}) {
  let nowUs = 0;
  let looks = kernel.looks ?? 3;
  let busy = kernel.busyFor ?? 0;
  const files = new Map<string, string>();
  const log: string[] = [];
  const fail = (code: string) => {
    throw Object.assign(new Error(code), { code });
  };
  const driver = new CpuDriver(
    {
      monotonicUs: () => nowUs,
      sleep: async (ms) => {
        nowUs += ms * 1000;
      },
      prefix: "faultline-5",
      guard: {
        watchGroup: (folder) => log.push(`watch ${folder}`),
        unwatchGroup: (folder) => log.push(`unwatch ${folder}`),
      },
      files: {
        read: (path) => {
          if (path === "/proc/mounts") return kernel.mounts ?? MOUNTS;
          if (path === "/proc/77/cgroup") return kernel.own ?? "3:memory:/x\n1:cpu,cpuacct:/home\n0::/\n";
          if (path === `${GROUP}/cpu.stat`) return `nr_periods 9\nnr_throttled ${looks-- > 0 ? 0 : 4}\n`;
          return files.get(path) ?? null;
        },
        write: (path, text) => {
          log.push(`${path} = ${text}`);
          files.set(path, kernel.keepsQuota === false && path.endsWith("quota_us") ? "-1\n" : `${text}\n`);
          if (path === `${HOME}/cgroup.procs`) files.delete(`${GROUP}/cgroup.procs`);
        },
        mkdir: (path) => {
          if (kernel.mkdirCode !== undefined) fail(kernel.mkdirCode);
          log.push(`make ${path}`);
        },
        rmdir: (path) => {
          if (kernel.mkdirCode !== undefined) fail("ENOENT");
          if (log.includes(`watch ${path}`) && busy-- > 0) fail("EBUSY");
          log.push(`remove ${path}`);
        },
      },
    },
    0.25,
  );
  return { driver, log };
}

describe("the CPU driver", () => {
  it("puts the process into a group with a quota, sees it held back, and brings it home", async () => {
    const { driver, log } = rig({ busyFor: 2 });
    assert.equal(driver.precondition(VICTIM), null);
    assert.equal(log.at(-1), `remove ${GROUP}`, "trying leaves nothing behind");
    log.length = 0;
    driver.inject(VICTIM);
    assert.deepEqual(log, [
      `watch ${GROUP}`,
      `make ${GROUP}`,
      `${GROUP}/cpu.cfs_period_us = 100000`,
      `${GROUP}/cpu.cfs_quota_us = 25000`,
      `${GROUP}/cgroup.procs = 77`,
    ]);
    const sighting = await driver.observe(VICTIM);
    assert.deepEqual([sighting?.atUs, sighting?.resolutionUs], [3_000, 1_000]);
    assert.match(sighting!.what, /process 77 was held back by a quota of 25 ms in every 100 ms/);
    log.length = 0;
    await driver.heal(VICTIM);
    await driver.heal(VICTIM);
    assert.deepEqual(log, [`${HOME}/cgroup.procs = 77`, `remove ${GROUP}`, `unwatch ${GROUP}`]);
  });

  it("does not claim an effect where the quota does not read back, or holds nobody back", async () => {
    for (const kernel of [{ keepsQuota: false }, { looks: 1e9 }]) {
      const { driver } = rig(kernel);
      driver.inject(VICTIM);
      assert.equal(await driver.observe(VICTIM), null);
    }
  });

  it("refuses where the kernel gives no such group", () => {
    const unmounted = rig({ mounts: "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n" });
    assert.match(unmounted.driver.precondition(VICTIM) ?? "", /cgroup v1 is not mounted/);
    assert.match(rig({ own: "0::/\n" }).driver.precondition(VICTIM) ?? "", /in no cpu control group/);
    const denied = rig({ mkdirCode: "EROFS" }).driver.precondition(VICTIM) ?? "";
    assert.match(denied, /cannot be limited: .* \(EROFS\); it takes root/);
  });

  it("says when the group cannot be removed, and heals nobody whom it did not strike", async () => {
    const stuck = rig({ busyFor: 1e9 });
    await stuck.driver.heal(VICTIM);
    assert.deepEqual(stuck.log, []);
    stuck.driver.inject(VICTIM);
    await assert.rejects(async () => stuck.driver.heal(VICTIM), /cannot be removed/);
  });
});
