/**
 * The people under the chaos: simulations side by side, a new one when one has ended or broken, and the
 * truth of all of them.
 *
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import type { RoomOutcome } from "../simulate/room_run.ts";
import { simulate, SimulationBroken } from "../simulate/simulation.ts";

/** What was done in one life of a room. */
export interface Told extends RoomOutcome {
  /** Why it was given up, when it was: then more may have happened than was confirmed. */
  readonly broken: string | undefined;
}

/** How many, and where. */
export interface CrowdOptions {
  /** Rooms side by side. */
  readonly rooms: number;
  /** People in each. */
  readonly people: number;
  readonly seed: string;
  /** Where instances of the API are; the rooms are spread over them. */
  readonly urls: readonly string[];
}

/** People who go on until they are told to go home. */
export class Crowd {
  /** Every life of a room that is over. */
  readonly told: Told[] = [];
  readonly #options: CrowdOptions;
  readonly #home = new AbortController();
  readonly #lanes: Promise<unknown>;
  #actions = 0;

  constructor(options: CrowdOptions) {
    this.#options = options;
    this.#lanes = Promise.all(Array.from({ length: options.rooms }, (_, lane) => this.#lane(lane)));
  }

  /** What they have done so far, in actions. */
  get actions(): number {
    return this.#actions;
  }

  /** Everybody leaves; resolves when they have. */
  async goHome(): Promise<void> {
    this.#home.abort();
    await this.#lanes;
  }

  async #lane(lane: number): Promise<void> {
    const { urls, seed } = this.#options;
    for (let life = 0; !this.#home.signal.aborted; life++) {
      const url = urls[(lane + life) % urls.length]!;
      const broken = await this.#live(url, `${seed}-${lane}-${life}`);
      if (broken) await delay(500, undefined, { signal: this.#home.signal }).catch(() => {});
    }
  }

  /** One life of a room; returns whether it broke. */
  async #live(url: string, seed: string): Promise<boolean> {
    const options = { rooms: 1, people: this.#options.people, minutes: 0, pace: 0, seed, url };
    let before = 0;
    const onProgress = ({ actions }: { actions: number }) => {
      this.#actions += actions - before;
      before = actions;
    };
    try {
      const { rooms } = await simulate(options, { signal: this.#home.signal, onProgress });
      this.told.push(...rooms.map((room) => ({ ...room, broken: undefined })));
      return false;
    } catch (error) {
      if (!(error instanceof SimulationBroken)) throw error;
      this.told.push(...error.outcome.rooms.map((room) => ({ ...room, broken: error.message })));
      return true;
    }
  }
}
