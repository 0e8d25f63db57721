import type { Io, Sink } from "../../../harness/cli/io.ts";

export interface FakeIo extends Io {
  readonly out: () => string;
  readonly err: () => string;
  /** As if the user pressed Ctrl-C or the system asked to end. */
  readonly signal: (name: "SIGINT" | "SIGTERM") => void;
  readonly exits: number[];
}

/** An Io whose streams are text. */
export function fakeIo(
  options: { tty?: boolean; cwd?: string; env?: Record<string, string>; columns?: number } = {},
): FakeIo {
  const written = { out: "", err: "" };
  const handlers = new Set<(name: "SIGINT" | "SIGTERM") => void>();
  const exits: number[] = [];
  const sink = (name: "out" | "err"): Sink => ({
    write: (chunk) => {
      written[name] += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("latin1");
      return true;
    },
    drained: () => Promise.resolve(),
    isTTY: options.tty === true,
    columns: options.columns ?? 100,
  });
  return {
    stdout: sink("out"),
    stderr: sink("err"),
    cwd: options.cwd ?? "/",
    env: options.env ?? {},
    onSignal: (handler) => {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    exitNow: (code) => exits.push(code),
    out: () => written.out,
    err: () => written.err,
    signal: (name) => {
      for (const handler of handlers) handler(name);
    },
    exits,
  };
}
