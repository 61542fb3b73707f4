// An archive of files comes back as it went in, whatever its pieces, and one that would do harm is refused.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTar, tarEnd, tarHeader, tarPadding, tarSize } from '@/core/formats/tar';
import { temporaryFolder } from './files';

const root = temporaryFolder();

const pack = (files: readonly [string, Uint8Array][]) =>
  Buffer.concat([
    ...files.flatMap(([name, content]) => [tarHeader(name, content.length), content, tarPadding(content.length)]),
    tarEnd(),
  ]);

async function* inPieces(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function unpack(bytes: Uint8Array, piece = 1000) {
  const files: [string, string][] = [];
  for await (const { name, content } of readTar(inPieces(bytes, piece))) {
    const parts: Uint8Array[] = [];
    for await (const part of content) parts.push(part);
    files.push([name, Buffer.concat(parts).toString('latin1')]);
  }
  return files;
}

it('every file comes back, in pieces of any size', async () => {
  const file = fc.tuple(fc.stringMatching(/^[a-z]{1,20}\.json$/), fc.uint8Array({ maxLength: 1500 }));
  await fc.assert(
    fc.asyncProperty(fc.array(file, { maxLength: 4 }), fc.integer({ min: 1, max: 2000 }), async (files, piece) => {
      const bytes = pack(files);
      expect(bytes.length).toBe(tarSize(files.map(([, content]) => content.length)));
      const expected = files.map(([name, content]) => [name, Buffer.from(content).toString('latin1')]);
      expect(await unpack(bytes, piece)).toEqual(expected);
    }),
    { numRuns: 50 },
  );
});

it('GNU tar reads what is written here, and what it packs in a folder is read here', async () => {
  const folder = join(root, 'adapter');
  mkdirSync(folder);
  writeFileSync(join(folder, 'adapter_config.json'), '{"r": 4}');
  execFileSync('tar', ['-cf', 'theirs.tar', 'adapter'], { cwd: root });
  expect(await unpack(readFileSync(join(root, 'theirs.tar')))).toEqual([['adapter_config.json', '{"r": 4}']]);
  writeFileSync(join(root, 'ours.tar'), pack([['a.txt', Buffer.from('words')]]));
  execFileSync('tar', ['-xf', 'ours.tar'], { cwd: root });
  expect(readFileSync(join(root, 'a.txt'), 'utf8')).toBe('words');
});

describe('an archive is refused', () => {
  it.each(['../a.json', '/etc/passwd', 'a/../../b.json', 'C:/a.json'])('with a file named %s', async (name) => {
    await expect(unpack(pack([[name, Buffer.from('x')]]))).rejects.toMatchObject({ code: 'BAD_INPUT' });
  });

  it('with a link', async () => {
    symlinkSync('/etc/passwd', join(root, 'adapter_config.json'));
    execFileSync('tar', ['-cf', 'link.tar', 'adapter_config.json'], { cwd: root });
    await expect(unpack(readFileSync(join(root, 'link.tar')))).rejects.toThrow(/neither a file nor a folder/);
  });

  it('if it is cut off, changed, or none at all', async () => {
    const whole = pack([['a.json', Buffer.alloc(2000, 1)]]);
    await expect(unpack(whole.subarray(0, 1500))).rejects.toThrow(/ends in the middle/);
    const changed = Buffer.from(whole);
    changed[3] = 65;
    await expect(unpack(changed)).rejects.toThrow(/not a tar archive/);
    await expect(unpack(Buffer.alloc(4000, 7))).rejects.toThrow(/not a tar archive/);
  });
});
