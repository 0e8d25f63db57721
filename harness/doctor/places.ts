import type { Place } from "./checks/storage.ts";
import type { CampaignNeeds } from "./needs.ts";

const CACHE_BYTES = 256 * 2 ** 20;
/** Of a small campaign, like configs/smoke.yaml. */
const SMALL_RESULTS_BYTES = 64 * 2 ** 20;
const SMALL_TEMPORARY_BYTES = 768 * 2 ** 20;

export interface PlacesOptions {
  readonly results: string;
  /** null: nothing has to be fetched. */
  readonly cache: string | null;
  readonly temporary: string;
  readonly needs: CampaignNeeds | null;
}

/** The folders that a campaign writes to, with the room that it needs in each. */
export function placesOf({ results, cache, temporary, needs }: PlacesOptions): Place[] {
  const places: Place[] = [
    {
      id: "results",
      title: "results folder",
      path: results,
      needBytes: needs?.resultsBytes ?? SMALL_RESULTS_BYTES,
      instead: "choose another folder with --out",
    },
    {
      id: "temporary",
      title: "temporary folder",
      path: temporary,
      needBytes: needs?.temporaryBytes ?? SMALL_TEMPORARY_BYTES,
      instead: "name another folder in TMPDIR",
    },
  ];
  if (cache !== null) {
    const instead = "name another folder in FAULTLINE_CACHE";
    places.push({ id: "cache", title: "cache", path: cache, needBytes: CACHE_BYTES, instead });
  }
  return places;
}
