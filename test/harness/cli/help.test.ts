import assert from "node:assert/strict";
import { test } from "node:test";
import { runCli } from "../../../harness/cli/cli.ts";
import { fakeIo } from "./fake-io.ts";

async function help(columns: number, ...command: string[]): Promise<string> {
  const io = fakeIo({ columns });
  assert.equal(await runCli([...command, "--help"], io), 0);
  return io.out();
}

/** The command lines below "Examples:", as a shell reads them. */
function examplesOf(text: string): string[] {
  const part = text.split("\nExamples:\n")[1] ?? "";
  const block = part.split("\n\n")[0]!.replace(/ \\\n +/g, " ");
  return block.split("\n").flatMap((line) => (line.startsWith("  ./bench") ? [line.trim()] : []));
}

const commands = [...(await help(200)).matchAll(/^ {2}\.\/bench (\w+)/gm)].map((match) => match[1]!);

test("the help of every command fits its terminal, and no type is glued to its description", async () => {
  assert.ok(commands.length >= 20, commands.join(" "));
  for (const columns of [60, 80, 120]) {
    for (const command of [[], ...commands.map((name) => [name])]) {
      const text = await help(columns, ...command);
      for (const line of text.split("\n")) assert.ok(line.length <= columns, `${command} at ${columns}: ${line}`);
      assert.doesNotMatch(text, /[^\s[]\[(string|number|boolean|array|required)\]/, `${command} at ${columns}`);
    }
  }
});

test("an example can be copied as it stands: a long one is broken with backslashes, and is the same at every width", async () => {
  for (const command of commands) {
    const narrow = await help(60, command);
    assert.deepEqual(examplesOf(narrow), examplesOf(await help(200, command)), command);
  }
  const submit = await help(80, "submit");
  assert.match(submit, /^ {2}\.\/bench submit q5 .* \\\n {4}--\w/m);
  assert.ok(examplesOf(submit).some((line) => line.endsWith("--recovery active --merge kaZoo")));
});
