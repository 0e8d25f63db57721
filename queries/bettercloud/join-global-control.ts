import type { BroadcastConnect } from "../../engine/dataflow/api.ts";
import { encodeText } from "../../engine/rows/text.ts";

const CUSTOMER_FIELDS = 5;
const ALERT_ID = 1;
const CONTROL = 3;

/**
 * JoinGlobalControl: a broadcast map from alert to control, the newest wins. Every event goes on with all controls of the map, also when
 * there are none. Controls are kept as JSON text.
 */
export function joinGlobalControl(): BroadcastConnect {
  const controls = new Map<string, string>();
  let list = encodeText("[]");
  const remember = () => {
    list = encodeText(`[${[...controls.values()].join(",")}]`);
  };
  return {
    onRow(event, out) {
      out.addRow(event.eventTimeMs);
      for (let field = 0; field < CUSTOMER_FIELDS; field++) out.copy(field, event, field);
      out.setBytes(CUSTOMER_FIELDS, list, 0, list.length);
    },
    onBroadcast(control) {
      controls.set(control.text(ALERT_ID)!, control.text(CONTROL)!);
      remember();
    },
    snapshot(writer) {
      writer.u32(controls.size);
      for (const [alertId, control] of controls) {
        writer.text(alertId);
        writer.text(control);
      }
    },
    restore(reader) {
      for (let left = reader.u32(); left > 0; left--) {
        const alertId = reader.text();
        controls.set(alertId, reader.text());
      }
      remember();
    },
  };
}
