import { execFile } from "node:child_process";

export interface TimedProcess {
  readonly stdout: string;
  readonly wallS: number;
  /** User and system CPU from its start to its end. */
  readonly cpuS: number;
}

/** Runs a program to its end; the shell around it tells what CPU it took. Throws what it printed when it fails. */
export function runTimed(file: string, args: readonly string[], maxMs: number): Promise<TimedProcess> {
  const script = '"$0" "$@"; code=$?; times >&2; exit $code';
  const start = process.hrtime.bigint();
  return new Promise((resolve, reject) => {
    const child = execFile("sh", ["-c", script, file, ...args], { timeout: maxMs }, (error, stdout, stderr) => {
      if (error !== null) {
        reject(new Error(`${file} failed: ${stdout}${stderr}`, { cause: error }));
        return;
      }
      resolve({ stdout, wallS: Number(process.hrtime.bigint() - start) / 1e9, cpuS: childrenCpuS(stderr) });
    });
    // Our feeder ends when its stdin does: it stays open until the process is done.
    child.on("exit", () => child.stdin?.destroy());
  });
}

/** The last line of the shell's `times`: user and system time of its children, like `0m1.250s 0m0.310s`. */
function childrenCpuS(stderr: string): number {
  const line = stderr.trimEnd().split("\n").at(-1) ?? "";
  const times = [...line.matchAll(/(\d+)m([\d.]+)s/g)].map(
    ([, minutes, seconds]) => Number(minutes) * 60 + Number(seconds),
  );
  if (times.length !== 2) throw new Error(`no times in ${line}`);
  return times[0]! + times[1]!;
}
