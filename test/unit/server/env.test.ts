// The web process reads its settings from the environment.
import { expect, it } from 'vitest';
import { readServerEnv } from '@/server/env';

const set = { DATABASE_URL: 'postgres://x', ATTUNE_MODEL: 'model.gguf', ATTUNE_DATA: '/data' };

it('uses what is set, and derives the rest from the data folder and the port', () => {
  expect(readServerEnv({ ...set, ATTUNE_URL: '', PORT: '3100' })).toMatchObject({
    dataFolder: '/data',
    engineSocket: '/data/run/engine.sock',
    publicUrl: null,
    localUrl: 'http://localhost:3100',
    authSecret: null,
  });
  expect(readServerEnv({ ...set, ATTUNE_URL: 'https://Chat.example/' }).publicUrl).toBe('https://chat.example');
});

it('names a variable that is missing or wrong, without repeating a secret', () => {
  expect(() => readServerEnv({ ...set, DATABASE_URL: undefined })).toThrow(/variable DATABASE_URL is missing/);
  const short = () => readServerEnv({ ...set, AUTH_SECRET: 'hunter2' });
  expect(short).toThrow(/AUTH_SECRET must have 32 characters/);
  expect(short).not.toThrow(/hunter2/);
});
