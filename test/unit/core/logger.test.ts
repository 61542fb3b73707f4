// Log lines are JSON with the process's name and error codes, and without secrets.
import { expect, test } from 'vitest';
import { AttuneError } from '@/core/errors';
import { createLogger } from '@/core/logger';

function logged(write: (logger: ReturnType<typeof createLogger>) => void): Record<string, unknown>[] {
  const lines: string[] = [];
  write(createLogger('engine', { level: 'info', destination: { write: (line: string) => void lines.push(line) } }));
  return lines.map((line) => JSON.parse(line));
}

test('a line has the process, the name of the level and the time', () => {
  const [line] = logged((logger) => logger.info({ versionId: 'v1' }, 'loaded'));
  expect(line).toMatchObject({ name: 'engine', level: 'info', msg: 'loaded', versionId: 'v1' });
  expect(new Date(line!.time as string).getTime()).toBeGreaterThan(0);
});

test('secrets are left out, at any of three depths', () => {
  const text = JSON.stringify(
    logged((logger) =>
      logger.info({
        password: 'p1',
        user: { token: 'p2' },
        request: { headers: { authorization: 'p3', cookie: 'p4' } },
      }),
    ),
  );
  expect(text).not.toMatch(/p[1-4]/);
  expect(text.match(/\[redacted\]/g)).toHaveLength(4);
});

test('an error carries its code, and lines below the level are not written', () => {
  const lines = logged((logger) => {
    logger.debug('no');
    logger.error({ err: new AttuneError('CORRUPT', 'x is damaged') });
  });
  expect(lines).toHaveLength(1);
  expect(lines[0]!.err).toMatchObject({ code: 'CORRUPT', message: 'x is damaged' });
});

test('what a parser could not read is in no line, also as the cause of another error', () => {
  const unread = (text: string): Error => {
    try {
      return JSON.parse(text);
    } catch (error) {
      return error as Error;
    }
  };
  const lines = logged((logger) => {
    logger.error({ err: unread('Dear diary') });
    logger.error({ err: new AttuneError('UNAVAILABLE', 'no verdict', { cause: unread('My secret') }) });
  });
  expect(JSON.stringify(lines)).not.toMatch(/diary|secret/);
  expect(lines[1]!.err).toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('no verdict') });
  expect(JSON.stringify(lines[0])).toContain('logger.test.ts');
});
