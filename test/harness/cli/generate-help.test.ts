import assert from "node:assert/strict";
import { test } from "node:test";
import { betterCloudOptionsSchema } from "../../../generators/bettercloud/options.ts";
import { nexmarkOptionsSchema } from "../../../generators/nexmark/options.ts";
import { BETTERCLOUD_KEYS, NEXMARK_KEYS } from "../../../harness/cli/commands/generate.ts";
import { allPaths } from "../../../harness/config/schema-keys.ts";

test("generate --help lists exactly the settings that the generators have", () => {
  assert.deepEqual(BETTERCLOUD_KEYS.split(" ").toSorted(), allPaths(betterCloudOptionsSchema).toSorted());
  const listed = NEXMARK_KEYS.split(" ").flatMap((word) => {
    const [group, keys] = word.split(".");
    return keys === undefined ? [word] : keys.split("|").map((key) => `${group}.${key}`);
  });
  assert.deepEqual(listed.toSorted(), allPaths(nexmarkOptionsSchema).toSorted());
});
