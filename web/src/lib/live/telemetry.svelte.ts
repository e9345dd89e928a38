import { SvelteMap } from "svelte/reactivity";
import type { MeterTelemetry, Telemetry, TelemetryEvent, TelemetrySums } from "../api/types";

/** A state and when it arrived by this device's clock, ms; null where the API does not know. */
export interface HeardState extends MeterTelemetry {
  heardAt: number | null;
}

/** When it was that something is `seconds` old now, ms of this device's clock: the API's clock may differ from it. */
export function momentOf(seconds: number | null): number | null {
  return seconds === null ? null : Date.now() - seconds * 1_000;
}

function heard(state: MeterTelemetry): HeardState {
  return { ...state, heardAt: momentOf(state.arrived_age_seconds) };
}

/** Whether `next` may take the place of `known`: an answer asked for before an event must not undo the event. */
function isOlder(next: MeterTelemetry, known: MeterTelemetry | undefined): boolean {
  return (next.arrived_at ?? 0) < (known?.arrived_at ?? 0);
}

/** The newest state of every meter: one full answer, then what the stream says changed. */
export class LiveTelemetry {
  /** Community time of the newest word, unix seconds. */
  now = $state<number>();
  community = $state.raw<TelemetrySums>();
  readonly states = new SvelteMap<string, HeardState>();
  /** When the newest state of all arrived, ms of this device's clock. */
  newestHeardAt = $state<number | null>(null);

  /** A full answer. */
  take(answer: Telemetry): void {
    const stale = answer.now < (this.now ?? 0);
    for (const state of answer.items) {
      if (!isOlder(state, this.states.get(state.meter_id))) this.states.set(state.meter_id, heard(state));
    }
    if (stale) return;
    this.now = answer.now;
    this.#sums(answer.community);
  }

  /** What the stream says. */
  apply(event: TelemetryEvent): void {
    for (const state of event.items) this.states.set(state.meter_id, heard(state));
    this.now = event.now;
    this.#sums(event.community);
  }

  #sums(community: TelemetrySums): void {
    this.community = community;
    this.newestHeardAt = momentOf(community.newest_arrived_age_seconds);
  }
}
