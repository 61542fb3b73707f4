// Text files from elsewhere are read in every common encoding, or refused in words that are safe for a terminal.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTextFile } from '@/trainer/data/text-file';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attune-text-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const read = async (bytes: Uint8Array | string) => {
  const file = join(folder, 'data.jsonl');
  await writeFile(file, bytes);
  return readTextFile(file);
};

const TEXT = '{"prompt":"Où?"}\n{"prompt":"犬 🐕"}\n';
const bigEndian = (text: string) => Buffer.from(text, 'utf16le').swap16();

describe('is read', () => {
  it.each<[string, Uint8Array | string]>([
    ['UTF-8', TEXT],
    ['UTF-8 with its mark', `\ufeff${TEXT}`],
    ['two files with marks, one after the other', TEXT.replace('\n', '\n\ufeff')],
    ['UTF-16 LE with its mark', Buffer.from(`\ufeff${TEXT}`, 'utf16le')],
    ['UTF-16 BE with its mark', bigEndian(`\ufeff${TEXT}`)],
    ['UTF-16 LE without a mark', Buffer.from(TEXT, 'utf16le')],
    ['UTF-16 BE without a mark', bigEndian(TEXT)],
    ['CRLF', TEXT.replaceAll('\n', '\r\n')],
    ['lone CR', TEXT.replaceAll('\n', '\r')],
  ])('%s', async (_, bytes) => {
    expect(await read(bytes)).toBe(TEXT);
  });
});

describe('is refused, by the file’s name and with a way out', () => {
  it.each<[string, Uint8Array, RegExp]>([
    ['Latin-1', Buffer.from('{"a":"plain"}\n{"a":"caf\xe9"}\n', 'latin1'), /data\.jsonl:2 is not UTF-8\. .*iconv/],
    ['gzip', gzipSync(TEXT), /data\.jsonl is compressed with gzip\. Unpack it first: gunzip/],
    ['Parquet', Buffer.from('PAR1\x15\x04'), /data\.jsonl is a Parquet file\. Write it as JSON lines/],
    ['zip', Buffer.from('PK\x03\x04\x14\x00'), /data\.jsonl is a zip archive/],
    ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x7b, 0, 0, 0]), /data\.jsonl is UTF-32 text/],
    ['half of a UTF-16 character', Buffer.from([0xff, 0xfe, 0x3e, 0xd8]), /data\.jsonl is broken UTF-16/],
    ['zero bytes', Buffer.from('{"a":"b\0\0\0"}'), /data\.jsonl contains zero bytes/],
  ])('%s', async (_, bytes, message) => {
    const error = await read(bytes).catch((thrown: Error) => thrown);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message).toMatch(/^[\x20-\x7e]+$/u);
  });

  it('a folder and a file that is not there', async () => {
    await expect(readTextFile(folder)).rejects.toThrow(/Cannot read .*: it is a folder/);
    await expect(readTextFile(join(folder, 'none'))).rejects.toThrow(/Cannot read .*none: there is no such file/);
  });
});
