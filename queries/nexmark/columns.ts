import type { ColumnSpec } from "../query.ts";

const i64 = (name: string): ColumnSpec => ({ name, type: "i64" });
const timestamp = (name: string): ColumnSpec => ({ name, type: "timestamp" });
const decimal = (name: string): ColumnSpec => ({ name, type: "decimal3" });
const text = (name: string): ColumnSpec => ({ name, type: "string" });

/** Column makers, for the definitions of the Nexmark queries. */
export const column = { i64, timestamp, decimal, text };
