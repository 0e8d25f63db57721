import assert from "node:assert/strict";
import { test } from "node:test";
import { benchLine, programName } from "../../base/command-line.ts";

test("the program is named as its launcher was called; else a file of the checkout, or a program on the path", () => {
  const told = (name: string) => programName({ FAULTLINE_PROGRAM: name }, "file:///x/base/command-line.ts");
  assert.equal(told("../faultline/bench"), "../faultline/bench");
  assert.equal(told("bench"), "bench");
  assert.equal(told("npx faultline"), "npx faultline");
  assert.equal(told("/my work/bench"), "'/my work/bench'");
  assert.equal(programName({}, "file:///x/base/command-line.ts"), "./bench");
  assert.equal(programName({ FAULTLINE_PROGRAM: "" }, "file:///x/dist/base/command-line.js"), "bench");
});

test("what is filled in is quoted for the shell, and only where it must be", () => {
  const name = programName();
  assert.equal(benchLine`sweep --resume ${"reports/x-1"} --seed ${7}`, `${name} sweep --resume reports/x-1 --seed 7`);
  assert.equal(benchLine`analyze ${"my 'old' runs"}`, `${name} analyze 'my '\\''old'\\'' runs'`);
  assert.equal(benchLine`analyze ${""}`, `${name} analyze ''`);
  assert.equal(benchLine``, name);
});
