/** Exit codes of every command. One table; `test/base` checks that each is documented and reachable. */
export const EXIT = {
  ok: 0,
  internal: 1,
  usage: 2,
  environment: 3,
  runFailed: 4,
  runInvalid: 5,
  threshold: 6,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
