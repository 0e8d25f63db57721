import { existsSync } from "node:fs";
import { join } from "node:path";
import { benchLine } from "../../../base/command-line.ts";
import { FaultlineError } from "../../../base/errors.ts";
import { type ArtifactSet, cacheDirectory } from "../../services/artifact-cache.ts";
import { REPOSITORY_VARIABLE } from "../../services/artifact-fetch.ts";
import { readArtifactList, verifyArtifact } from "../../services/artifact-list.ts";
import { findJava } from "../../services/java.ts";
import { kafkaArtifacts } from "../../services/kafka/install.ts";
import { zookeeperArtifacts } from "../../services/zookeeper/install.ts";
import { type CheckResult, missing, ok, required, unknown } from "../check.ts";
import type { Machine } from "../machine.ts";

const LEAST_NODE = 24;

export function checkNode({ nodeVersion, platform, architecture }: Machine): CheckResult {
  const found = `${nodeVersion} on ${platform}-${architecture}`;
  const isNew = Number(nodeVersion.split(".")[0]) >= LEAST_NODE;
  const cost = `without Node ${LEAST_NODE} or newer: nothing runs`;
  return required(isNew ? ok("node", "Node.js", found) : missing("node", "Node.js", found, cost));
}

export function checkPlatform({ platform }: Machine): CheckResult {
  if (platform === "linux") return required(ok("platform", "operating system", "Linux"));
  const cost =
    "without Linux: no CPU and memory of processes in the report, no faults by signals and cgroups; untested";
  return unknown("platform", "operating system", platform, cost);
}

/** `isNeeded`: a private broker is wanted; an external cluster brings its own Java. */
export async function checkJava({ env }: Machine, isNeeded: boolean): Promise<CheckResult> {
  try {
    const { version, file } = await findJava(env);
    const result = ok("java", "Java 17 or newer", `${version} (${file})`);
    return isNeeded ? required(result) : result;
  } catch (error) {
    if (!(error instanceof FaultlineError)) throw error;
    const cost = "without Java: no private Kafka broker; install it, or name your own cluster in kafka.brokers";
    const result = missing("java", "Java 17 or newer", error.message, cost);
    return isNeeded ? required(result) : result;
  }
}

/** Kafka's programs in the cache, every file's hash compared. */
export function checkKafka(machine: Machine): CheckResult {
  return checkArtifacts(machine, { id: "kafka", service: "Kafka", fetched: "92 MB", artifacts: kafkaArtifacts });
}

/** The same of ZooKeeper's, through which leaders of replicas are elected. */
export function checkZooKeeper(machine: Machine): CheckResult {
  const what = { id: "zookeeper", service: "ZooKeeper", fetched: "14 MB", artifacts: zookeeperArtifacts };
  return checkArtifacts(machine, what);
}

interface Provisioned {
  readonly id: string;
  readonly service: string;
  readonly fetched: string;
  readonly artifacts: ArtifactSet;
}

function checkArtifacts({ env }: Machine, { id, service, fetched, artifacts }: Provisioned): CheckResult {
  const title = `${service} in the cache`;
  const { name, listFile } = artifacts;
  const list = readArtifactList(listFile);
  const directory = join(cacheDirectory(env), `${name}-${list.id}`);
  const cost = `without it: the first run ${id === "kafka" ? "" : "that needs it "}fetches ${fetched}`;
  if (!existsSync(directory)) return missing(id, title, `${name} is not there yet`, cost);
  try {
    for (const artifact of list.artifacts) verifyArtifact(join(directory, "libs"), artifact);
  } catch (error) {
    if (!(error instanceof FaultlineError)) throw error;
    const repair = `without sound files: ${service} may not start; ${benchLine`cache clean`}, and the next run fetches them again`;
    return required(missing(id, title, error.message, repair));
  }
  return ok(id, title, `${name}, ${list.artifacts.length} files, all hashes right`);
}

/** Needed only to fetch what the cache lacks. */
export async function checkMaven(machine: Machine, isNeeded: boolean): Promise<CheckResult> {
  const title = "Maven";
  const base = machine.env[REPOSITORY_VARIABLE];
  if (base !== undefined && base !== "") return ok("maven", title, `not needed: ${REPOSITORY_VARIABLE} is set`);
  const answer = await machine.run("mvn", ["-v", "-B"]);
  const version = /Apache Maven (\S+)/.exec(answer?.output ?? "")?.[1];
  if (version !== undefined) return ok("maven", title, version);
  const cost = `without Maven: Kafka cannot be fetched on first use; set ${REPOSITORY_VARIABLE} or kafka.brokers`;
  const found = answer === null ? "no mvn on the PATH" : "mvn -v fails";
  const result = missing("maven", title, found, cost);
  return isNeeded ? required(result) : result;
}

/** Only with --online. */
export async function checkRegistry(machine: Machine, isNeeded: boolean): Promise<CheckResult> {
  const title = "Maven repository";
  const base = machine.env[REPOSITORY_VARIABLE];
  if (base === undefined || base === "") {
    const cost = "where Maven fetches from is in its own settings; mvn -X -B dependency:get says more";
    return unknown("registry", title, `${REPOSITORY_VARIABLE} is not set`, cost);
  }
  const first = readArtifactList(kafkaArtifacts.listFile).artifacts[0]!;
  const status = await machine.webStatus(`${base.replace(/\/+$/, "")}/${first.repositoryPath}`);
  if (status === 200) return ok("registry", title, "answers");
  const cost = "without it: Kafka cannot be fetched on first use";
  const result = missing("registry", title, typeof status === "number" ? `HTTP ${status}` : status, cost);
  return isNeeded ? required(result) : result;
}

/** Programs that only make something nicer. */
export async function checkOptionalPrograms(machine: Machine): Promise<CheckResult[]> {
  return Promise.all([
    checkProgram(machine, "git", "git", ["git"], "without git: reports do not name the commit that they come from"),
    checkProgram(
      machine,
      "chromium",
      "Chromium (optional)",
      ["chromium", "chromium-browser", "google-chrome"],
      "without it: no check of how the report looks; reports themselves need none",
    ),
  ]);
}

async function checkProgram(
  machine: Machine,
  id: string,
  title: string,
  names: readonly string[],
  cost: string,
): Promise<CheckResult> {
  for (const name of names) {
    const answer = await machine.run(name, ["--version"]);
    if (answer?.exitCode !== 0) continue;
    const version = answer.output.split("\n").find((line) => /\d+\.\d+/.test(line) && !/warn|error/i.test(line));
    return ok(id, title, version?.trim() ?? name);
  }
  return missing(id, title, `no ${names.join(", ")} on the PATH`, cost);
}
