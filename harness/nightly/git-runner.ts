import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { FaultlineError } from "../../base/errors.ts";
import { EXIT } from "../../base/exit-codes.ts";
import { readCampaign } from "../analyze/compare/campaign.ts";
import { startChild } from "../services/child.ts";
import { type Guard, startGuard } from "../services/guard.ts";
import { type Checkout, type CommitRunner, HERE } from "./runner.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const GIT_LIMIT_MS = 60_000;
const INSTALL_LIMIT_MS = 10 * 60_000;
/** More than any config of a comparison should take; what hangs is ended. */
const RUN_LIMIT_MS = 30 * 60_000;
/** A run that is asked to end stops its processes and its broker first. */
const STOP_MS = 60_000;
/** Exit codes after which there are results. */
const HAS_RESULTS: readonly (number | null)[] = [EXIT.ok, EXIT.runFailed, EXIT.runInvalid, EXIT.threshold];

export interface GitRunnerOptions {
  /** The clone; default: the one that this file is in. */
  readonly root?: string;
  readonly cwd: string;
  readonly signal: AbortSignal;
  readonly notice: (text: string) => void;
}

/**
 * Runs commits of this repository: each in a worktree of its own in the temporary folder, which `bench` there installs for itself; the
 * trees are removed at the end, by the guard if this process dies. Outside of a clone there is only this checkout.
 */
export async function gitRunner(options: GitRunnerOptions): Promise<CommitRunner> {
  return new GitRunner({ root: ROOT, ...options }, await startGuard());
}

class GitRunner implements CommitRunner {
  readonly #options: Required<GitRunnerOptions>;
  readonly #guard: Guard;
  readonly #trees = new Map<string, Checkout>();
  #folder: string | null = null;

  constructor(options: Required<GitRunnerOptions>, guard: Guard) {
    this.#options = options;
    this.#guard = guard;
  }

  async checkout(name: string): Promise<Checkout> {
    if (name === HERE) return { commit: HERE, root: this.#options.root };
    this.#requireClone();
    const commit = await this.#commitNamed(name);
    const known = this.#trees.get(commit);
    if (known !== undefined) return known;
    const root = join(this.#temporaryFolder(), commit.slice(0, 12));
    this.#options.notice(`checking out and installing ${commit.slice(0, 8)}`);
    await this.#git("worktree", "prune"); // what a killed process left
    await this.#git("worktree", "add", "--detach", "--force", root, commit);
    const tree = { commit, root };
    this.#trees.set(commit, tree);
    await this.#bench(tree, ["--version"], `${root}.log`, INSTALL_LIMIT_MS);
    return tree;
  }

  async run(checkout: Checkout, job: { config: string; cell: string | null; folder: string }) {
    const { cwd } = this.#options;
    const folder = resolve(cwd, job.folder);
    refuseResults(folder, job.folder);
    const what = job.cell === null ? ["sweep"] : ["run", "--cell", job.cell];
    const args = [...what, resolve(cwd, job.config), "--out", folder, "--set", "repetitions=1", "--no-color"];
    await this.#bench(checkout, args, `${folder}.log`, RUN_LIMIT_MS);
    return readCampaign(folder);
  }

  async commitsBetween(from: string, to: string, most: number): Promise<readonly string[]> {
    try {
      const range = `${from}..${to}`;
      const text = await this.#git(
        "log",
        "--no-merges",
        `--max-count=${most}`,
        "--format=%h %s",
        "--end-of-options",
        range,
      );
      return text.split("\n").filter((line) => line !== "");
    } catch (error) {
      // A shallow clone, or a history that was rewritten: the range itself is told all the same.
      if (error instanceof FaultlineError) return [];
      throw error;
    }
  }

  async close(): Promise<void> {
    try {
      for (const { root } of this.#trees.values()) await this.#git("worktree", "remove", "--force", root);
    } finally {
      if (this.#folder !== null) await rm(this.#folder, { recursive: true, force: true });
      await this.#guard.close();
    }
  }

  #requireClone(): void {
    if (existsSync(join(this.#options.root, ".git"))) return;
    throw new FaultlineError("usage", "commits can only be compared in a clone of Faultline's repository", {
      hint: "An installed package has one version only.",
    });
  }

  #temporaryFolder(): string {
    if (this.#folder === null) {
      this.#folder = mkdtempSync(join(tmpdir(), "faultline-commits-"));
      this.#guard.watchDir(this.#folder);
    }
    return this.#folder;
  }

  /** Runs `bench` of a tree from that tree, as somebody would who had it checked out. */
  async #bench({ commit, root }: Checkout, args: readonly string[], logFile: string, limitMs: number): Promise<void> {
    const { signal } = this.#options;
    if (signal.aborted) throw new FaultlineError("interrupted", "interrupted");
    const whose = commit === HERE ? "this checkout" : commit.slice(0, 8);
    const file = join(root, "bench");
    const child = startChild({ role: `bench of ${whose}`, file, args, cwd: root, logFile, guard: this.#guard });
    const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
    const stop = () => void child.stop(STOP_MS);
    limit.addEventListener("abort", stop, { once: true });
    const { code } = await child.exited;
    limit.removeEventListener("abort", stop);
    if (signal.aborted) throw new FaultlineError("interrupted", "interrupted");
    if (limit.aborted || !HAS_RESULTS.includes(code)) {
      const why = limit.aborted ? `did not end within ${limitMs / 60_000} minutes` : `ended with ${code}`;
      throw new FaultlineError("run-failed", `bench ${args[0]} of ${whose} ${why}: ${lastLines(logFile)}`, {
        hint: `All that it said is in ${logFile}.`,
      });
    }
  }

  /** The full commit of any name that git knows. Throws `usage`. */
  async #commitNamed(name: string): Promise<string> {
    try {
      return (await this.#git("rev-parse", "--verify", "--quiet", "--end-of-options", `${name}^{commit}`)).trim();
    } catch (cause) {
      throw new FaultlineError("usage", `there is no commit "${name}"`, {
        hint: "Give a commit, a branch or a tag, or . for the checkout as it is; a shallow clone has only the latest commits.",
        cause,
      });
    }
  }

  async #git(...args: readonly string[]): Promise<string> {
    const { stdout, stderr, failed } = await execa("git", args, {
      cwd: this.#options.root,
      timeout: GIT_LIMIT_MS,
      reject: false,
    });
    if (!failed) return stdout;
    throw new FaultlineError("run-failed", `git ${args[0]} failed: ${stderr.trim().split("\n").slice(-3).join(" ")}`);
  }
}

/** A sweep goes on where an earlier one in its folder ended: then runs of one commit would pass for those of another. Throws `usage`. */
export function refuseResults(folder: string, name: string): void {
  if (!existsSync(join(folder, "manifest.json"))) return;
  throw new FaultlineError("usage", `${name} has results already`, { hint: "Choose a new folder with --out." });
}

function lastLines(logFile: string): string {
  if (!existsSync(logFile)) return "it said nothing";
  return readFileSync(logFile, "utf8").trim().split("\n").slice(-3).join(" ");
}
