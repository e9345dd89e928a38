import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { BlockEvent } from "../api/types";
import { linkOf, spacingOf } from "./link";
import { Refresher, type Scope } from "./refresher";
import { backOff, EventStream, type Source } from "./stream";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const clock = (): number => Date.now();

describe("refresher", () => {
  test("a burst of events costs one load, and the last one is not lost", async () => {
    const loads: Scope[] = [];
    const refresher = new Refresher(
      async (scope) => void loads.push(scope),
      () => 500,
      clock,
    );
    refresher.request("all");
    for (let each = 0; each < 50; each++) refresher.request("head");
    expect(loads).toEqual(["all"]);
    await vi.advanceTimersByTimeAsync(499);
    expect(loads).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(loads).toEqual(["all", "head"]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(loads).toHaveLength(2);
  });

  test("the widest scope asked for wins", async () => {
    const loads: Scope[] = [];
    const refresher = new Refresher(
      async (scope) => void loads.push(scope),
      () => 500,
      clock,
    );
    refresher.request("head");
    refresher.request("head");
    refresher.request("all");
    refresher.request("head");
    await vi.advanceTimersByTimeAsync(500);
    expect(loads).toEqual(["head", "all"]);
  });

  test("a slow server is asked less often", async () => {
    let loads = 0;
    const refresher = new Refresher(
      async () => {
        loads += 1;
        await new Promise((resolve) => setTimeout(resolve, 2_000));
      },
      () => 500,
      clock,
    );
    refresher.request("all");
    refresher.request("all");
    await vi.advanceTimersByTimeAsync(2_000 + 5_999);
    expect(loads).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(loads).toBe(2);
  });

  test("a load that took very long does not put off the next one for ever", async () => {
    let loads = 0;
    const refresher = new Refresher(
      async () => {
        loads += 1;
        await new Promise((resolve) => setTimeout(resolve, 20_000));
      },
      () => 500,
      clock,
    );
    refresher.request("all");
    refresher.request("all");
    await vi.advanceTimersByTimeAsync(20_000 + 10_000);
    expect(loads).toBe(2);
  });

  test("what a person asked for does not wait for the spacing, even if a load is under way", async () => {
    let loads = 0;
    const refresher = new Refresher(
      async () => {
        loads += 1;
        await new Promise((resolve) => setTimeout(resolve, 100));
      },
      () => 60_000,
      clock,
    );
    refresher.request("all");
    refresher.hurry("all");
    await vi.advanceTimersByTimeAsync(100);
    expect(loads).toBe(2);
    await vi.advanceTimersByTimeAsync(200);
    refresher.hurry("all");
    expect(loads).toBe(3);
  });

  test("nothing runs after a stop", async () => {
    let loads = 0;
    const refresher = new Refresher(
      async () => void (loads += 1),
      () => 500,
      clock,
    );
    refresher.request("all");
    refresher.request("all");
    refresher.stop();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(loads).toBe(1);
  });
});

/** Stands where the browser's EventSource stands. */
class Wire implements Source {
  static all: Wire[] = [];
  closed = false;
  #listeners = new Map<string, (event: MessageEvent<string>) => void>();
  constructor() {
    Wire.all.push(this);
  }
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void {
    this.#listeners.set(type, listener);
  }
  close(): void {
    this.closed = true;
  }
  send(type: string, data = ""): void {
    this.#listeners.get(type)?.(new MessageEvent(type, { data }));
  }
}

describe("event stream", () => {
  const said: string[] = [];
  const blocks: BlockEvent[] = [];
  const stream = (): EventStream =>
    new EventStream(
      {
        opened: () => said.push("opened"),
        block: (event) => blocks.push(event),
        telemetry: (event) => said.push(`telemetry ${event.now}`),
        lost: () => said.push("lost"),
      },
      () => new Wire(),
      () => 1,
    );

  beforeEach(() => {
    said.length = 0;
    blocks.length = 0;
    Wire.all = [];
  });

  test("tells of blocks and live values, and a broken line does not stop it", () => {
    const one = stream();
    one.start();
    Wire.all[0]?.send("hello");
    Wire.all[0]?.send("block", "{");
    Wire.all[0]?.send("block", '{"block_number":7,"timestamp":900}');
    Wire.all[0]?.send("telemetry", '{"now":901,"items":[]}');
    expect(said).toEqual(["opened", "telemetry 901"]);
    expect(blocks).toEqual([{ block_number: 7, timestamp: 900 }]);
    one.stop();
  });

  test("comes back by itself, waiting longer each time, and starts over once it was open", async () => {
    const one = stream();
    one.start();
    for (const wait of [1_000, 2_000, 4_000]) {
      const before = Wire.all.length;
      Wire.all.at(-1)?.send("error");
      expect(Wire.all.at(-1)?.closed).toBe(true);
      await vi.advanceTimersByTimeAsync(wait - 1);
      expect(Wire.all).toHaveLength(before);
      await vi.advanceTimersByTimeAsync(1);
      expect(Wire.all).toHaveLength(before + 1);
    }
    Wire.all.at(-1)?.send("hello");
    const before = Wire.all.length;
    Wire.all.at(-1)?.send("error");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(Wire.all).toHaveLength(before + 1);
    expect(said.filter((each) => each === "lost")).toHaveLength(4);
    one.stop();
  });

  test("a stopped stream stays stopped, whatever its old connection still says", async () => {
    const one = stream();
    one.start();
    const wire = Wire.all[0];
    one.stop();
    wire?.send("hello");
    wire?.send("error");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(said).toEqual([]);
    expect(Wire.all).toHaveLength(1);
  });

  test("waits are bounded and spread", () => {
    expect(backOff(1, () => 0)).toBe(500);
    expect(backOff(1, () => 1)).toBe(1_000);
    expect(backOff(50, () => 1)).toBe(30_000);
  });
});

describe("link", () => {
  const facts = { paused: false, failing: false, confirmedAt: 1, streamOpen: true };

  test("is live only with an open stream and an answering API", () => {
    expect(linkOf(facts)).toBe("live");
    expect(linkOf({ ...facts, streamOpen: false })).toBe("polling");
    expect(linkOf({ ...facts, failing: true })).toBe("lost");
    expect(linkOf({ ...facts, confirmedAt: undefined })).toBe("connecting");
    expect(linkOf({ ...facts, confirmedAt: undefined, failing: true })).toBe("lost");
    expect(linkOf({ ...facts, paused: true, failing: true })).toBe("paused");
  });

  test("who saves data is refreshed once a minute", () => {
    expect(spacingOf(true)).toBe(60_000);
    expect(spacingOf(false)).toBe(500);
  });
});
