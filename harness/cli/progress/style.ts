import type { RunState } from "../../sweep/model.ts";

/** Colours, or their absence. */
export interface Style {
  good(text: string): string;
  warn(text: string): string;
  bad(text: string): string;
  dim(text: string): string;
  bold(text: string): string;
}

export function makeStyle(color: boolean): Style {
  const paint = (code: number) => (text: string) => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
  return { good: paint(32), warn: paint(33), bad: paint(31), dim: paint(2), bold: paint(1) };
}

export function paintState(state: RunState, style: Style): string {
  switch (state) {
    case "valid":
      return style.good(state);
    case "invalid":
      return style.warn(state);
    case "failed":
      return style.bad(state);
  }
}
