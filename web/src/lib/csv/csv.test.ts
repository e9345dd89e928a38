import { expect, test } from "vitest";
import { csvOf } from "./csv";
import { payoutsCsv, payoutsName } from "./payouts";

test("cells are quoted only where they must be; unknown is empty", () => {
  expect(
    csvOf(
      ["a", "b"],
      [
        ["x", null],
        ['say "hi", you', -5],
      ],
    ),
  ).toBe('a,b\r\nx,\r\n"say ""hi"", you",-5\r\n');
});

test.each(["=1+1", "+1", "-1", "@sum", "\tx"])("a name like %j is no formula", (name) => {
  expect(
    csvOf(["n"], [[name]])
      .split("\r\n")[1]
      ?.replace(/^"/, "")[0],
  ).toBe("'");
});

test("payouts come with the API's integers", () => {
  const meter = {
    meter_id: "0xb9",
    name: "Avondale",
    account: "0x2b",
    intervals_known: 20,
    intervals_spread: 4,
    generated_wh: 17_426,
    export_wh: 10_716,
    import_wh: null,
    contribution_permille: 105,
    payout_micro: 857_280,
    payout_remainder: 0,
    cost_micro: null,
    cost_remainder: null,
    net_micro: null,
  };
  const payouts = {
    from: 1_762_207_200,
    to: 1_762_293_600,
    intervals: 24,
    intervals_missing: 0,
    intervals_expected: 24,
    intervals_known: 24,
    tariff: { currency: "USD", export_micro_per_kwh: 80_000, import_micro_per_kwh: 160_000 },
    community: { ...meter, meters: 1 },
    accounts: [],
    meters: [meter],
  };
  expect(payoutsCsv(payouts).split("\r\n")[1]).toBe(
    "2025-11-03T22:00:00Z,2025-11-04T22:00:00Z,0xb9,Avondale,0x2b,24,20,4,17426,10716,,105,USD,80000,160000,857280,,",
  );
  const silent = { ...meter, intervals_known: 0, intervals_spread: 0, generated_wh: null, export_wh: null };
  const nothing = { ...silent, contribution_permille: null, payout_micro: null };
  expect(payoutsCsv({ ...payouts, meters: [nothing] }).split("\r\n")[1]).toBe(
    "2025-11-03T22:00:00Z,2025-11-04T22:00:00Z,0xb9,Avondale,0x2b,24,0,0,,,,,USD,80000,160000,,,",
  );
  expect(payoutsName(payouts)).toBe("payouts-2025-11-03T22-00Z.csv");
});
