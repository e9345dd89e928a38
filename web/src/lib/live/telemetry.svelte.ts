import { SvelteMap } from "svelte/reactivity";
import type { MeterTelemetry, Telemetry, TelemetryEvent, TelemetrySums } from "../api/types";

/** Whether `next` may take the place of `known`: an answer asked for before an event must not undo the event. */
function isOlder(next: MeterTelemetry, known: MeterTelemetry | undefined): boolean {
  return (next.arrived_at ?? 0) < (known?.arrived_at ?? 0);
}

/** The newest state of every meter: one full answer, then what the stream says changed. */
export class LiveTelemetry {
  /** Community time of the newest word, unix seconds. */
  now = $state<number>();
  community = $state.raw<TelemetrySums>();
  readonly states = new SvelteMap<string, MeterTelemetry>();

  /** A full answer. */
  take(answer: Telemetry): void {
    const stale = answer.now < (this.now ?? 0);
    for (const state of answer.items) {
      if (!isOlder(state, this.states.get(state.meter_id))) this.states.set(state.meter_id, state);
    }
    if (stale) return;
    this.now = answer.now;
    this.community = answer.community;
  }

  /** What the stream says. */
  apply(event: TelemetryEvent): void {
    for (const state of event.items) this.states.set(state.meter_id, state);
    this.now = event.now;
    this.community = event.community;
  }
}
