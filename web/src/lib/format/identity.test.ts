import { expect, test } from "vitest";
import { dayStartOf, shortHash, meterName } from "./identity";

test("a hash is shortened with both ends kept", () => {
  expect(shortHash(`0x${"ab".repeat(31)}cd`)).toBe("0xababab…abcd");
  expect(shortHash("0x12")).toBe("0x12");
});

test("a certificate's day starts at midnight UTC", () => {
  expect(dayStartOf(17_014)).toBe(Date.UTC(2016, 7, 1) / 1000);
});

test("a meter without a name is called by its id", () => {
  const meter_id = `0x${"12ab".repeat(16)}`;
  expect(meterName({ name: "Avondale", meter_id })).toBe("Avondale");
  expect(meterName({ name: " ", meter_id })).toBe("0x12ab12…12ab");
});
