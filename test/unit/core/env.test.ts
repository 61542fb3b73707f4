// Each environment variable is read strictly, and a mistake is reported with the way out.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'dotenv';
import { describe, expect, it, test } from 'vitest';
import { readVariables, VARIABLES } from '@/core/env';
import { readProductEnv } from '@/product/env';

const read = (environment: Record<string, string>) => () => readVariables(environment, VARIABLES);

describe('a variable', () => {
  it.each([
    ['PORT', 'abc', 'PORT="abc" must be a whole number, from 0 to 65535'],
    ['PORT', '65536', 'PORT="65536" must be'],
    ['PORT', '3e3', 'PORT="3e3" must be'],
    ['PORT', '-1', 'PORT="-1" must be'],
    ['ATTUNE_ENGINE_THREADS', '0', 'ATTUNE_ENGINE_THREADS="0" must be a whole number, 1 or more'],
    ['ATTUNE_ENGINE_SPINNING', 'perhaps', 'ATTUNE_ENGINE_SPINNING="perhaps" must be true or false'],
    ['ATTUNE_ENGINE_PRECISION', 'int4', 'ATTUNE_ENGINE_PRECISION="int4" must be one of int8, fp32'],
    ['LOG_LEVEL', 'loud', 'LOG_LEVEL="loud" must be one of'],
    ['ATTUNE_URL', 'chat.example', 'ATTUNE_URL="chat.example" must be an address'],
    ['ATTUNE_URL', 'ftp://ada:secret@chat.example', 'ATTUNE_URL="ftp://***@chat.example" must be an address'],
    ['ATTUNE_URL', 'https://ada:secret@chat.example', 'ATTUNE_URL="https://***@chat.example" must end with the host'],
    ['DATABASE_URL', 'mysql://ada:secret@db.example/chat', 'DATABASE_URL must begin with postgres://'],
    ['ATTUNE_URL', 'ftp://chat.example', 'ATTUNE_URL="ftp://chat.example" must be an address'],
    ['ATTUNE_URL', 'https://example.com/chat', 'ATTUNE_URL="https://example.com/chat" must end with the host'],
    ['HF_ENDPOINT', 'hub', 'HF_ENDPOINT="hub" must be an address'],
  ])('%s=%s is refused by name', (name, value, sentence) => {
    expect(read({ [name]: value })).toThrow(`The environment variable ${sentence}`);
  });

  it('that is empty or blank counts as not set', () => {
    expect(readVariables({ PORT: ' ', ATTUNE_URL: '' }, ['PORT', 'ATTUNE_URL'])).toEqual({ PORT: 3000 });
  });

  it.each([
    ['ATTUNE_MODLE', ' Did you mean ATTUNE_MODEL?'],
    ['ATTUNE_ENGINE_THREAD', ' Did you mean ATTUNE_ENGINE_THREADS?'],
    ['ATTUNE_SOMETHING_ELSE_ALTOGETHER', ''],
  ])('%s that does not exist is refused, with the name that was meant', (name, hint) => {
    expect(read({ [name]: 'x' })).toThrow(
      `There is no environment variable ${name}.${hint} .env.example lists all of them.`,
    );
  });

  it('that npm start sets for its processes is refused when a person sets it', () => {
    expect(() => readProductEnv({ ATTUNE_ARTIFACTS: '/tmp/a' })).toThrow(/ATTUNE_ARTIFACTS is set by npm start itself/);
  });
});

test('.env.example lists every variable that people may set, each with its meaning above it and its default', () => {
  const text = readFileSync(path.join(import.meta.dirname, '../../../.env.example'), 'utf8');
  const lines = text.split('\n');
  const listed = lines.flatMap((line, index) => {
    const name = /^#?([A-Z_]+)=/.exec(line)?.[1];
    if (!name) return [];
    expect(lines[index - 1], name).toMatch(/^# .+/);
    return [name];
  });
  const internal = ['ATTUNE_ARTIFACTS', 'ATTUNE_CACHE', 'ATTUNE_ENGINE_SOCKET'];
  expect(listed.toSorted()).toEqual(VARIABLES.filter((name) => !internal.includes(name)).toSorted());
  // The example values are valid as they are.
  const examples = parse(text.replaceAll(/^#(?=[A-Z_]+=)/gm, ''));
  expect(() => readProductEnv(examples)).not.toThrow();
});
