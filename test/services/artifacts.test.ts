import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { type ArtifactSet, cacheDirectory, installArtifacts } from "../../harness/services/artifact-cache.ts";
import { readArtifactList } from "../../harness/services/artifact-list.ts";
import { withFileLock } from "../../harness/services/file-lock.ts";
import { findJava } from "../../harness/services/java.ts";
import { identify } from "../../harness/services/process-identity.ts";

const FILES: Readonly<Record<string, string>> = {
  "org/a/1/a-1.jar": "content of a",
  "org/b/2/b-2.jar": "content of b",
};

let root: string;
let server: Server;
let requests: string[] = [];
let served: Record<string, string> = {};
let set: ArtifactSet;
let env: NodeJS.ProcessEnv;

before(async () => {
  server = createServer((request, response) => {
    const path = request.url?.replace("/repo/", "") ?? "";
    requests.push(path);
    response.statusCode = path in served ? 200 : 404;
    response.end(served[path]);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
});
after(() => server.close());

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "faultline-artifacts-"));
  requests = [];
  served = { ...FILES };
  const sha = (text: string) => createHash("sha256").update(text).digest("hex");
  const lines = Object.entries(FILES).map(([path, text]) => `${sha(text)}  ${path}\n`);
  set = { name: "set-1", pomFile: join(root, "pom.xml"), listFile: join(root, "list.sha256") };
  writeFileSync(set.listFile, lines.join(""));
  const { port } = server.address() as AddressInfo;
  env = { FAULTLINE_CACHE: join(root, "cache"), FAULTLINE_MAVEN_REPOSITORY: `http://127.0.0.1:${port}/repo/` };
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const install = () => installArtifacts(set, () => {}, env);
const inCache = () => (existsSync(join(root, "cache")) ? readdirSync(join(root, "cache")) : []);

/** A folder for PATH with a program that runs this shell script. */
function programs(name: string, script: string): string {
  const folder = join(root, "bin");
  mkdirSync(folder);
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return [folder, "/bin", "/usr/bin"].join(delimiter);
}

test("fetched once, then taken from the cache; a file that went missing is fetched again", async () => {
  const { classPath, directory } = await install();
  assert.deepEqual(
    classPath.split(":").map((path) => existsSync(path)),
    [true, true],
  );
  assert.deepEqual((await install()).classPath, classPath);
  assert.equal(requests.length, 2);
  rmSync(join(directory, "libs", "a-1.jar"));
  await install();
  assert.ok(existsSync(join(directory, "libs", "a-1.jar")));
  assert.equal(inCache().length, 1, "no lock and no temporary folder stays");
});

test("a file that was damaged in the cache is found and fetched again", async () => {
  const { directory } = await install();
  writeFileSync(join(directory, "libs", "a-1.jar"), "content of z");
  await install();
  assert.equal(readFileSync(join(directory, "libs", "a-1.jar"), "utf8"), "content of a");
});

test("folders that killed processes left behind are removed, not those of processes at work", async () => {
  const { directory } = await install();
  rmSync(directory, { recursive: true });
  const [old, recent] = [`${directory}.tmp-old`, `${directory}.tmp-new`];
  for (const path of [old, recent]) mkdirSync(path);
  const longAgo = new Date("2020-01-01");
  utimesSync(old, longAgo, longAgo);
  await install();
  assert.deepEqual([existsSync(old), existsSync(recent)], [false, true]);
});

test("a cache that cannot be written is an error that says what to set", async () => {
  writeFileSync(join(root, "file"), "");
  env.FAULTLINE_CACHE = join(root, "file");
  await assert.rejects(install(), { code: "output-unwritable", hint: /FAULTLINE_CACHE/ });
  const directory = join(root, "cache");
  env.FAULTLINE_CACHE = directory;
  mkdirSync(join(directory, `${set.name}-${readArtifactList(set.listFile).id}.lock`, "x"), { recursive: true });
  await assert.rejects(install(), { code: "output-unwritable", message: /EISDIR/ });
});

test("a lock that is held for ever is taken over after the longest wait", async () => {
  const path = join(root, "lock");
  writeFileSync(path, JSON.stringify(identify(process.pid)));
  let waits = 0;
  assert.equal(
    await withFileLock(
      path,
      () => waits++,
      async () => "done",
      250,
    ),
    "done",
  );
  assert.equal(waits, 1);
});

test("two at once fetch once and both have it", async () => {
  const [first, second] = await Promise.all([install(), install()]);
  assert.equal(first?.classPath, second?.classPath);
  assert.equal(requests.length, 2);
});

test("the lock of a dead process is taken over", async () => {
  const { directory } = await install();
  rmSync(directory, { recursive: true });
  writeFileSync(`${directory}.lock`, JSON.stringify({ pid: process.pid, startTicks: "1" }));
  await install();
  assert.equal(inCache().length, 1);
});

