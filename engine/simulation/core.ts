import type { Universe } from "./universe.ts";

/** The one core of a simulated process, in virtual time: what work costs, until when it is busy, when the process stands still. */
export class Core {
  readonly #universe: Universe;
  readonly #name: string;
  /** Costs are multiplied by this. */
  readonly #slowness: number;
  #spentUs = 0;
  #freeFromUs = 0;
  #nextPauseUs: number;

  constructor(universe: Universe, name: string) {
    this.#universe = universe;
    this.#name = name;
    const { cpu, pauses } = universe.conditions;
    this.#slowness = cpu === null ? 0 : universe.drawn(cpu.slownessPercent) / 100;
    this.#nextPauseUs = pauses === null ? Number.POSITIVE_INFINITY : universe.nowUs + universe.drawn(pauses.everyUs);
  }

  /** Worked in the present callback so far, µs. */
  get spentUs(): number {
    return this.#spentUs;
  }

  /** When it can do something else. */
  get freeFromUs(): number {
    return this.#freeFromUs;
  }

  /** false: busy, or the process stands still. */
  isFree(): boolean {
    const { nowUs } = this.#universe;
    if (nowUs >= this.#nextPauseUs) this.#pause(nowUs);
    return this.#freeFromUs <= nowUs;
  }

  /** A callback begins. */
  begin(): void {
    const { cpu } = this.#universe.conditions;
    this.#spentUs = cpu === null ? 0 : Math.ceil(this.#universe.drawn(cpu.turnUs) * this.#slowness);
  }

  /** The callback has worked for `ns` on a process of usual speed; half to one and a half times as long on this one, times its slowness. */
  work(ns: number): void {
    this.#spentUs += Math.round((ns * this.#slowness * (0.5 + this.#universe.random.unit())) / 1000);
  }

  /** The callback has ended: the core is free once what it spent has passed. */
  end(): void {
    this.#freeFromUs = Math.max(this.#freeFromUs, this.#universe.nowUs + this.#spentUs);
    this.#spentUs = 0;
  }

  /** The process stands still for so long, from now or from the end of what it does. */
  standStill(lengthUs: number): void {
    this.#freeFromUs = Math.max(this.#freeFromUs, this.#universe.nowUs) + lengthUs;
  }

  #pause(nowUs: number): void {
    const { situations, trace, conditions } = this.#universe;
    const { pauses } = conditions;
    if (pauses === null) return;
    const lengthUs = this.#universe.drawn(pauses.lengthUs);
    this.standStill(lengthUs);
    this.#nextPauseUs = this.#freeFromUs + this.#universe.drawn(pauses.everyUs);
    situations.meet("pause");
    trace.tell(nowUs, `${this.#name} stands still for ${lengthUs} µs`, true);
  }
}
