// A file holds its old content or all of the new, a folder is whole or not there, and a full disk is reported as such.
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { explainWriteError, writeDurably, writeFolder } from '@/core/durable-file';
import { toAttuneError } from '@/core/errors';
import { failure, temporaryFolder } from './files';

const root = temporaryFolder();

// Linux has a device that reports a full disk on every write.
test.runIf(existsSync('/dev/full'))(
  'a full disk leaves the old content and no other file, and the error names the file',
  async () => {
    const path = join(root, 'kept.json');
    writeFileSync(path, 'old');
    symlinkSync('/dev/full', `${path}.${process.pid}.tmp`);
    expect(await failure(() => writeDurably(path, 'new'))).toEqual({
      code: 'UNAVAILABLE',
      message: `${path} cannot be written: no space is left. Free some space and try again. (ENOSPC)`,
    });
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(root)).toEqual(['kept.json']);
  },
);

test('a folder replaces what a killed process with the same id left, and one that fails leaves nothing', async () => {
  const parent = join(root, 'folders');
  const leftover = join(parent, `.whole.${process.pid}.tmp`);
  mkdirSync(leftover, { recursive: true });
  writeFileSync(join(leftover, 'half'), 'half');
  await writeFolder(join(parent, 'whole'), (temporary) => writeDurably(join(temporary, 'file'), 'content'));
  expect(readdirSync(join(parent, 'whole'))).toEqual(['file']);
  await expect(
    writeFolder(join(parent, 'failed'), async (temporary) => {
      writeFileSync(join(temporary, 'file'), 'content');
      throw new Error('stopped');
    }),
  ).rejects.toThrow('stopped');
  expect(readdirSync(parent)).toEqual(['whole']);
});

test('a full quota and a read-only folder get a sentence, and other errors stay unchanged', () => {
  const withCode = (code: string) => Object.assign(new Error(code), { code });
  expect(explainWriteError(withCode('EDQUOT'), '/x')).toMatchObject({ code: 'UNAVAILABLE' });
  expect(explainWriteError(withCode('EROFS'), '/x')).toMatchObject({ message: expect.stringContaining('read-only') });
  const other = withCode('EISDIR');
  expect(explainWriteError(other, '/x')).toBe(other);
});

test('a full disk gets a sentence everywhere, but a refused system call without a file is not called one', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  expect(toAttuneError(full)).toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringMatching(/^A file cannot be written/),
  });
  const denied = Object.assign(new Error('kill EPERM'), { code: 'EPERM' });
  expect(toAttuneError(denied)).toMatchObject({ code: 'INTERNAL', message: 'kill EPERM' });
});
