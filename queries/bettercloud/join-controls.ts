import type { KeyedConnect } from "../../engine/dataflow/api.ts";
import { decodeText, encodeText } from "../../engine/rows/text.ts";

const CUSTOMER_FIELDS = 5;
const ALERT_ID = 1;
const CONTROL = 3;

/**
 * JoinControlAndCustomer: per customer a list of controls, kept as JSON text. A control whose alert is in the list already is ignored. An
 * event goes on with its customer's list unless that is empty. First input: events, second: controls.
 */
export function joinControlAndCustomer(): KeyedConnect {
  return {
    state: { width: 0, byteValues: true },
    onFirst(event, context, out) {
      if (!context.exists) return;
      out.addRow(event.eventTimeMs);
      for (let field = 0; field < CUSTOMER_FIELDS; field++) out.copy(field, event, field);
      out.setBytes(CUSTOMER_FIELDS, context.stateBytes, context.stateStart, context.stateLength);
    },
    onSecond(control, context) {
      const { exists } = context;
      const list = exists ? decodeText(context.stateBytes, context.stateStart, context.stateLength) : "[]";
      const controls = JSON.parse(list) as { readonly alertId: string }[];
      if (controls.some(({ alertId }) => alertId === control.text(ALERT_ID))) return;
      const longer = `${list.slice(0, -1)}${exists ? "," : ""}${control.text(CONTROL)}]`;
      const bytes = encodeText(longer);
      context.setBytes(bytes, 0, bytes.length);
    },
  };
}
