type JsonObject = Readonly<Record<string, unknown>>;

/** The member of a record that a column names; a dot leads into nested objects. */
export function valueAt(record: JsonObject, column: string): unknown {
  const [parent, inner] = split(column);
  return inner === null ? record[parent] : (record[parent] as JsonObject | undefined)?.[inner];
}

/** The record with another value in that member. */
export function withValueAt(record: JsonObject, column: string, value: unknown): JsonObject {
  const [parent, inner] = split(column);
  return { ...record, [parent]: inner === null ? value : { ...(record[parent] as JsonObject), [inner]: value } };
}

function split(column: string): readonly [string, string | null] {
  const dot = column.indexOf(".");
  return dot < 0 ? [column, null] : [column.slice(0, dot), column.slice(dot + 1)];
}
