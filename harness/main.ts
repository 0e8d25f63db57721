import { runCli } from "./cli/cli.ts";
import { processIo } from "./cli/process-io.ts";
import { shareCompiledCode } from "./services/compiled-code.ts";

shareCompiledCode();

// Entry point of `bench`. The exit code is set, not forced, so that everything written is flushed.
process.exitCode = await runCli(process.argv.slice(2), processIo());
