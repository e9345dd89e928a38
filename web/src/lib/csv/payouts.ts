import type { Payouts } from "../api/types";
import { csvOf } from "./csv";

const HEAD = [
  "from_utc",
  "to_utc",
  "meter_id",
  "name",
  "account",
  "intervals_expected",
  "intervals_known",
  "intervals_spread",
  "generated_wh",
  "exported_wh",
  "imported_wh",
  "contribution_permille",
  "currency",
  "export_price_micro_per_kwh",
  "import_price_micro_per_kwh",
  "potential_payout_micro",
  "import_cost_micro",
  "net_micro",
] as const;

function utc(unix: number): string {
  return new Date(unix * 1000).toISOString().replace(".000Z", "Z");
}

/** One row per meter, in the API's own integers; what is not known is empty and in no sum. */
export function payoutsCsv(payouts: Payouts): string {
  const { tariff } = payouts;
  return csvOf(
    HEAD,
    payouts.meters.map((meter) => [
      utc(payouts.from),
      utc(payouts.to),
      meter.meter_id,
      meter.name,
      meter.account,
      payouts.intervals_expected,
      meter.intervals_known,
      meter.intervals_spread,
      meter.generated_wh,
      meter.export_wh,
      meter.import_wh,
      meter.contribution_permille,
      tariff.currency,
      tariff.export_micro_per_kwh,
      tariff.import_micro_per_kwh,
      meter.payout_micro,
      meter.cost_micro,
      meter.net_micro,
    ]),
  );
}

/** "payouts-2025-11-03T22-00Z.csv", safe on every file system. */
export function payoutsName(payouts: Payouts): string {
  return `payouts-${utc(payouts.from).slice(0, 16).replace(":", "-")}Z.csv`;
}
