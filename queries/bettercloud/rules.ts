import type { ControlEvent, ControlRule } from "../../generators/bettercloud/model.ts";
import { compileJsonPath } from "./model/json-path.ts";

/** A control with its rules compiled. */
export interface CompiledControl {
  readonly alertId: string;
  /** The control as it came, JSON text. */
  readonly text: string;
  /** Do all rules hold, in order, stopping at the first that does not? `payload` is parsed JSON, or undefined. */
  readonly matches: (payload: unknown) => boolean;
}

/** Paths like `$.a.b`, which need no library. */
const PLAIN_PATH = /^\$(?:\.[A-Za-z_][A-Za-z0-9_]*)+$/;

/**
 * Compiles a control. The one check is `equals`: the path leads to a string equal to the rule's value; a path that leads nowhere, or to
 * several places, makes the rule false, and so does a check that is not known. `job-invalid` for what is no JSONPath.
 */
export function compileControl(text: string, control: ControlEvent): CompiledControl {
  const rules = control.rules.map(compileRule);
  return { alertId: control.alertId, text, matches: (payload) => rules.every((rule) => rule(payload)) };
}

function compileRule({ path, check, value }: ControlRule): (payload: unknown) => boolean {
  if (check !== "equals") return () => false;
  const find = PLAIN_PATH.test(path) ? plainPath(path) : compileJsonPath(path);
  return (payload) => find(payload) === value;
}

function plainPath(path: string): (payload: unknown) => unknown {
  const names = path.split(".").slice(1);
  return (payload) => {
    let value = payload;
    for (const name of names) {
      if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
      value = (value as Readonly<Record<string, unknown>>)[name];
    }
    return value;
  };
}

/** Lists of controls whose rules stay compiled; one more forgets them all. */
const MAX_LISTS = 10_000;

/** Compiles lists of controls, given as JSON text, once each. */
export class ControlLists {
  readonly #lists = new Map<string, readonly CompiledControl[]>();

  get(text: string): readonly CompiledControl[] {
    const known = this.#lists.get(text);
    if (known !== undefined) return known;
    const controls = JSON.parse(text) as readonly ControlEvent[];
    const compiled = controls.map((control) => compileControl(JSON.stringify(control), control));
    if (this.#lists.size >= MAX_LISTS) this.#lists.clear();
    this.#lists.set(text, compiled);
    return compiled;
  }
}
