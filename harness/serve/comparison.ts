import { asFaultlineError, FaultlineError } from "../../base/errors.ts";
import { EXIT } from "../../base/exit-codes.ts";
import { DIFFERENCE_KINDS, type Difference } from "../analyze/compare/differences.ts";
import { parseOperand } from "../analyze/compare/side.ts";
import { compareFolders } from "../cli/comparison/folders.ts";
import type { Campaigns } from "./campaigns.ts";
import { insideOf } from "./inside.ts";
import type { CompareAnswer, CompareQuestion } from "./pages/compare.ts";

/** As `bench compare` without `--seed`. */
const SEED = 1;
const MOST_OPERAND = 500;
const FOREIGN_HINT = "Was it edited, or written by another version of Faultline?";

/** The question in a query string; what is no question is left empty. */
export function compareQuestion(query: URLSearchParams): CompareQuestion {
  const operand = (name: string) => (query.get(name) ?? "").slice(0, MOST_OPERAND).trim();
  const asked = query.getAll("allow");
  const allowed = DIFFERENCE_KINDS.filter((kind) => asked.includes(kind));
  return { a: operand("a"), b: operand("b"), allowed, paired: query.get("paired") === "1" };
}

/** What the campaigns of a question look like now: a comparison stays true as long as it is the same. "" when there is none. */
export async function compareVersion({ a, b }: CompareQuestion, campaigns: Campaigns): Promise<string> {
  if (a === "" || b === "") return "";
  const versions = [a, b].map(async (text) => {
    const found = await campaigns.find(folderIn(text) ?? "..");
    return found === null ? "none" : found.summary.version;
  });
  return (await Promise.all(versions)).join("|");
}

/** Only folders below `root` are read. What is wrong with the question is an answer, not an error. */
export async function compareAnswer(
  question: CompareQuestion,
  root: string,
  notice: (text: string) => void,
): Promise<CompareAnswer> {
  const { a, b, allowed, paired } = question;
  if (a === "" || b === "") return { kind: "none" };
  const places = new Map<string, string>();
  try {
    for (const text of [a, b]) {
      const { folder } = parseOperand(text);
      const inside = await insideOf(root, folder);
      if (inside === null) throw new FaultlineError("results-unreadable", `there is no folder ${folder} here`);
      places.set(folder, inside.absolute);
    }
    const folderOf = (folder: string) => places.get(folder)!;
    const comparison = await compareFolders({ a, b }, { folderOf, gates: null, allowed, paired, seed: SEED });
    return { kind: "comparison", comparison };
  } catch (error) {
    const { message, hint = "", context, exitCode } = asFaultlineError(error);
    // Where a folder lies on this machine is nobody's business.
    const shown = (text: string) => [...places].reduce((said, [folder, path]) => said.replaceAll(path, folder), text);
    if (exitCode === EXIT.internal) {
      notice(`${a} and ${b} cannot be compared: ${message}`);
      return {
        kind: "refused",
        message: `what is stored there cannot be compared: ${shown(message)}`,
        hint: FOREIGN_HINT,
        differences: [],
      };
    }
    return {
      kind: "refused",
      message: shown(message),
      hint: shown(hint),
      differences: (context.differences as readonly Difference[] | undefined) ?? [],
    };
  }
}

function folderIn(text: string): string | null {
  try {
    return parseOperand(text).folder;
  } catch (error) {
    if (error instanceof FaultlineError) return null;
    throw error;
  }
}
