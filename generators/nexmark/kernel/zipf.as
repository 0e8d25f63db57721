// AssemblyScript. Ranks by Zipf's law, as zipf.ts explains them; the cumulative shares and the hashed seed come from there.

import { ZIPF_KEYS } from "./layout";

@inline
function mixLane(h: u32, k: u32): u32 {
  const x = rotl<u32>(k * 0xcc9e2d51, 15) * 0x1b873593;
  return rotl<u32>(h ^ x, 13) * 5 + 0xe6546b64;
}

/** hashNumber of base/hash.ts. */
@inline
function hashNumber(value: u64): u32 {
  let x = mixLane(<u32>value, <u32>(value >> 32));
  x = (x ^ (x >> 16)) * 0x85ebca6b;
  x = (x ^ (x >> 13)) * 0xc2b2ae35;
  return x ^ (x >> 16);
}

/** The rank of event `id`: the first whose cumulative share, at `cumulative`, is above the event's hash. */
export function rankOf(id: i64, cumulative: usize, seed: u32): i64 {
  const wanted = <f64>hashNumber(<u64>(hashNumber(<u64>id) ^ seed)) / 4294967296.0;
  let low: usize = 0;
  let high = load<usize>(ZIPF_KEYS) - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (load<f64>(cumulative + (middle << 3)) > wanted) high = middle;
    else low = middle + 1;
  }
  return <i64>low;
}
