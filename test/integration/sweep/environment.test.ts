import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { delimiter, join } from "node:path";
import { after, type TestContext, test } from "node:test";
import type { FaultlineError } from "../../../base/errors.ts";
import { connectExternal } from "../../../harness/services/kafka/external.ts";
import { bench, config, Workplace } from "./bench.ts";

/* What a sweep needs and does not find: each ends at once with exit 3, a code, and what to do; nothing is left behind. */
const place = new Workplace();
after(() => place.remove());

const file = place.write("good.yaml", config(""));

/** A PATH with every program of the real one but these. */
function pathWithout(name: string, missing: readonly string[]): string {
  const folder = join(place.path, name);
  mkdirSync(folder);
  for (const directory of (process.env.PATH ?? "").split(delimiter)) {
    if (!existsSync(directory)) continue;
    for (const program of readdirSync(directory)) {
      if (missing.includes(program) || existsSync(join(folder, program))) continue;
      symlinkSync(join(directory, program), join(folder, program));
    }
  }
  return folder;
}

function program(folder: string, name: string, text: string): void {
  const path = place.write(join(folder, name), `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
}

async function refused(name: string, env: Readonly<Record<string, string>>, args: readonly string[] = []) {
  const { code, err } = await bench(place, ["sweep", file, "--out", name, ...args], env);
  assert.equal(code, 3, err);
  assert.deepEqual(readdirSync(place.temporary), [], "no broker data is left");
  assert.ok(!existsSync(join(place.path, name, ".lock")));
  return err;
}

test("without Java, and with one that is too old, the sweep says what to install", async () => {
  const without = pathWithout("no-java", ["java"]);
  const missing = await refused("r1", { PATH: without, JAVA_HOME: "" });
  assert.match(
    missing,
    /error\[java-missing\]: no Java runtime: java -version fails\nhint: Install a Java runtime of /,
  );
  program("no-java", "java", `echo 'openjdk version "11.0.2"' >&2`);
  const old = await refused("r2", { PATH: without, JAVA_HOME: "" });
  assert.match(old, /error\[java-missing\]: Java 11\.0\.2 is too old\nhint: .*17 or later/);
});

test("without Maven and without a cached Kafka the sweep says what takes Maven's place", async () => {
  const env = { PATH: pathWithout("no-maven", ["mvn"]), FAULTLINE_CACHE: join(place.path, "cache") };
  const err = await refused("r3", { ...env, FAULTLINE_MAVEN_REPOSITORY: "" });
  assert.match(err, /error\[maven-missing\]: .*no mvn on the PATH\nhint: .*FAULTLINE_MAVEN_REPOSITORY/);
  const unreachable = await refused("r4", { ...env, FAULTLINE_MAVEN_REPOSITORY: "http://127.0.0.1:1/" });
  assert.match(unreachable, /error\[registry-unreachable\]: cannot download .*\.jar\nhint: Check FAULTLINE_MAVEN_REPO/);
});

test("a disk without room for the campaign ends it before anything starts", async () => {
  const huge = ["--set", "load.rate=1M/s", "--set", "load.duration=200h"];
  const err = await refused("r5", {}, huge);
  assert.match(
    err,
    /error\[disk-full\]: not enough room in the results folder .* are free and about .* needed\nhint: /,
  );
  assert.ok(!existsSync(join(place.path, "r5")));
});

/** Something on a port that is no Kafka. */
async function strangerOn(t: TestContext, onConnection: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {}); // it is the visitor who must say what is wrong
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
}

test("kafka.brokers whose port is taken by something else is named, and is the environment's fault", async (t) => {
  const web = await strangerOn(t, (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  const err = await refused("r6", {}, ["--set", `kafka.brokers=["${web}"]`]);
  assert.match(err, new RegExp(`error\\[kafka-unreachable\\]: ${web} .*no Kafka.*\\nhint: Check`));
  const silent = await strangerOn(t, () => {});
  await assert.rejects(connectExternal([silent], 300), (error: FaultlineError) => {
    return error.code === "kafka-unreachable" && error.message.includes(silent) && error.hint !== undefined;
  });
});
