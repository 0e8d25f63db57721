import type { Campaign } from "../analyze/compare/campaign.ts";

/** A tree of Faultline that can run things. */
export interface Checkout {
  /** A full commit, or `.` for the checkout of this process as it is. */
  readonly commit: string;
  readonly root: string;
}

/** What nights and comparisons of commits touch the world through. */
export interface CommitRunner {
  /** Makes ready what `.` or any name of a commit means: its own tree, its own packages. Throws `usage` when there is no such commit. */
  checkout(commit: string): Promise<Checkout>;
  /**
   * Runs a config once there, or one cell of it, into `folder`. Invalid and failed runs are results; what cannot run at all throws
   * `run-failed`, an interruption `interrupted`.
   */
  run(
    checkout: Checkout,
    job: { readonly config: string; readonly cell: string | null; readonly folder: string },
  ): Promise<Campaign>;
  /** Commits after `from` up to `to`, latest first, as `0123abcd subject`; at most `most`. [] when nobody knows. */
  commitsBetween(from: string, to: string, most: number): Promise<readonly string[]>;
  /** Removes the trees. */
  close(): Promise<void>;
}

/** The checkout of this process. */
export const HERE = ".";
