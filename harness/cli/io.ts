/** Where a command writes and what it knows of its caller; injected so that commands run inside tests. */
export interface Io {
  readonly stdout: Sink;
  readonly stderr: Sink;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Calls `handler` for SIGINT and SIGTERM until the returned function is called. */
  onSignal(handler: (signal: "SIGINT" | "SIGTERM") => void): () => void;
  /** Ends the process at once: the last resort of a second Ctrl-C. */
  exitNow(code: number): void;
}

export interface Sink {
  /** Writes text or bytes; false asks the caller to wait for `drained`. */
  write(chunk: string | Uint8Array): boolean;
  /** Resolves when more can be written; rejects with EPIPE when the reader is gone. */
  drained(): Promise<void>;
  readonly isTTY: boolean;
  readonly columns: number;
}

/** May the sink be coloured? `--no-color` and NO_COLOR win over the terminal. */
export function useColor(sink: Sink, env: Io["env"], noColor: boolean): boolean {
  return sink.isTTY && !noColor && (env.NO_COLOR ?? "") === "" && env.TERM !== "dumb";
}
