#!/usr/bin/env node
/**
 * Launcher of the installed package (`npx faultline …`): runs harness/main.js on the Node that the package pins, where npm has
 * installed one for this platform, else on the Node that runs this file. It must itself run on every Node that package.json names.
 * In a clone `bench` does this, and installs too.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const LEAST_MAJOR = 24;
/** A terminal sends these to the child too, and a second one would force it to end. */
const OF_TERMINALS = ["SIGINT", "SIGHUP"] as const;

/** The pinned Node of this platform; null when there is none. */
function pinnedNode(): string | null {
  try {
    const manifest = createRequire(import.meta.url).resolve(`node-${process.platform}-${process.arch}/package.json`);
    const file = join(dirname(manifest), "bin", "node");
    return existsSync(file) ? file : null;
  } catch {
    return null; // not a dependency for this platform, or left out by npm's --omit=optional
  }
}

/** Runs the program with this terminal and these signals, and ends as it ends. */
function runOn(node: string, program: string): void {
  const child = spawn(node, [...process.execArgv, program, ...process.argv.slice(2)], { stdio: "inherit" });
  const hasTerminal = process.stdin.isTTY === true;
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  for (const name of OF_TERMINALS) process.on(name, () => hasTerminal || child.kill(name));
  child.once("error", (error) => refuse(`cannot start ${node}: ${error.message}`, "Reinstall the package."));
  child.once("exit", (code, signal) => {
    process.exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
  });
}

function refuse(message: string, hint: string): void {
  process.stderr.write(`error[environment]: ${message}\nhint: ${hint}\n`);
  process.exitCode = 3;
}

/** How hints shall name this program: `bench`, or `npx bench` where npm runs it, which leaves it off the path. */
function calledAs(): string {
  const file = basename(process.argv[1] ?? "", ".js");
  const name = file === "" || file === "launcher" ? "bench" : file;
  return process.env.npm_command === "exec" ? `npx ${name}` : name;
}

process.env.FAULTLINE_PROGRAM = calledAs();
const program = fileURLToPath(new URL("./main.js", import.meta.url));
const pinned = pinnedNode();
const major = Number(process.versions.node.split(".")[0]);
if (pinned !== null && pinned !== process.execPath) runOn(pinned, program);
else if (major >= LEAST_MAJOR) await import(program);
else refuse(`Node.js ${process.version} is too old`, `Install Node.js ${LEAST_MAJOR} or newer.`);
