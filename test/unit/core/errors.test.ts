// The error type holds across copies of its own file.
import { expect, it, vi } from 'vitest';
import { AttuneError, toAttuneError } from '@/core/errors';

it('made by another copy of the file is recognised, with its code', async () => {
  vi.resetModules();
  const other = await import('@/core/errors');
  expect(other.AttuneError).not.toBe(AttuneError);
  const error = new other.AttuneError('OVERLOADED', 'The engine is full.', { retryAfterSeconds: 3 });
  expect(error instanceof AttuneError).toBe(true);
  expect(toAttuneError(error)).toBe(error);
});

it.each([new Error('broken'), new TypeError('x'), 'text', null, { name: 'AttuneError' }])(
  'is not what %s is, which becomes INTERNAL with its cause',
  (thrown) => {
    expect(thrown instanceof AttuneError).toBe(false);
    expect(toAttuneError(thrown)).toMatchObject({ code: 'INTERNAL', cause: thrown });
  },
);
