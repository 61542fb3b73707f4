// One person may hold at most as much of the queue as is left free, so that there is always a place for the next.
import { expect, it } from 'vitest';
import { refuseQueue } from '@/server/services/limits';

const CAPACITY = 80;
const isTaken = (mine: number, all: number, more: number) => {
  try {
    refuseQueue(mine, all, more, CAPACITY);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'OVERLOADED', retryAfterSeconds: 2 });
    return false;
  }
};

it('each person may take half of what is free', () => {
  const shares: number[] = [];
  for (let all = 0; shares.length < 4; ) {
    let mine = 0;
    while (isTaken(mine, all, 1)) {
      mine++;
      all++;
    }
    shares.push(mine);
  }
  // x = 80 - x, y = 40 - y, z = 20 - z, and for the last person w = 10 - w.
  expect(shares).toEqual([40, 20, 10, 5]);
});

it('a first turn, even with two answers to compare, is accepted as long as it fits', () => {
  expect([isTaken(0, 78, 2), isTaken(0, 79, 2), isTaken(0, 79, 1), isTaken(0, 80, 1)]).toEqual([
    true,
    false,
    true,
    false,
  ]);
  expect([isTaken(0, 72, 4), isTaken(0, 73, 4)]).toEqual([true, false]);
});
