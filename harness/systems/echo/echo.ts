import { entryPoint, inheritedNodeFlags } from "../../services/entry-point.ts";
import { type CommandSettings, commandSystemSchema } from "../command/settings.ts";

/** The one query that it answers. */
export const ECHO_QUERY = "q0";

/** `system: echo` as commands: how our own echo is started, stopped and known to be ready. */
export function echoSettings(): CommandSettings {
  const program = entryPoint(import.meta.url, "./echo-main");
  return commandSystemSchema.parse({
    kind: "command",
    name: "echo",
    start: [{ role: "echo", command: [process.execPath, ...inheritedNodeFlags(), program].map(literal) }],
    ready: { line: "^ready$" },
  });
}

/** A literal brace in a command is doubled. */
function literal(text: string): string {
  return text.replaceAll("{", "{{").replaceAll("}", "}}");
}
