/** How the page stands to the API. */
export type Link = "connecting" | "live" | "polling" | "paused" | "lost";

export interface LinkFacts {
  paused: boolean;
  /** Whether the last question to the API failed. */
  failing: boolean;
  /** When the API last confirmed what is shown, ms; undefined before the first answer. */
  confirmedAt: number | undefined;
  streamOpen: boolean;
}

export function linkOf(facts: LinkFacts): Link {
  if (facts.paused) return "paused";
  if (facts.failing) return "lost";
  if (facts.confirmedAt === undefined) return "connecting";
  return facts.streamOpen ? "live" : "polling";
}

/** Milliseconds between refreshes: data costs money on a phone that says so. */
export function spacingOf(saveData: boolean): number {
  return saveData ? 60_000 : 500;
}
