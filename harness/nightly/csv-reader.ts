/** Fields of every line of a CSV text (RFC 4180: commas, fields in double quotes where needed, quotes doubled). Empty lines are left out. */
export function parseCsv(text: string): string[][] {
  const lines: string[][] = [];
  let fields: string[] = [];
  let field = "";
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!;
    if (isQuoted) {
      if (character !== '"') field += character;
      else if (text[i + 1] === '"') field += text[++i];
      else isQuoted = false;
    } else if (character === '"') isQuoted = true;
    else if (character === ",") {
      fields.push(field);
      field = "";
    } else if (character === "\n") {
      fields.push(field);
      if (fields.length > 1 || field !== "") lines.push(fields);
      [fields, field] = [[], ""];
    } else if (character !== "\r") field += character;
  }
  if (field !== "" || fields.length > 0) lines.push([...fields, field]);
  return lines;
}
