/** Hashes, addresses and certificate days as text. */

/** "0x12ab34…9f3e": enough to compare by eye; the whole value stays one press away. */
export function shortHash(hash: string): string {
  return hash.length <= 14 ? hash : `${hash.slice(0, 8)}…${hash.slice(-4)}`;
}

/** What a meter is called; one without a name by the beginning of its id, because an empty link cannot be followed. */
export function meterName(meter: { name: string; meter_id: string }): string {
  return meter.name.trim() || shortHash(meter.meter_id);
}

/** Unix seconds at which a certificate's UTC day starts. */
export function dayStartOf(day: number): number {
  return day * 86_400;
}
