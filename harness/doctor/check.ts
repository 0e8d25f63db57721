/** `ok`, `missing`: known not to be there; `unknown`: this machine does not tell. */
export type CheckState = "ok" | "missing" | "unknown";

/** One line of `bench doctor`. */
export interface CheckResult {
  readonly id: string;
  readonly title: string;
  readonly state: CheckState;
  /** What was found. */
  readonly found: string;
  /** What is lost without it, and what to do; only where it is not `ok`. */
  readonly cost?: string;
  /** Does the main job (a sweep on the bundled engine) need it? */
  readonly required: boolean;
}

export function ok(id: string, title: string, found: string): CheckResult {
  return { id, title, state: "ok", found, required: false };
}

export function missing(id: string, title: string, found: string, cost: string): CheckResult {
  return { id, title, state: "missing", found, cost, required: false };
}

export function unknown(id: string, title: string, found: string, cost: string): CheckResult {
  return { id, title, state: "unknown", found, cost, required: false };
}

/** The main job cannot run without it. */
export function required(result: CheckResult): CheckResult {
  return { ...result, required: true };
}

/** Can the main job run? What nobody can tell does not stop it. */
export function canRun(results: readonly CheckResult[]): boolean {
  return results.every((result) => !result.required || result.state !== "missing");
}
