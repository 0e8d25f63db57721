import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeControl, sendControl } from "../../../engine/cluster/control-codec.ts";
import { DEFAULT_JOB_OPTIONS, type JobSpec } from "../../../engine/cluster/job-spec.ts";
import type { CoordinatorToClient, JobState } from "../../../engine/cluster/messages.ts";
import type { Connection } from "../../../engine/ports.ts";
import { ClusterClient } from "../../../engine/shell/cluster-client.ts";
import { TcpNetwork } from "../../../engine/shell/tcp-network.ts";

const JOB: JobSpec = {
  jobId: "j",
  name: "q",
  module: "/m.ts",
  parameters: {},
  parallelism: 1,
  keyGroups: 8,
  sources: {},
  sinks: {},
  options: DEFAULT_JOB_OPTIONS,
  bounded: true,
};

const state = (is: JobState, message?: string): CoordinatorToClient => ({
  type: "jobState",
  jobId: "j",
  attempt: 1,
  state: is,
  atUs: 1,
  ...(message === undefined ? {} : { failure: { code: "worker-lost", message } }),
});

function sayAll(say: (message: CoordinatorToClient) => void, ...states: JobState[]): void {
  for (const is of states) say(state(is));
}

/** A coordinator that answers each message by a script, and the client that talks to it. */
async function withScript(
  script: Readonly<Record<string, (say: (message: CoordinatorToClient) => void, peer: Connection) => void>>,
  use: (client: ClusterClient, heard: string[]) => Promise<void>,
) {
  const network = await TcpNetwork.listen();
  const heard: string[] = [];
  network.accept((peer) => ({
    onMessage: (bytes) => {
      const { type } = decodeControl(bytes);
      heard.push(type);
      script[type]?.((message) => sendControl(peer, message), peer);
    },
    onDrain: () => {},
    onClosed: () => {},
  }));
  const client = new ClusterClient(network.address);
  try {
    await use(client, heard);
  } finally {
    client.close();
    await network.close();
  }
}

test("submit, run, drain, counters: the way of a job that does well", () =>
  withScript(
    {
      submit: (say) => sayAll(say, "created", "deploying", "running"),
      counters: (say) => say({ type: "jobCounters", jobId: "j", tasks: [] }),
      drain: (say) => sayAll(say, "draining", "finished"),
    },
    async (client, heard) => {
      const seen: string[] = [];
      client.onState((one) => seen.push(one.state));
      await client.submit(JOB, 2);
      assert.equal((await client.waitFor("j", ["running"], 5_000)).state, "running");
      assert.deepEqual(await client.counters("j"), []);
      client.drain("j");
      await client.waitFor("j", ["finished"], 5_000);
      assert.equal((await client.waitFor("j", ["finished"], 5_000)).state, "finished", "known states answer at once");
      assert.deepEqual(seen, ["created", "deploying", "running", "draining", "finished"]);
      assert.deepEqual(heard, ["hello", "submit", "counters", "drain"]);
    },
  ));

test("a refused job rejects with the coordinator's reason", () =>
  withScript(
    { submit: (say) => say({ type: "refused", failure: { code: "job-invalid", message: "no source" } }) },
    async (client) => {
      await assert.rejects(client.submit(JOB, 1), { code: "job-invalid", message: "no source" });
    },
  ));

test("a job that fails rejects whoever waits for another state, with the failure's own code", () =>
  withScript(
    { submit: (say) => [state("created"), state("failed", "worker-2 is gone")].forEach(say) },
    async (client) => {
      const failure = new Promise((resolve) => client.onFailure("j", resolve));
      await client.submit(JOB, 1);
      await assert.rejects(client.waitFor("j", ["running"], 5_000), {
        code: "worker-lost",
        message: "worker-2 is gone",
      });
      assert.equal(((await failure) as { code: string }).code, "worker-lost");
    },
  ));

test("a coordinator that goes away rejects what is waited for, and everything after", () =>
  withScript({ submit: (_say, peer) => peer.close() }, async (client) => {
    await assert.rejects(client.submit(JOB, 1), { code: "system-failed" });
    assert.equal((await client.lost).code, "system-failed");
    await assert.rejects(client.counters("j"), { code: "system-failed" });
  }));

test("waiting has an end", () =>
  withScript({}, async (client) => {
    await assert.rejects(client.waitFor("j", ["running"], 1), { code: "run-failed", message: /waited 1 ms/ });
  }));
