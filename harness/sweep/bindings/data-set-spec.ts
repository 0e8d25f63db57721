import type { DataSetSpec } from "../../../generators/feed/spec.ts";
import { eventCount } from "../../config/schedule.ts";
import type { Config } from "../../config/schema.ts";

/** The data set of a config as feeder and observer are told of it. */
export function dataSetSpec(config: Config): DataSetSpec {
  const { nexmark, partitions, partitionRule } = config.data;
  return { kind: "nexmark", options: { ...nexmark, events: eventCount(config) }, partitions, partitionRule };
}
