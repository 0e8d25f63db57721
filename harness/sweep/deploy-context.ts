import { SOURCE_ID } from "../../queries/job-ids.ts";
import type { RunStream } from "../config/streams.ts";
import type { JobShape } from "../systems/job-shape.ts";
import type { DeployContext, LinkAccess, SpawnNode } from "../systems/system.ts";
import { deployConfig, needsElection } from "./deploy-config.ts";
import { inputTopic } from "./feeders.ts";
import type { RunContext } from "./run-context.ts";
import type { RunTopics } from "./run-topics.ts";

export interface DeployParts {
  readonly topics: RunTopics;
  readonly streams: readonly RunStream[];
  readonly shape: JobShape;
  readonly spawn: SpawnNode;
  /** null: links and store of the run are not broken. */
  readonly links: (LinkAccess & { readonly brokers: readonly string[] | null }) | null;
  readonly storeFaults: string | null;
}

/** What a system under test is told of a run. */
export function deployContext(context: RunContext, parts: DeployParts): DeployContext {
  const { config, kafka, zookeeper, directories, run, sweepId } = context;
  const { topics, streams, shape, spawn, links, storeFaults } = parts;
  return {
    runId: `${sweepId}.${run.id}`,
    config: deployConfig(config),
    brokers: links?.brokers ?? kafka.brokers,
    inputTopic: inputTopic(topics.prefix, SOURCE_ID),
    inputPartitions: config.data.partitions,
    inputs: streams.map(({ name, partitions }) => {
      return { source: name, topic: inputTopic(topics.prefix, name), partitions };
    }),
    outputTopic: topics.output,
    outputPartitions: config.output.partitions,
    ...(topics.cutLog === null ? {} : { cutLogTopic: topics.cutLog }),
    ...(topics.orderLog === null ? {} : { orderLogTopic: topics.orderLog }),
    ...(zookeeper !== null && needsElection(config) ? { zookeeper: { servers: zookeeper.servers } } : {}),
    vertices: shape.vertices,
    logDir: directories.logs,
    spawn,
    ...(links === null ? {} : { links }),
    ...(storeFaults === null ? {} : { storeFaults }),
  };
}
