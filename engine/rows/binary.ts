export { BinaryRowReader } from "./binary-reader.ts";
export { BinaryRowWriter } from "./binary-writer.ts";
