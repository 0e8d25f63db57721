import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const BENCH = fileURLToPath(new URL("../../../bench", import.meta.url));
const TOOLS = ["cat", "cksum", "dirname", "find", "mkdir", "readlink", "rm", "rmdir", "sh", "tail"];

const scratch = realpathSync(mkdtempSync(join(tmpdir(), "faultline-test-")));
after(() => rmSync(scratch, { recursive: true, force: true }));
let made = 0;

/** Prints where it runs and what it was asked to run. */
const PINNED_NODE = '#!/bin/sh\necho "pinned in $(pwd): $*"\n';

/** How it would be named in hints. */
const NAMING_NODE = '#!/bin/sh\necho "named $FAULTLINE_PROGRAM"\n';

/** A checkout with a fake npm that "installs" the pinned Node, and a PATH that holds nothing else. */
function checkout(options: { node?: string; npm?: string } = {}) {
  const root = join(scratch, `checkout ${made++}`);
  const bin = join(root, "path");
  mkdirSync(join(root, "harness"), { recursive: true });
  mkdirSync(bin);
  copyFileSync(BENCH, join(root, "bench"));
  writeFileSync(join(root, "package-lock.json"), '{"lock": 1}');
  for (const tool of TOOLS) symlinkSync(find(tool), join(bin, tool));
  const script = (name: string, body: string) => {
    writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(bin, name), 0o755);
  };
  script("sleep", `exec ${find("sleep")} 0.02`);
  if (options.node !== "") script("node", options.node ?? "case $1 in -p) echo 20 ;; --version) echo v20.0.0 ;; esac");
  const install = [
    `[ "$1" = ci ] || exit 9`,
    `mkdir "${root}/installing" || { echo "two at once" >&2; exit 8; }`,
    `echo run >>"${root}/npm-runs"`,
    `rm -rf node_modules && mkdir -p node_modules/.bin`,
    `sleep`,
    `cat "${root}/pinned" >node_modules/.bin/node && chmod +x node_modules/.bin/node`,
    `echo '{}' >node_modules/.package-lock.json`,
    `rmdir "${root}/installing"`,
  ].join("\n");
  if (options.npm !== "") script("npm", options.npm ?? install);
  symlinkSync(find("chmod"), join(bin, "chmod"));
  writeFileSync(join(root, "pinned"), PINNED_NODE);
  return { root, bin };
}

function find(tool: string): string {
  const directory = (process.env.PATH ?? "").split(delimiter).find((path) => existsSync(join(path, tool)));
  assert.ok(directory !== undefined, `${tool} is installed`);
  return join(directory, tool);
}

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function launch(file: string, args: readonly string[], bin: string, cwd: string): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(file, [...args], { cwd, env: { PATH: bin } }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
  });
}

test("the first use installs once, says so, and runs main.ts on the pinned Node in the caller's directory", async () => {
  const { root, bin } = checkout();
  const first = await launch(join(root, "bench"), ["run", "a b"], bin, scratch);
  assert.deepEqual(first, {
    code: 0,
    stdout: `pinned in ${scratch}: ${root}/harness/main.ts run a b\n`,
    stderr: "bench: installing dependencies (npm ci, once)\n",
  });
  const second = await launch(join(root, "bench"), [], bin, scratch);
  assert.equal(second.stderr, "");
  assert.equal(readFileSync(join(root, "npm-runs"), "utf8"), "run\n");
});

test("it works through a chain of symbolic links", async () => {
  const { root, bin } = checkout();
  const other = join(scratch, `links ${made++}`);
  mkdirSync(other);
  symlinkSync(join(root, "bench"), join(other, "absolute"));
  symlinkSync("absolute", join(other, "relative"));
  const { stdout } = await launch(join(other, "relative"), ["x"], bin, other);
  assert.equal(stdout, `pinned in ${other}: ${root}/harness/main.ts x\n`);
});

test("a changed lock file installs again", async () => {
  const { root, bin } = checkout();
  await launch(join(root, "bench"), [], bin, root);
  writeFileSync(join(root, "package-lock.json"), '{"lock": 2}');
  await launch(join(root, "bench"), [], bin, root);
  assert.equal(readFileSync(join(root, "npm-runs"), "utf8"), "run\nrun\n");
});

test("two first uses at once install once, one after the other", async () => {
  const { root, bin } = checkout();
  const outcomes = await Promise.all([1, 2, 3].map(() => launch(join(root, "bench"), ["x"], bin, root)));
  for (const { code, stdout } of outcomes) {
    assert.equal(code, 0);
    assert.match(stdout, /^pinned/);
  }
  assert.equal(readFileSync(join(root, "npm-runs"), "utf8"), "run\n");
  assert.ok(!existsSync(join(root, ".bench-install.lock")));
});

test("the lock of an installation that died is broken", async () => {
  const { root, bin } = checkout();
  mkdirSync(join(root, ".bench-install.lock"));
  // No process has this number: it is above the largest that Linux gives.
  writeFileSync(join(root, ".bench-install.lock", "pid"), "99999999");
  const { code, stdout } = await launch(join(root, "bench"), ["x"], bin, root);
  assert.equal(code, 0);
  assert.match(stdout, /^pinned/);
});

test("missing or old programs end with exit code 3 and say what to install", async () => {
  const cases = [
    { options: { node: "" }, expected: /Node\.js was not found/ },
    {
      options: { node: "case $1 in -p) echo 18 ;; --version) echo v18.1.0 ;; esac" },
      expected: /v18\.1\.0 is too old/,
    },
    { options: { npm: "" }, expected: /npm was not found/ },
    { options: { npm: "echo 'npm error no network'; exit 1" }, expected: /npm error no network[\s\S]*npm ci failed/ },
  ];
  for (const { options, expected } of cases) {
    const { root, bin } = checkout(options);
    const { code, stderr } = await launch(join(root, "bench"), [], bin, root);
    assert.equal(code, 3);
    assert.match(stderr, expected);
    assert.match(stderr, /hint: /);
    assert.ok(!existsSync(join(root, ".bench-install.lock")), "the lock is released");
  }
});

test("without a pinned Node for the platform, a system Node 24 is used and an older one refused", async () => {
  const npm = 'mkdir -p node_modules; echo "{}" >node_modules/.package-lock.json';
  const recent = checkout({ npm, node: 'case $1 in -p) echo 24 ;; *) echo "system: $*" ;; esac' });
  const { stdout } = await launch(join(recent.root, "bench"), ["x"], recent.bin, recent.root);
  assert.equal(stdout, `system: ${recent.root}/harness/main.ts x\n`);
  const old = checkout({ npm });
  const refused = await launch(join(old.root, "bench"), ["x"], old.bin, old.root);
  assert.equal(refused.code, 3);
  assert.match(refused.stderr, /no Node\.js for this platform is bundled, and v20/);
});

test("hints name it as it was called: by its path, or by its bare name where the path finds it", async () => {
  const { root, bin } = checkout();
  writeFileSync(join(root, "pinned"), NAMING_NODE);
  const named = async (file: string, cwd: string) => (await launch(file, [], bin, cwd)).stdout;
  assert.equal(await named(join(root, "bench"), scratch), `named ${root}/bench\n`);
  assert.equal(await named("./bench", root), "named ./bench\n");
  symlinkSync(join(root, "bench"), join(bin, "bench"));
  assert.equal(await named(join(bin, "bench"), scratch), "named bench\n");
});
