/** What launchers leave in the environment: how the user called the program. */
const PROGRAM_VARIABLE = "FAULTLINE_PROGRAM";

/**
 * A command for the user to type, as it has to be typed where they are: benchLine`sweep --resume ${folder}` is
 * `./bench sweep --resume reports/x` in a checkout and `bench sweep …` where the package is installed. What is filled in is quoted for the
 * shell where it must be. Prose that only names a command ("bench serve shows it") needs none of this.
 */
export function benchLine(words: TemplateStringsArray, ...values: readonly (string | number)[]): string {
  const line = words.map((text, i) => (i === 0 ? text : `${shellWord(String(values[i - 1]))}${text}`)).join("");
  return `${programName()} ${line}`.trimEnd();
}

/** What the user types to start this program: what the launcher says, or else what is there to be started. */
export function programName(
  env: Readonly<Record<string, string | undefined>> = process.env,
  module: string = import.meta.url,
): string {
  const told = env[PROGRAM_VARIABLE] ?? "";
  if (told !== "") return /^npx [\w-]+$/.test(told) ? told : shellWord(told);
  // Sources run from a checkout, where the launcher is a file; the built program is on the path.
  return module.endsWith(".ts") ? "./bench" : "bench";
}

function shellWord(text: string): string {
  return isPlain(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function isPlain(word: string): boolean {
  return /^[\w@%+=:,./~-]+$/.test(word);
}
