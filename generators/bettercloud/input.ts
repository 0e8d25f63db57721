import type { InputStream } from "../merged-input.ts";
import type { Schedule } from "../schedule/schedule.ts";
import { ControlEvents } from "./controls.ts";
import { CustomerEvents } from "./events.ts";
import type { BetterCloudEvent } from "./model.ts";
import type { BetterCloudOptions } from "./options.ts";
import { controlSchedule, eventSchedule } from "./schedules.ts";

/** Both streams, controls first. `schedule`: when customer events are due; default: at `consumerRate`. */
export function betterCloudInput(
  options: BetterCloudOptions,
  partitions: { readonly events: number; readonly controls: number },
  schedule: Schedule = eventSchedule(options),
): readonly InputStream<BetterCloudEvent>[] {
  return [
    {
      name: "controls",
      dataSet: new ControlEvents({ options, partitions: partitions.controls }),
      schedule: controlSchedule(options),
    },
    {
      name: "events",
      dataSet: new CustomerEvents({ options, partitions: partitions.events, schedule }),
      schedule,
    },
  ];
}
