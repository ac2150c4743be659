/**
 * The simulation as a whole: rooms side by side, one life after another, until the time is over.
 *
 * @module
 */
import { setTimeout as delay } from "node:timers/promises";
import { Failure } from "../../runtime/failure.ts";
import type { Action } from "./action.ts";
import type { Options } from "./options.ts";
import { planRoom } from "./plan.ts";
import { Random } from "./random.ts";
import { type RoomOutcome, RoomRun } from "./room_run.ts";
import { Interrupted, TalkyApi } from "./talky_api.ts";

/** What was done, and so what the service must show. */
export interface Outcome {
  readonly seed: string;
  /** Distinguishes this run's rooms from those of others with the same seed. */
  readonly run: string;
  readonly seconds: number;
  /** Every life of a room, in the order of beginning. */
  readonly rooms: readonly RoomOutcome[];
}

/** How far it is. */
export interface Progress {
  /** Lives of rooms that are over, and that are under way. */
  readonly ended: number;
  readonly live: number;
  /** Clients that are logged in. */
  readonly online: number;
  readonly actions: number;
  readonly seconds: number;
}

/** Who wants to know, and to have a say. */
export interface Control {
  /** When it fires everybody leaves, and the simulation ends early. */
  readonly signal?: AbortSignal;
  /** Told after each action and each room. */
  readonly onProgress?: (progress: Progress) => void;
}

/** The simulation had to be given up. `outcome` is what had been confirmed by then. */
export class SimulationBroken extends Failure {
  override name = "SimulationBroken";
  constructor(message: string, readonly outcome: Outcome) {
    super(message);
  }
}

/**
 * Sends people into rooms, and resolves with what they have caused when all have left. Rejects with
 * {@link SimulationBroken} when the API or Prosody stays away.
 */
export async function simulate(options: Options, control: Control = {}): Promise<Outcome> {
  return await new Simulation(options, control).run();
}

// ---

class Simulation {
  readonly #options: Options;
  readonly #api: TalkyApi;
  readonly #begun = Date.now();
  readonly #run = crypto.randomUUID().slice(0, 8);
  readonly #rooms: RoomRun[] = [];
  readonly #live = new Set<RoomRun>();
  readonly #onProgress: (progress: Progress) => void;
  /** Everybody has to go, at once. */
  readonly #stop: AbortSignal;
  /** Fires with what broke first: the other rooms give up because of it. */
  readonly #broken = new AbortController();
  /** No new rooms, no more pauses. */
  readonly #closing: AbortSignal;
  #actions = 0;

  constructor(options: Options, { signal, onProgress = () => {} }: Control) {
    this.#options = options;
    this.#onProgress = onProgress;
    this.#stop = AbortSignal.any([this.#broken.signal, ...signal ? [signal] : []]);
    this.#api = new TalkyApi(options.url, this.#stop);
    this.#closing = AbortSignal.any([this.#stop, AbortSignal.timeout(options.minutes * 60_000)]);
  }

  async run(): Promise<Outcome> {
    await Promise.allSettled(Array.from({ length: this.#options.rooms }, (_, lane) => this.#lane(lane)));
    const { aborted, reason } = this.#broken.signal;
    if (!aborted) return this.#outcome();
    throw reason instanceof Failure ? new SimulationBroken(reason.message, this.#outcome()) : reason;
  }

  /** One room after another. */
  async #lane(lane: number): Promise<void> {
    const { seed } = this.#options;
    let life = 0;
    do {
      const random = new Random(`${seed}/${lane}/${life}`);
      const room = new RoomRun(this.#api, `${seed.toLowerCase()} ${this.#run} · ${lane}/${life} 🎬`);
      this.#rooms.push(room);
      this.#live.add(room);
      try {
        await this.#play(room, random);
      } catch (error) {
        this.#broken.abort(error);
        throw error;
      } finally {
        await room.close();
        this.#live.delete(room);
        this.#report();
      }
      life++;
    } while (!this.#closing.aborted);
  }

  async #play(room: RoomRun, random: Random): Promise<void> {
    try {
      for (const action of planRoom(random, this.#options.people)) {
        if (this.#stop.aborted) break;
        await this.#perform(room, action);
        await this.#pause(random);
      }
    } catch (error) {
      if (!(error instanceof Interrupted)) throw error;
    }
    // Only those who were interrupted are still there.
    for (const who of room.present) await this.#perform(room, { do: "go", who, way: "leave" });
  }

  async #perform(room: RoomRun, action: Action): Promise<void> {
    await room.perform(action);
    this.#actions++;
    this.#report();
  }

  /** As long as a person takes: the pace on average. */
  async #pause(random: Random): Promise<void> {
    const pause = this.#options.pace * 2 * random.next();
    if (pause === 0 || this.#closing.aborted) return;
    await delay(pause, undefined, { signal: this.#closing }).catch(() => {});
  }

  #report(): void {
    this.#onProgress({
      ended: this.#rooms.length - this.#live.size,
      live: this.#live.size,
      online: [...this.#live].reduce((sum, room) => sum + room.online, 0),
      actions: this.#actions,
      seconds: this.#seconds,
    });
  }

  #outcome(): Outcome {
    return {
      seed: this.#options.seed,
      run: this.#run,
      seconds: this.#seconds,
      rooms: this.#rooms.map((room) => room.outcome).filter(({ id }) => id !== undefined),
    };
  }

  get #seconds(): number {
    return (Date.now() - this.#begun) / 1000;
  }
}
