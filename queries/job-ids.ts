/** Id of the source of every query's job. */
export const SOURCE_ID = "events";
/** Id of the sink of every query's job. */
export const SINK_ID = "results";
