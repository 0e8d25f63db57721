import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { posix } from "node:path";
import { FaultlineError, systemCode } from "../../base/errors.ts";

export interface Artifact {
  readonly sha256: string;
  /** Path in a Maven repository. */
  readonly repositoryPath: string;
  readonly fileName: string;
}

export interface ArtifactList {
  readonly artifacts: readonly Artifact[];
  /** Names this very list: hash of its text. */
  readonly id: string;
}

/** Reads a list of `SHA-256  path` lines, as sha256sum writes them. Part of the program: a bad line is an internal error. */
export function readArtifactList(file: string): ArtifactList {
  const text = readFileSync(file, "utf8");
  const artifacts = text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const match = /^([0-9a-f]{64}) {2}(\S+\.jar)$/.exec(line);
      if (match === null) throw new FaultlineError("internal", `bad line in ${file}: ${line}`);
      return { sha256: match[1]!, repositoryPath: match[2]!, fileName: posix.basename(match[2]!) };
    });
  return { artifacts, id: createHash("sha256").update(text).digest("hex").slice(0, 12) };
}

/** Throws `artifact-corrupt` unless `directory` holds exactly what the list says of `artifact`. */
export function verifyArtifact(directory: string, artifact: Artifact): void {
  const path = posix.join(directory, artifact.fileName);
  const hint =
    "Try again; if it stays, your Maven mirror or local repository (~/.m2) holds a damaged or replaced file: delete it there.";
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    if (systemCode(cause) !== "ENOENT") throw cause;
    throw new FaultlineError("artifact-corrupt", `${artifact.fileName} was not delivered`, { hint, cause });
  }
  const found = createHash("sha256").update(bytes).digest("hex");
  if (found === artifact.sha256) return;
  throw new FaultlineError("artifact-corrupt", `${artifact.fileName} has the wrong SHA-256`, {
    hint,
    context: { expected: artifact.sha256, found, repositoryPath: artifact.repositoryPath },
  });
}
