import type { HeardState } from "./telemetry.svelte";

/** How a meter's live values stand. `silent`: none ever arrived. */
export type Liveness = "live" | "stale" | "offline" | "silent";

/** Twice what the API calls fresh, as a device that saves data asks once a minute: then nobody says it any more. */
const LIVE_AT_MOST_MS = 120_000;

/** Milliseconds since the state arrived, of real time; undefined where that is not known. */
export function ageOfState(state: HeardState | undefined, wall: number): number | undefined {
  return state === undefined || state.heardAt === null ? undefined : Math.max(0, wall - state.heardAt);
}

export function livenessOf(state: HeardState | undefined, wall: number): Liveness {
  if (state?.online === false) return "offline";
  if (state === undefined || state.time === null) return "silent";
  return state.fresh && (ageOfState(state, wall) ?? 0) < LIVE_AT_MOST_MS ? "live" : "stale";
}
