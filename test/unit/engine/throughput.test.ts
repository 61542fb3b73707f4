// The throughput is tokens per second of computing time, over the last ten seconds.
import { expect, it } from 'vitest';
import { Throughput } from '@/engine/runner/throughput';

it('counts only computing time, and forgets what is older than ten seconds', () => {
  let now = 0;
  const throughput = new Throughput(() => now);
  expect(throughput.tokensPerSecond()).toBe(0);
  throughput.record(50, 1000);
  now = 8000;
  throughput.record(100, 500); // (50 + 100) tokens in 1.5 s
  expect(throughput.tokensPerSecond()).toBeCloseTo(100);
  now = 12_000; // the first record is gone: 100 tokens in 0.5 s
  expect(throughput.tokensPerSecond()).toBeCloseTo(200);
  now = 30_000;
  expect(throughput.tokensPerSecond()).toBe(0);
});
