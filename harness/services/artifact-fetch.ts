import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { FaultlineError } from "../../base/errors.ts";
import type { Artifact } from "./artifact-list.ts";

const MAVEN_TIMEOUT_MS = 10 * 60 * 1000;
const DOWNLOAD_TIMEOUT_MS = 2 * 60 * 1000;
const PARALLEL_DOWNLOADS = 8;

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
  const lastLines = (result.all ?? "").trim().split("\n").slice(-5).join("\n");
  throw new FaultlineError("registry-unreachable", `Maven cannot fetch the artifacts: ${lastLines}`, {
    hint: "Check the network, and the mirror and proxy in Maven's settings.xml; the same command by hand says more.",
    context: { command: `mvn ${goal.join(" ")}`, timedOut: result.timedOut },
  });
}

/** Downloads the artifacts from the Maven repository at `baseUrl` into `directory`. Throws `registry-unreachable`. */
export async function fetchDirectly(baseUrl: string, artifacts: readonly Artifact[], directory: string): Promise<void> {
  const left = [...artifacts];
  const work = async (): Promise<void> => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) await download(baseUrl, next, directory);
  };
  await Promise.all(Array.from({ length: PARALLEL_DOWNLOADS }, work));
}

async function download(baseUrl: string, artifact: Artifact, directory: string): Promise<void> {
  const url = `${baseUrl.replace(/\/+$/, "")}/${artifact.repositoryPath}`;
  let response: Response;
  let bytes: Uint8Array;
  try {
    response = await fetch(url, { signal: AbortSignal.timeout(DOWNLOAD_TIMEOUT_MS) });
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
