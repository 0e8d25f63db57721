import { join } from "node:path";
import { execa } from "execa";
import { FaultlineError } from "../../base/errors.ts";

const LEAST_MAJOR = 17;
const VERSION_TIMEOUT_MS = 30_000;
const HINT = `Install a Java runtime of version ${LEAST_MAJOR} or later, and put it on the PATH or name its folder in JAVA_HOME.`;

export interface JavaRuntime {
  readonly file: string;
  /** As the runtime names itself, like `17.0.15`. */
  readonly version: string;
}

/** The Java runtime of JAVA_HOME or else of the PATH. Throws `java-missing`, also for one that is too old. */
export async function findJava(env: NodeJS.ProcessEnv = process.env): Promise<JavaRuntime> {
  const home = env.JAVA_HOME;
  const file = home === undefined || home === "" ? "java" : join(home, "bin", "java");
  const result = await execa(file, ["-version"], {
    reject: false,
    all: true,
    stdin: "ignore",
    timeout: VERSION_TIMEOUT_MS,
    env,
    extendEnv: false,
  });
  const version = /version "([^"]+)"/.exec(result.all ?? "")?.[1];
  if (result.exitCode !== 0 || version === undefined) {
    const from = file === "java" ? "" : ` (JAVA_HOME is ${home})`;
    throw new FaultlineError("java-missing", `no Java runtime: ${file} -version fails${from}`, {
      hint: HINT,
      context: { file, output: (result.all ?? "").slice(0, 500) },
    });
  }
  const major = majorVersion(version);
  if (major < LEAST_MAJOR) {
    throw new FaultlineError("java-missing", `Java ${version} is too old`, { hint: HINT, context: { file, version } });
  }
  return { file, version };
}

/** 17 of `17.0.15`, 8 of `1.8.0_392`. */
function majorVersion(version: string): number {
  const [first, second] = version.split(/[._-]/);
  return Number(first === "1" ? second : first);
}
