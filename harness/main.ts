import { runCli } from "./cli/cli.ts";
import { processIo } from "./cli/process-io.ts";

// Entry point of `bench`. The exit code is set, not forced, so that everything written is flushed.
process.exitCode = await runCli(process.argv.slice(2), processIo());
