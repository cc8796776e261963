// How long the beacon endpoint waits for a body that does not come whole.
import { afterEach, expect, it, vi } from "vitest";
import { readBeacon } from "#src/http/read-beacon.ts";

afterEach(() => {
  vi.useRealTimers();
});

it("refuses a beacon that stops half way after 10 s, and cancels its body", async () => {
  vi.useFakeTimers();
  const cancelled = vi.fn<() => void>();
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(new TextEncoder().encode("{"));
    },
    cancel: cancelled,
  });
  const read = readBeacon(new Request("https://edge.test/t/a", { method: "POST", body }));
  await vi.advanceTimersByTimeAsync(10_000);
  await expect(read).resolves.toEqual({ ok: false, error: { reason: "interrupted" } });
  expect(cancelled).toHaveBeenCalledOnce();
});
