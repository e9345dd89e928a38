/** Hashes, addresses and certificate days as text. */

/** "0x12ab34…9f3e": enough to compare by eye; the whole value stays one press away. */
export function shortHash(hash: string): string {
  return hash.length <= 14 ? hash : `${hash.slice(0, 8)}…${hash.slice(-4)}`;
}

const UNKNOWN_DAY = 0xffffffff;

/** Unix seconds at which the certificate's UTC day starts; null where the day could not be proved. */
export function dayStartOf(day: number | string | null): number | null {
  if (day === null || day === UNKNOWN_DAY) return null;
  if (typeof day === "number") return day * 86_400;
  const ms = Date.parse(`${day}T00:00:00Z`);
  return Number.isNaN(ms) ? null : ms / 1000;
}
