import type { BrokerAddress, ClusterMetadata, PartitionMetadata, TopicMetadata } from "../types.ts";
import type { Reader } from "../wire/reader.ts";
import type { Writer } from "../wire/writer.ts";

/** Metadata, version 8. Never creates a topic. */
export function writeMetadataRequest(writer: Writer, topics: readonly string[]): void {
  writer.array(topics, (target, topic) => target.string(topic));
  writer.boolean(false).boolean(false).boolean(false);
}

export function readMetadataResponse(reader: Reader): ClusterMetadata {
  reader.int32(); // throttle time
  const brokers = reader.array(readBroker);
  const clusterId = reader.nullableString();
  reader.int32(); // controller
  const topics = reader.array(readTopic);
  return { clusterId, brokers, topics };
}

function readBroker(reader: Reader): BrokerAddress {
  const broker = { nodeId: reader.int32(), host: reader.string(), port: reader.int32() };
  reader.nullableString(); // rack
  return broker;
}

function readTopic(reader: Reader): TopicMetadata {
  const errorCode = reader.int16();
  const name = reader.string();
  reader.boolean(); // internal
  const partitions = reader.array(readPartition);
  reader.int32(); // authorised operations
  return { name, errorCode, partitions };
}

function readPartition(reader: Reader): PartitionMetadata {
  reader.int16(); // error: a missing leader says the same
  const partition = reader.int32();
  const leader = reader.int32();
  reader.int32(); // leader epoch
  for (let list = 0; list < 3; list++) reader.array((ids) => ids.int32()); // replicas, in-sync, offline
  return { partition, leader };
}
