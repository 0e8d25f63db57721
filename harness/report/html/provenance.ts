import { html, type Markup } from "./markup.ts";

/** What of the manifest says where the numbers come from. Unknown facts are left out. */
export function provenanceSection(manifest: unknown): Markup {
  const { provenance, ...rest } = asRecord(manifest);
  const shown = ["name", "sweepId", "createdAt", "configFile", "configHash", "seed", "overrides"];
  const facts = [
    ...shown.flatMap((key): [string, unknown][] => (rest[key] === undefined ? [] : [[key, rest[key]]])),
    ...Object.entries(asRecord(provenance)),
  ];
  const config = typeof rest.configText === "string" ? rest.configText : null;
  return html`<h2 id="provenance">Provenance</h2>
<dl>${facts.map(([key, value]) => html`<dt>${words(key)}</dt><dd>${plain(value)}</dd>`)}</dl>
${config === null ? null : html`<details><summary>Config as written</summary><div><pre class="scroll mono">${config}</pre></div></details>`}`;
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

/** `cpuModel` → `cpu model`. */
function words(key: string): string {
  return key.replace(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase();
}

function plain(value: unknown): string {
  if (value === null) return "unknown";
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(plain).join(", ");
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
