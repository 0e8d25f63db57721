import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { ZooKeeperElection } from "../../../engine/shell/zookeeper-election.ts";
import { type Guard, startGuard } from "../../../harness/services/guard.ts";
import type { ZooKeeperService } from "../../../harness/services/zookeeper/service.ts";
import { startZooKeeper } from "../../../harness/services/zookeeper/start.ts";
import { type ElectionWorld, electionContract } from "../../engine/shell/election-contract.ts";
import { until } from "../../services/until.ts";
import { Gate } from "./gate.ts";

/** Long enough that a busy machine loses none by accident. */
const SESSION_MS = 1_500;
/** Two ticks more than a session: by then the server has given it up. */
const OUTAGE_MS = SESSION_MS + 700;

let directory: string;
let guard: Guard;
let service: ZooKeeperService;
let epoch = 0;
const gates = new Map<string, Gate>();
const elections = new Map<string, ZooKeeperElection>();

before(async () => {
  directory = mkdtempSync(join(tmpdir(), "faultline-zookeeper-"));
  guard = await startGuard();
  guard.watchDir(directory);
  service = await startZooKeeper({
    dataDir: join(directory, "zookeeper"),
    logFile: join(directory, "zookeeper.log"),
    guard,
    onProgress: () => {},
  });
  const port = Number(service.servers[0]!.split(":")[1]);
  for (const name of ["a", "b", "c"]) {
    const gate = await Gate.to(port);
    gates.set(name, gate);
    elections.set(
      name,
      new ZooKeeperElection({ servers: [gate.address], sessionTimeoutMs: SESSION_MS, root: "/faultline/test" }),
    );
  }
});

after(async () => {
  await Promise.all([...elections.values()].map((election) => election.close()));
  for (const gate of gates.values()) gate.close();
  await service.stop();
  rmSync(directory, { recursive: true, force: true });
  await guard.close();
});

const world: ElectionWorld = {
  election: (name) => elections.get(name)!,
  until,
  quiet: () => delay(150),
  loseSession: async (name) => {
    gates.get(name)!.cut();
    await delay(OUTAGE_MS);
    gates.get(name)!.heal();
  },
  loseContact: async (name) => {
    gates.get(name)!.silence();
    await delay(OUTAGE_MS);
    gates.get(name)!.heal();
  },
  kill: async (name) => gates.get(name)!.cut(),
};

describe("the election on ZooKeeper", () => {
  electionContract(() => world);

  it("elects the next one at once when a process ends in good order", async () => {
    const { servers } = service;
    const leaving = new ZooKeeperElection({ servers, sessionTimeoutMs: 30_000, root: "/faultline/test" });
    let leads = "";
    const seat = (name: string) => ({
      onElected: () => {
        leads = name;
      },
      onDeposed: () => {},
    });
    leaving.join("leaving", "d", seat("d"));
    await until("d leads", () => leads === "d");
    const other = world.election("b").join("leaving", "b", seat("b"));
    await world.quiet();
    await leaving.close();
    await until("b leads", () => leads === "b", 5_000);
    other.leave();
    await new ZooKeeperElection({ servers, sessionTimeoutMs: 500, root: "/faultline/test" }).close();
    const unused = new ZooKeeperElection({ servers, sessionTimeoutMs: 500, root: "/faultline/test" });
    unused.join("unused", "d", seat("d"));
    await unused.close();
  });

  it("goes on over a restart of the server, with larger epochs; both hear that they are not sure any more", async () => {
    const heard: string[] = [];
    const seats = ["b", "c"].map((name) =>
      world.election(name).join("restart", name, {
        onElected: (elected) => {
          assert.ok(elected > epoch);
          epoch = elected;
          heard.push(`${name} elected`);
        },
        onDeposed: () => heard.push(`${name} deposed`),
      }),
    );
    await until("one leads", () => heard.length === 1);
    const [first] = heard;
    await service.restart();
    await until("one leads again", () => heard.length >= 3);
    assert.equal(heard[1], first!.replace("elected", "deposed"));
    assert.match(heard[2]!, /elected$/);
    assert.equal(service.describe().version, "3.9.5");
    for (const seat of seats) seat.leave();
  });
});
