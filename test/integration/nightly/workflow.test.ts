import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { parse } from "yaml";
import { temporaryFolder } from "../../harness/synthetic-run.ts";

const WORKFLOW = new URL("../../../.github/workflows/nightly.yml", import.meta.url);
const BRANCH = "benchmark-history";
const IDENTITY = ["-c", "user.name=x", "-c", "user.email=x@example.org"];

interface Step {
  readonly name?: string;
  readonly run?: string;
}

/** The commands of the workflow's named step. */
function commandsOf(name: string): string {
  const { jobs } = parse(readFileSync(WORKFLOW, "utf8")) as { jobs: { nightly: { steps: readonly Step[] } } };
  const step = jobs.nightly.steps.find((candidate) => candidate.name === name);
  assert.ok(step?.run !== undefined, `no step “${name}” with commands`);
  return step.run;
}

/** A night that adds a row to the history, writes an issue if it is told to, and ends with the code it is told. */
const NPM = `#!/bin/sh
echo "$@" >>"$CALLS"
shift 4
echo "the night's table"
mkdir -p "$2" && printf '# q5 became slower: 20 %%\\n\\np50, 10 to 30 %%\\n' >"$2/issue.md"
[ "$NIGHT" = 6 ] || rm "$2/issue.md"
[ -f reports/history/nightly.csv ] || echo head >reports/history/nightly.csv
echo "row $NIGHT" >>reports/history/nightly.csv
exit $NIGHT
`;
const GH = `#!/bin/sh
echo "gh $1 $2 $3 [$4] $5" >>"$CALLS"
cat "$6" >>"$CALLS"
`;

/** Checkouts of one remote repository, as a hosted runner makes them, on which the workflow's commands run. */
class Hosted {
  readonly #folder: string;
  readonly #origin: string;
  readonly #bin: string;
  #nights = 0;

  constructor(t: TestContext) {
    this.#folder = temporaryFolder(t);
    this.#origin = join(this.#folder, "origin");
    this.#bin = join(this.#folder, "bin");
    mkdirSync(this.#bin);
    for (const [name, script] of Object.entries({ npm: NPM, gh: GH })) {
      writeFileSync(join(this.#bin, name), script, { mode: 0o755 });
    }
    mkdirSync(this.#origin);
    this.#git(this.#origin, "init", "-q", "-b", "main");
    writeFileSync(join(this.#origin, "program"), "as it is");
    this.#git(this.#origin, "add", ".");
    this.#git(this.#origin, ...IDENTITY, "commit", "-qm", "first");
  }

  /** Every step of a night that ends with `code`; answers what each command was called with, and how the last step ended. */
  night(code: number): { readonly calls: string; readonly status: number | null; readonly said: string } {
    const night = join(this.#folder, `night-${++this.#nights}`);
    const temp = join(night, "temp");
    mkdirSync(temp, { recursive: true });
    const checkout = join(night, "checkout");
    this.#git(this.#folder, "clone", "-q", this.#origin, checkout);
    const calls = join(night, "calls");
    appendFileSync(calls, "");
    const outputs = join(temp, "outputs");
    const env = {
      ...process.env,
      PATH: `${this.#bin}:${process.env.PATH}`,
      HISTORY_BRANCH: BRANCH,
      RUNNER_TEMP: temp,
      GITHUB_STEP_SUMMARY: join(temp, "summary"),
      GITHUB_OUTPUT: outputs,
      GITHUB_SHA: this.#git(checkout, "rev-parse", "HEAD"),
      GITHUB_SERVER_URL: "https://example.org",
      GITHUB_REPOSITORY: "a/b",
      GITHUB_RUN_ID: "7",
      NIGHT: String(code),
      CALLS: calls,
      PROOF: "false",
    };
    const step = (name: string, more: NodeJS.ProcessEnv = {}) =>
      spawnSync("bash", ["-e", "-o", "pipefail", "-c", commandsOf(name)], {
        cwd: checkout,
        encoding: "utf8",
        env: { ...env, ...more },
      });
    for (const name of ["Fetch the history", "Measure and judge", "Keep the history", "Open an issue"]) {
      const { status, stderr } = step(name);
      assert.equal(status, 0, `${name}: ${stderr}`);
    }
    const CODE = /^code=(\d+)$/m.exec(readFileSync(outputs, "utf8"))?.[1];
    const { status, stdout } = step("Say how it ended", { CODE });
    assert.ok(readFileSync(env.GITHUB_STEP_SUMMARY, "utf8").includes("the night's table"));
    assert.ok(!existsSync(join(checkout, "nightly.csv")));
    return { calls: readFileSync(calls, "utf8"), status, said: stdout };
  }

  /** Lines of the history, and subjects of the commits that made it. */
  history(): { readonly rows: string[]; readonly commits: number; readonly files: string } {
    return {
      rows: this.#git(this.#origin, "show", `${BRANCH}:nightly.csv`).split("\n"),
      commits: Number(this.#git(this.#origin, "rev-list", "--count", BRANCH)),
      files: this.#git(this.#origin, "ls-tree", "--name-only", BRANCH),
    };
  }

  #git(cwd: string, ...args: string[]): string {
    return execFileSync("git", args, { cwd, encoding: "utf8" }).trim();
  }
}

describe("the commands of the nightly workflow, on real repositories with a pretended night", () => {
  it("keep the history of three nights on its branch, open one issue, and end as the nights did", (t) => {
    const hosted = new Hosted(t);
    const quiet = hosted.night(0);
    assert.equal(quiet.status, 0);
    assert.match(quiet.calls, /^run --silent nightly -- --out \S+\/night\n$/);
    const worse = hosted.night(6);
    assert.equal(worse.status, 1);
    assert.match(worse.said, /::error::a confirmed regression/);
    assert.match(worse.calls, /gh issue create --title \[q5 became slower: 20 %\] --body-file\n\np50, 10 to 30 %\n/);
    assert.match(worse.calls, /Report: https:\/\/example\.org\/a\/b\/actions\/runs\/7/);
    const noisy = hosted.night(5);
    assert.equal(noisy.status, 0);
    assert.match(noisy.said, /::warning::/);
    assert.ok(!noisy.calls.includes("gh issue"));
    assert.deepEqual(hosted.history(), {
      rows: ["head", "row 0", "row 6", "row 5"],
      commits: 3,
      files: "nightly.csv",
    });
  });

  it("end with an error where the night itself broke", (t) => {
    const { status, said } = new Hosted(t).night(3);
    assert.equal(status, 1);
    assert.match(said, /::error::the night ended with 3/);
  });
});
