import type { RowExpander } from "../../engine/dataflow/api.ts";
import { ControlLists } from "./rules.ts";

const PAYLOAD = 1;
const RECEIVED_AT = 3;
const SEQUENCE = 4;
const CONTROLS = 5;

/** Indexes of the qualifier's output. */
const QUALIFIED = { alertId: 0, customerId: 1, sequence: 5, control: 6 } as const;

/**
 * Qualifier: the payload is parsed once; one row per control all of whose rules hold. A payload that is not JSON satisfies no rule. Rules
 * stay compiled; that is a cache and no state.
 */
export function qualifier(): RowExpander {
  const lists = new ControlLists();
  return (row, out) => {
    const controls = lists.get(row.text(CONTROLS) ?? "[]");
    if (controls.length === 0) return;
    const payload = parsed(row.text(PAYLOAD));
    for (const control of controls) {
      if (!control.matches(payload)) continue;
      out.addRow(row.eventTimeMs);
      out.setText(QUALIFIED.alertId, control.alertId);
      for (let field = 0; field <= RECEIVED_AT; field++) out.copy(QUALIFIED.customerId + field, row, field);
      out.copy(QUALIFIED.sequence, row, SEQUENCE);
      out.setText(QUALIFIED.control, control.text);
    }
  };
}

function parsed(payload: string | null): unknown {
  if (payload === null) return undefined;
  try {
    return JSON.parse(payload);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined; // the documented meaning of a payload that is not JSON
    throw error;
  }
}
