import { EXIT } from "../../../base/exit-codes.ts";
import type { Command } from "../command.ts";

/** `bench schema`: JSON Schema of a config on stdout, for editors. */
export const schemaCommand: Command = {
  usage: "schema",
  summary: "Print the JSON Schema of a config, for editors",
  examples: [["schema > faultline.schema.json", "a file that editors can read"]],
  options: (parser) =>
    parser.epilogue(
      "In an editor with the YAML language server, begin a config with\n  # yaml-language-server: $schema=FILE",
    ),
  async run(_args, io) {
    const { configJsonSchema } = await import("../../config/json-schema.ts");
    io.stdout.write(`${JSON.stringify(configJsonSchema(), null, 2)}\n`);
    return EXIT.ok;
  },
};
