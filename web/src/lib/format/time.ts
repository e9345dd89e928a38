/** Times as text, in the community's zone, 24 hours. Names of days and months come from the catalogue. */

export interface ZonedTime {
  year: number;
  month: number;
  day: number;
  /** 0 is Sunday. */
  weekday: number;
  hour: number;
  minute: number;
  second: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    formats.set(zone, format);
  }
  return format;
}

/** Whether this browser knows the zone. */
export function isZone(zone: string): boolean {
  try {
    formatOf(zone);
    return true;
  } catch {
    return false;
  }
}

/** The zone itself where this browser knows it, else UTC. */
export function knownZone(zone: string): string {
  return isZone(zone) ? zone : "UTC";
}

export function zoned(unix: number, zone: string): ZonedTime {
  const parts = new Map(
    formatOf(zone)
      .formatToParts(unix * 1000)
      .map((part) => [part.type, Number(part.value)]),
  );
  const year = parts.get("year") ?? 0;
  const month = parts.get("month") ?? 1;
  const day = parts.get("day") ?? 1;
  return {
    year,
    month,
    day,
    weekday: new Date(Date.UTC(year, month - 1, day)).getUTCDay(),
    hour: parts.get("hour") ?? 0,
    minute: parts.get("minute") ?? 0,
    second: parts.get("second") ?? 0,
  };
}

/** Unix seconds of the local midnight that begins the day `days` before the day of `unix`. */
export function midnightBefore(unix: number, days: number, zone: string): number {
  const { year, month, day } = zoned(unix, zone);
  const utc = Date.UTC(year, month - 1, day - days) / 1000;
  // What the clock on the wall shows at a guess says how far off the guess is; the second look is for a change of the
  // clock between the two.
  let midnight = utc;
  for (let look = 0; look < 2; look++) {
    const wall = zoned(midnight, zone);
    const shown = Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute, wall.second) / 1000;
    midnight += utc - shown;
  }
  return midnight;
}

const two = (value: number): string => String(value).padStart(2, "0");

/** "14:05"; with seconds only where a time does not fall on a minute. */
export function clockText(time: ZonedTime): string {
  const seconds = time.second === 0 ? "" : `:${two(time.second)}`;
  return `${two(time.hour)}:${two(time.minute)}${seconds}`;
}

export type AgeUnit = "second" | "minute" | "hour" | "day";

/** The largest unit that fits, cut off: 119 s is one minute. */
export function ageOf(ms: number): { count: number; unit: AgeUnit } {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return { count: seconds, unit: "second" };
  if (seconds < 3_600) return { count: Math.floor(seconds / 60), unit: "minute" };
  if (seconds < 86_400) return { count: Math.floor(seconds / 3_600), unit: "hour" };
  return { count: Math.floor(seconds / 86_400), unit: "day" };
}
