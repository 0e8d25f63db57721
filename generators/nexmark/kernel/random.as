// AssemblyScript. java.util.SplittableRandom (head) and java.util.Random (classic), as splittable-random.ts and java-random.ts explain
// them; 64-bit integers are native here.

import { IS_CLASSIC, RANDOM_STATE, RANDOM_STEP } from "./layout";

const CLASSIC_MULTIPLIER: u64 = 0x5deece66d;
const CLASSIC_INCREMENT: u64 = 0xb;
const MASK_48: u64 = 0xffffffffffff;

@inline
function nextState(): u64 {
  const state = load<u64>(RANDOM_STATE) + load<u64>(RANDOM_STEP);
  store<u64>(RANDOM_STATE, state);
  return state;
}

/** The upper `bits` bits of the next state of classic. */
@inline
function nextClassic(bits: i32): i32 {
  const state = (load<u64>(RANDOM_STATE) * CLASSIC_MULTIPLIER + CLASSIC_INCREMENT) & MASK_48;
  store<u64>(RANDOM_STATE, state);
  return <i32>(state >> <u64>(48 - bits));
}

@inline
function mix32(state: u64): i32 {
  const z = (state ^ (state >> 33)) * 0x62a9d9ed799705f5;
  return <i32>(((z ^ (z >> 28)) * 0xcb24d0a5c88c35b3) >> 32);
}

@inline
function mix64(state: u64): u64 {
  let z = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

/** Classic begins anew for each event. */
export function reseed(id: i64): void {
  store<u64>(RANDOM_STATE, (<u64>id ^ CLASSIC_MULTIPLIER) & MASK_48);
}

/** Uniform over all 32-bit integers. */
@inline
export function nextInt(): i32 {
  return load<i32>(IS_CLASSIC) ? nextClassic(32) : mix32(nextState());
}

/** 31 uniform bits. */
@inline
function next31(): i32 {
  return load<i32>(IS_CLASSIC) ? nextClassic(31) : mix32(nextState()) >>> 1;
}

/** Uniform in 0 .. `bound` − 1. */
@inline
export function below(bound: i32): i32 {
  const last = bound - 1;
  let bits: i32;
  if (load<i32>(IS_CLASSIC)) {
    bits = nextClassic(31);
    if (!(bound & last)) return <i32>((<u64>bound * <u64>bits) >> 31);
  } else {
    const first = mix32(nextState());
    if (!(bound & last)) return first & last;
    bits = first >>> 1;
  }
  let value = <i32>(<u32>bits % <u32>bound);
  while (bits - value + last < 0) {
    bits = next31();
    value = <i32>(<u32>bits % <u32>bound);
  }
  return value;
}

/** Uniform over all 64-bit integers. */
function nextLong(): i64 {
  if (!load<i32>(IS_CLASSIC)) return <i64>mix64(nextState());
  const high = <i64>nextClassic(32);
  return (high << 32) + <i64>nextClassic(32);
}

/** Uniform in [0, 1) with 53 bits. */
@inline
export function nextDouble(): f64 {
  let bits: i64;
  if (load<i32>(IS_CLASSIC)) {
    const high = <i64>nextClassic(26);
    bits = (high << 27) + <i64>nextClassic(27);
  } else bits = <i64>(mix64(nextState()) >> 11);
  return <f64>bits * (1.0 / 9007199254740992.0);
}

/** Nexmark's nextLong(bound): an int while the bound is one. */
@inline
export function longBelow(bound: i64): i64 {
  if (bound < 2147483647) return <i64>below(<i32>bound);
  const remainder = nextLong() % bound;
  return remainder < 0 ? -remainder : remainder;
}
