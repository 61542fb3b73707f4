// The engine's settings come from the environment and are passed on to a child's environment.
import { expect, it } from 'vitest';
import { engineEnvironment, readEngineEnv } from '@/engine/env';

it('reads back what it writes for a child, with defaults for what is not set', () => {
  const paths = { modelPath: '/m', artifacts: '/a', cache: '/c', socketPath: '/s' };
  const env = readEngineEnv(
    engineEnvironment({ ...paths, precision: 'fp32', threads: 3, spinning: false, maxRows: 2 }),
  );
  expect(env).toMatchObject({
    ATTUNE_MODEL: '/m',
    ATTUNE_ENGINE_SOCKET: '/s',
    ATTUNE_ENGINE_PRECISION: 'fp32',
    ATTUNE_ENGINE_THREADS: 3,
    ATTUNE_ENGINE_SPINNING: false,
    ATTUNE_ENGINE_SPECULATES: true,
    ATTUNE_ENGINE_ROWS: 2,
    ATTUNE_ENGINE_QUEUE: 64,
  });
});

it('names the variable at fault', () => {
  expect(() => readEngineEnv({})).toThrow(/ATTUNE_MODEL/);
  const paths = { ATTUNE_MODEL: 'm', ATTUNE_ARTIFACTS: 'a', ATTUNE_CACHE: 'c', ATTUNE_ENGINE_SOCKET: 's' };
  expect(() => readEngineEnv({ ...paths, ATTUNE_ENGINE_THREADS: 'many' })).toThrow(/ATTUNE_ENGINE_THREADS="many"/);
});
