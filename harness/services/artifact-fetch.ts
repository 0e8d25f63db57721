import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { FaultlineError } from "../../base/errors.ts";
import type { Artifact } from "./artifact-list.ts";

const MAVEN_TIMEOUT_MS = 10 * 60 * 1000;
const DOWNLOAD_TIMEOUT_MS = 2 * 60 * 1000;
const PARALLEL_DOWNLOADS = 8;
const OUTPUT_BYTES = 4_000;

/** Environment variable that names the base URL of a Maven repository to use directly, without Maven. */
export const REPOSITORY_VARIABLE = "FAULTLINE_MAVEN_REPOSITORY";

/** Lets Maven, with whatever mirror, proxy and certificates this machine gave it, copy the dependencies of `pomFile` into `directory`. */
export async function fetchWithMaven(pomFile: string, directory: string, env: NodeJS.ProcessEnv): Promise<void> {
  const goal = ["-q", "-B", "-f", pomFile, "dependency:copy-dependencies", `-DoutputDirectory=${directory}`];
  const result = await execa("mvn", goal, {
    reject: false,
    all: true,
    timeout: MAVEN_TIMEOUT_MS,
    stdin: "ignore",
    env,
    extendEnv: false,
  });
  if (!result.failed) return;
  if (result.code === "ENOENT") {
    throw new FaultlineError("maven-missing", "Maven is not installed: there is no mvn on the PATH", {
      hint: `Install Maven, or set ${REPOSITORY_VARIABLE} to the base URL of a Maven repository.`,
    });
  }
  const command = `mvn ${goal.join(" ")}`;
  const reason = result.timedOut ? `no end after ${MAVEN_TIMEOUT_MS / 60_000} minutes` : reasonOf(result.all ?? "");
  throw new FaultlineError("registry-unreachable", `Maven cannot fetch the artifacts: ${reason}`, {
    hint: `Check the network, and the mirror and proxy in Maven's settings.xml; by hand: mvn -B -f ${pomFile} dependency:copy-dependencies -DoutputDirectory=/tmp/jars`,
    context: { command, output: (result.all ?? "").slice(-OUTPUT_BYTES) },
  });
}

/** What Maven says is wrong: its first error line. The last lines are advice about its own switches. */
function reasonOf(output: string): string {
  const lines = output.split("\n").filter((line) => line.trim() !== "");
  const error = lines.find((line) => /^\[(ERROR|FATAL)\] \S/.test(line)) ?? lines.at(-1) ?? "it says nothing";
  return error.replace(/^\[\w+\] /, "").replace(/ -> \[Help \d+\]$/, "");
}

/**
 * Downloads the artifacts from the Maven repository at `baseUrl` into `directory`. Throws `registry-unreachable`, and only when
 * none of the downloads goes on: the caller may remove the directory.
 */
export async function fetchDirectly(baseUrl: string, artifacts: readonly Artifact[], directory: string): Promise<void> {
  const left = [...artifacts];
  const failed = new AbortController();
  const work = async (): Promise<void> => {
    for (let next = left.pop(); next !== undefined && !failed.signal.aborted; next = left.pop()) {
      await download(baseUrl, next, directory, failed.signal);
    }
  };
  const workers = Array.from({ length: PARALLEL_DOWNLOADS }, work);
  try {
    await Promise.all(workers);
  } catch (error) {
    failed.abort();
    await Promise.allSettled(workers);
    throw error;
  }
}

async function download(baseUrl: string, artifact: Artifact, directory: string, stop: AbortSignal): Promise<void> {
  const url = `${baseUrl.replace(/\/+$/, "")}/${artifact.repositoryPath}`;
  let response: Response;
  let bytes: Uint8Array;
  try {
    response = await fetch(url, { signal: AbortSignal.any([stop, AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS)]) });
    bytes = new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    throw new FaultlineError("registry-unreachable", `cannot download ${artifact.fileName}`, {
      hint: `Check ${REPOSITORY_VARIABLE}; for a company's own certificates set NODE_USE_SYSTEM_CA=1.`,
      context: { repositoryPath: artifact.repositoryPath },
      cause,
    });
  }
  if (!response.ok) {
    throw new FaultlineError("registry-unreachable", `cannot download ${artifact.fileName}: HTTP ${response.status}`, {
      hint: `Check that ${REPOSITORY_VARIABLE} names the root of a Maven repository.`,
      context: { repositoryPath: artifact.repositoryPath, status: response.status },
    });
  }
  writeFileSync(join(directory, artifact.fileName), bytes);
}
