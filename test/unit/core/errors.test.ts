// The error type is recognised across copies of its own module.
import { expect, it, vi } from 'vitest';
import { AttuneError, toAttuneError } from '@/core/errors';

it('an error made by another copy of the module is recognised, with its code', async () => {
  vi.resetModules();
  const other = await import('@/core/errors');
  expect(other.AttuneError).not.toBe(AttuneError);
  const error = new other.AttuneError('OVERLOADED', 'The engine is full.', { retryAfterSeconds: 3 });
  expect(error instanceof AttuneError).toBe(true);
  expect(toAttuneError(error)).toBe(error);
});

it.each([new Error('broken'), new TypeError('x'), 'text', null, { name: 'AttuneError' }])(
  '%s is not recognised as one, and becomes INTERNAL with its cause',
  (thrown) => {
    expect(thrown instanceof AttuneError).toBe(false);
    expect(toAttuneError(thrown)).toMatchObject({ code: 'INTERNAL', cause: thrown });
  },
);
