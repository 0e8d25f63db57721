// AssemblyScript. What the compiled module gives to kernel.ts. `node scripts/kernel.ts` compiles it.
export { encode } from "./encode";
export { parse } from "./parse";
