// Work that takes turns: at most so much at once, in order, also after a failure.
import { expect, it } from 'vitest';
import { turns } from '@/core/process/turns';

it('at most so many run at once, in the order in which they came, and a failure gives its place on', async () => {
  const inTurn = turns(2);
  const begun: number[] = [];
  let running = 0;
  let most = 0;
  const results = await Promise.allSettled(
    Array.from({ length: 9 }, (_, i) =>
      inTurn(async () => {
        begun.push(i);
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, i % 3));
        running--;
        if (i % 2 === 0) throw new Error(`${i}`);
        return i;
      }),
    ),
  );
  expect(most).toBe(2);
  expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  expect(results.map(({ status }) => status === 'fulfilled')).toEqual(begun.map((i) => i % 2 === 1));
});
