import assert from "node:assert/strict";
import { FaultlineError } from "../../../base/errors.ts";

/** The lines of the one error that lists all problems of a config; none: it resolves. */
export function problemsOf(resolve: () => unknown): string[] {
  try {
    resolve();
  } catch (error) {
    assert.ok(error instanceof FaultlineError);
    assert.equal(error.code, "config-invalid");
    return error.message.split("\n  ").slice(1);
  }
  return [];
}

/** The whole message with which a config is refused; fails where it is accepted. */
export function refusalOf(resolve: () => unknown): string {
  try {
    resolve();
  } catch (error) {
    assert.ok(error instanceof FaultlineError);
    return error.message;
  }
  return assert.fail("accepted");
}
