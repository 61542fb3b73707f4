// The web process's environment.
import { expect, it } from 'vitest';
import { readServerEnv } from '@/server/env';

const set = {
  NODE_ENV: 'test',
  DATABASE_URL: 'postgres://x',
  ATTUNE_MODEL: 'model.gguf',
  ATTUNE_DATA: '/data',
} as const;

it('takes what is set, and derives the rest from the data folder', () => {
  expect(readServerEnv({ ...set, BASE_URL: '' })).toMatchObject({
    dataFolder: '/data',
    baseUrl: 'http://localhost:3000',
    authSecret: null,
  });
});

it('names the variable that is missing or wrong', () => {
  expect(() => readServerEnv({ ...set, DATABASE_URL: undefined })).toThrow(/Environment variable DATABASE_URL/);
  expect(() => readServerEnv({ ...set, AUTH_SECRET: 'short' })).toThrow(/AUTH_SECRET/);
});
