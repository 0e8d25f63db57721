import {
  type BetterCloudEvent,
  type ControlEvent,
  type CustomerEvent,
  GLOBAL_CUSTOMER,
} from "../../generators/bettercloud/model.ts";
import type { ExpectedRow, Oracle } from "../query.ts";
import { compileJsonPath } from "./model/json-path.ts";

/**
 * How long before an event a control must have been due for the result to be required, ms. Within it, and where the control came after
 * the event, a result is allowed and not required: which of the two the job sees first is not fixed.
 */
const CONTROL_BOUND_MS = 2_000;

/** Payloads whose matching with one control is remembered. */
const MAX_REMEMBERED = 100_000;

type Emit = (row: ExpectedRow) => void;

/** Which control holds for an alert, and since when there has been one. */
interface Watch {
  readonly control: ControlEvent;
  readonly sinceMs: number;
  readonly matches: (payload: string) => boolean;
}

/**
 * BetterCloud: per event, alert and way of joining (the customer's own control, or the global one) one result if all the control's rules
 * hold. With all controls before all events this is the exact multiset. Otherwise it is the legal set: rows whose control is younger
 * than the bound, or than the event itself, are `optional`. Of a customer's controls for an alert the first counts, of the global
 * ones the newest. Keeps all events until the last control has come.
 */
export function betterCloudOracle(): Oracle<BetterCloudEvent> {
  /** Customer, or `GLOBAL_CUSTOMER`, to alert to what holds. */
  const watches = new Map<string, Map<string, Watch>>();
  const earlier: CustomerEvent[] = [];
  let controlsFollow = true;

  const onControl = (control: ControlEvent, index: number, emit: Emit) => {
    const { customerId, alertId, createdAt } = control;
    const isGlobal = customerId === GLOBAL_CUSTOMER;
    const ofCustomer = watches.get(customerId) ?? new Map<string, Watch>();
    watches.set(customerId, ofCustomer);
    const before = ofCustomer.get(alertId);
    if (before !== undefined && !isGlobal) return;
    const watch = { control, sinceMs: before?.sinceMs ?? createdAt, matches: matcher(control) };
    ofCustomer.set(alertId, watch);
    if (before !== undefined) return;
    for (const event of earlier) {
      if (!isGlobal && customerId !== event.customerId) continue;
      if (watch.matches(event.payload)) emit({ ...resultOf(event, control, index), optional: true });
    }
  };

  const onCustomerEvent = (event: CustomerEvent, index: number, emit: Emit) => {
    if (controlsFollow) earlier.push(event);
    for (const owner of [event.customerId, GLOBAL_CUSTOMER]) {
      for (const { control, sinceMs, matches } of watches.get(owner)?.values() ?? []) {
        if (!matches(event.payload)) continue;
        const result = resultOf(event, control, index);
        emit(event.ingestedAt - sinceMs > CONTROL_BOUND_MS ? result : { ...result, optional: true });
      }
    }
  };

  return {
    onEvent(input, index, emit) {
      if (input.type === "event") onCustomerEvent(input.event, index, emit);
      else {
        onControl(input.control, index, emit);
        controlsFollow = !input.isLast;
        if (input.isLast) earlier.length = 0;
      }
    },
    onEnd() {},
  };
}

/** All rules hold, by the library (the job has a way of its own for simple paths). Answers are remembered by payload. */
function matcher({ rules }: ControlEvent): (payload: string) => boolean {
  const known = new Map<string, boolean>();
  const found = rules.map(({ path, check, value }) => ({ find: compileJsonPath(path), check, value }));
  return (payload) => {
    let answer = known.get(payload);
    if (answer === undefined) {
      const document: unknown = JSON.parse(payload);
      answer = found.every(({ find, check, value }) => check === "equals" && find(document) === value);
      if (known.size >= MAX_REMEMBERED) known.clear();
      known.set(payload, answer);
    }
    return answer;
  };
}

/** The row, in the order of the query's columns; null where the engine's clock is told. */
function resultOf(event: CustomerEvent, control: ControlEvent, lastInput: number): ExpectedRow {
  return {
    values: [
      event.customerId,
      event.payload,
      event.ingestedAt,
      null,
      JSON.stringify(control.rules),
      control.customerId,
      control.alertId,
      control.alertName,
      control.alertDescription,
      control.threshold,
      control.bootstrapCustomerId,
      control.createdAt,
      null,
      event.sequence ?? null,
    ],
    lastInput,
  };
}
