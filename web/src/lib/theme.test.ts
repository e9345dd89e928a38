import { expect, test } from "vitest";
import { keptOf, opposite } from "./theme.svelte";

test("the button shows the other colours", () => {
  expect(opposite("light")).toBe("dark");
  expect(opposite("dark")).toBe("light");
});

test("choosing what the system says is no choice: the page follows the system again", () => {
  expect(keptOf("dark", "light")).toBe("dark");
  expect(keptOf("light", "dark")).toBe("light");
  expect(keptOf("dark", "dark")).toBeNull();
});
