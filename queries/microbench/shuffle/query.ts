import { q0 } from "../../nexmark/q0/query.ts";
import type { QueryDefinition } from "../../query.ts";

/** The rows of q0, each through one hash exchange by auction: what the network between the instances costs. */
export const shuffle: QueryDefinition = {
  ...q0,
  id: "shuffle",
  title: "keyed exchange",
  job: new URL("./job.ts", import.meta.url),
};