test("a wrong file is refused, and nothing of the set is installed", async () => {
  served["org/b/2/b-2.jar"] = "something else";
  await assert.rejects(install(), { code: "artifact-corrupt", message: /b-2.jar has the wrong SHA-256/ });
  assert.deepEqual(inCache(), []);
});

test("a repository that lacks a file, or does not answer, is named as unreachable", async () => {
  delete served["org/a/1/a-1.jar"];
  await assert.rejects(install(), { code: "registry-unreachable", message: /HTTP 404/ });
  env.FAULTLINE_MAVEN_REPOSITORY = "http://127.0.0.1:1/";
  await assert.rejects(install(), { code: "registry-unreachable", hint: /FAULTLINE_MAVEN_REPOSITORY/ });
  assert.deepEqual(inCache(), []);
});

test("when one download fails the others have ended too before the error is reported", async () => {
  const late = createServer((request, response) => {
    response.statusCode = request.url?.includes("a-1") ? 404 : 200;
    if (response.statusCode === 404) response.end();
    else response.write("never complete");
  }).listen(0, "127.0.0.1");
  await once(late, "listening");
  env.FAULTLINE_MAVEN_REPOSITORY = `http://127.0.0.1:${(late.address() as AddressInfo).port}`;
  await assert.rejects(install(), { message: /HTTP 404/ });
  late.close(); // waits for open connections: none may be left
  await once(late, "close");
});

test("without a repository of the user's own, Maven fetches; its absence and its failure are told apart", async () => {
  delete env.FAULTLINE_MAVEN_REPOSITORY;
  env.PATH = join(root, "empty");
  await assert.rejects(install(), { code: "maven-missing", hint: /Install Maven/ });
  env.PATH = programs("mvn", "echo 'no route to mirror'; exit 1");
  await assert.rejects(install(), { code: "registry-unreachable", message: /no route to mirror/ });
});

test("of Maven's words the user reads what is wrong, not the advice about its switches", async () => {
  delete env.FAULTLINE_MAVEN_REPOSITORY;
  const said = [
    "[WARNING] something old",
    "[ERROR] No plugin found for prefix 'dependency' in the repositories [central (https://repo)] -> [Help 1]",
    "[ERROR] ",
    "[ERROR] To see the full stack trace of the errors, re-run Maven with the -e switch.",
    "[ERROR] Re-run Maven using the -X switch to enable full debug logging.",
    "[ERROR] ",
    "[ERROR] For more information about the errors and possible solutions, please read the following articles:",
    "[ERROR] [Help 1] http://cwiki.apache.org/confluence/display/MAVEN/NoPluginFoundForPrefixException",
  ];
  env.PATH = programs("mvn", `cat <<'END'\n${said.join("\n")}\nEND\nexit 1`);
  await assert.rejects(install(), {
    message:
      "Maven cannot fetch the artifacts: No plugin found for prefix 'dependency' in the repositories [central (https://repo)]",
    hint: /by hand: mvn -B -f .*pom.xml/,
  });
});

test("Java that is missing or too old is refused with a hint; JAVA_HOME goes first", async () => {
  await assert.rejects(findJava({ PATH: join(root, "empty") }), { code: "java-missing", hint: /17 or later/ });
  const PATH = programs("java", `echo 'openjdk version "11.0.2" 2019' >&2`);
  await assert.rejects(findJava({ PATH }), { code: "java-missing", message: /11\.0\.2 is too old/ });
  await assert.rejects(findJava({ PATH, JAVA_HOME: join(root, "no-java") }), {
    code: "java-missing",
    message: /no-java/,
  });
  writeFileSync(join(root, "bin", "java"), `#!/bin/sh\necho 'java version "21"' >&2\n`);
  assert.deepEqual(await findJava({ PATH, JAVA_HOME: "" }), { file: "java", version: "21" });
});

test("the cache is per user and can be moved", () => {
  assert.equal(cacheDirectory({ FAULTLINE_CACHE: "/x" }), "/x");
  assert.equal(cacheDirectory({ XDG_CACHE_HOME: "/y" }), "/y/faultline");
  assert.equal(cacheDirectory({ HOME: "/home/me" }), "/home/me/.cache/faultline");
  assert.equal(cacheDirectory({ HOME: "" }), cacheDirectory({}), "an empty HOME is none");
  assert.match(cacheDirectory({}), /^\/.*\.cache\/faultline$/);
  assert.equal(cacheDirectory({ FAULTLINE_CACHE: "here" }), resolve("here"), "the broker runs elsewhere");
  assert.throws(() => cacheDirectory({ FAULTLINE_CACHE: "/a:b" }), { code: "output-unwritable", message: /colon/ });
});
