import { stringify } from "yaml";
import type { Random } from "../../../base/random.ts";

/** One hostile config: its bytes, and a key that it holds but no config knows, which therefore must be reported. */
export interface Mutant {
  readonly how: string;
  readonly bytes: Uint8Array;
  readonly strangeKey: string | null;
}

type Tree = Record<string, unknown>;

const HOSTILE_VALUES: readonly unknown[] = [
  null,
  true,
  [],
  {},
  [[[[[]]]]],
  { a: { b: { c: 1 } } },
  -1,
  0,
  -0.5,
  1.5,
  2 ** 31,
  2 ** 53,
  1e308,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  "",
  " ",
  "x".repeat(100_000),
  "NaN/s",
  "1e99s",
  "-5s",
  `${"9".repeat(400)}/s`,
  `${"1s".repeat(200)}`,
  "0/s",
  "10s\u0000",
  "../../etc/passwd",
  "$HOME",
  "\u202eq0",
  "constructor",
  "__proto__",
  new Date(0),
];

const STRANGE_KEYS = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "strange key",
  "strangé",
  "",
  "0",
  "-1",
  "k".repeat(5_000),
  "a\nb",
  "\u0001",
  "<<x",
];

const TEXT_JUNK = [
  "\t",
  "\u0000",
  "\u0007",
  "\u001b[2J",
  ": ",
  "- ",
  "{",
  "]",
  '"',
  "'",
  "&a ",
  "*a",
  "!!js ",
  "? ",
  "#",
  "%",
  "@",
  "`",
  "\r",
  "\ufeff",
  "---\n",
  "...\n",
  "\u2028",
  "|",
  ">-",
  "<<: ",
  "!!set ",
  "!!binary ",
];

/** A mutant of one of the `trees`, by one of the ways below. */
export function mutate(trees: readonly Tree[], random: Random): Mutant {
  const tree = structuredClone(pick(trees, random));
  const ways = [
    renameKey,
    addStrangeKey,
    wrongValue,
    removeKey,
    swapValues,
    duplicateKey,
    textJunk,
    badBytes,
    aliases,
    deep,
    cut,
  ];
  return pick(ways, random)(tree, random);
}

const text = (how: string, source: string, strangeKey: string | null = null): Mutant => ({
  how,
  bytes: Buffer.from(source),
  strangeKey,
});

function renameKey(tree: Tree, random: Random): Mutant {
  const { parent, key } = anyKey(tree, random);
  const at = random.below(key.length);
  const renamed = `${key.slice(0, at)}Q${key.slice(at + (random.below(2) === 0 ? 0 : 1))}`;
  const value = parent[key];
  delete parent[key];
  parent[renamed] = value;
  return text(`renamed ${key} to ${renamed}`, stringify(tree), renamed);
}

function addStrangeKey(tree: Tree, random: Random): Mutant {
  const { parent } = anyKey(tree, random);
  const key = pick(STRANGE_KEYS, random);
  Object.defineProperty(parent, key, { value: pick(HOSTILE_VALUES, random), enumerable: true, configurable: true });
  return text(`added ${key.slice(0, 20)}`, stringify(tree), key);
}

function wrongValue(tree: Tree, random: Random): Mutant {
  const { parent, key } = anyKey(tree, random);
  parent[key] = pick(HOSTILE_VALUES, random);
  return text(`another value of ${key}`, stringify(tree));
}

function removeKey(tree: Tree, random: Random): Mutant {
  const { parent, key } = anyKey(tree, random);
  delete parent[key];
  return text(`without ${key}`, stringify(tree));
}

function swapValues(tree: Tree, random: Random): Mutant {
  const a = anyKey(tree, random);
  const b = anyKey(tree, random);
  const value = structuredClone(a.parent[a.key]);
  a.parent[a.key] = structuredClone(b.parent[b.key]);
  b.parent[b.key] = value;
  return text(`swapped ${a.key} and ${b.key}`, stringify(tree));
}

function duplicateKey(tree: Tree, random: Random): Mutant {
  const lines = stringify(tree).split("\n");
  const at = random.below(lines.length - 1);
  return text("a line twice", [...lines.slice(0, at), lines[at], ...lines.slice(at)].join("\n"));
}

function textJunk(tree: Tree, random: Random): Mutant {
  let source = stringify(tree);
  for (let i = random.below(4); i >= 0; i--) {
    const at = random.below(source.length);
    source = source.slice(0, at) + pick(TEXT_JUNK, random) + source.slice(at + random.below(3));
  }
  return text("junk in the text", source);
}

function badBytes(tree: Tree, random: Random): Mutant {
  const bytes = Buffer.from(stringify(tree));
  for (let i = 0; i < 3; i++) bytes[random.below(bytes.length)] = 0x80 + random.below(0x80);
  return { how: "bytes that are no UTF-8", bytes, strangeKey: null };
}

/** Each level doubles the one before: small text, immense data. */
function aliases(tree: Tree, random: Random): Mutant {
  const levels = 2 + random.below(24);
  const lines = ["a0: &a0 [x, x]"];
  for (let i = 1; i < levels; i++) lines.push(`a${i}: &a${i} [*a${i - 1}, *a${i - 1}]`);
  return text("doubling aliases", `${lines.join("\n")}\n${stringify(tree)}`, "a0: &a0");
}

function deep(tree: Tree, random: Random): Mutant {
  const levels = 10 + random.below(random.below(10) === 0 ? 3_000 : 200);
  const { key } = anyKey(tree, random);
  const [open, close] = random.below(2) === 0 ? ["[", "]"] : ["{a: ", "}"];
  return text(`${levels} levels`, `${key}: ${open.repeat(levels)}1${close.repeat(levels)}\n`);
}

function cut(tree: Tree, random: Random): Mutant {
  const source = stringify(tree);
  return text("cut off", source.slice(0, random.below(source.length)));
}

interface Place {
  readonly parent: Tree;
  readonly key: string;
}

function anyKey(tree: Tree, random: Random): Place {
  const places: Place[] = [];
  const visit = (parent: Tree) => {
    for (const [key, value] of Object.entries(parent)) {
      places.push({ parent, key });
      if (typeof value === "object" && value !== null && !Array.isArray(value)) visit(value as Tree);
    }
  };
  visit(tree);
  return pick(places, random);
}

function pick<T>(items: readonly T[], random: Random): T {
  return items[random.below(items.length)]!;
}
