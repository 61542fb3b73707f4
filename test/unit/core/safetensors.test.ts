// Safetensors of every width survive a round trip, and wrong headers are refused.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { encodeSafetensors, type NamedTensors, readSafetensors, writeSafetensors } from '@/core/formats/safetensors';
import { failure, temporaryFolder, tensorsOf } from './files';

const folder = temporaryFolder();
const path = join(folder, 'x.safetensors');
const tensors: NamedTensors = new Map([
  ['a', { shape: [2, 3], values: Float32Array.of(1, -2, 0.5, 1024, 0, -0.125) }],
  ['scalar', { shape: [], values: Float32Array.of(7) }],
  ['empty', { shape: [0, 4], values: new Float32Array(0) }],
]);

test.each(['F32', 'F16', 'BF16'] as const)('%s is read back as written', async (encoding) => {
  await writeSafetensors(path, tensors, { encoding, metadata: { step: '3' } });
  const file = readSafetensors(path);
  expect(file.metadata).toEqual({ format: 'pt', step: '3' });
  for (const [name, { shape, values }] of tensors) {
    const found = file.tensors.get(name)!;
    expect([found.encoding, found.shape, found.float32()]).toEqual([encoding, shape, values]);
  }
  file.close();
  expect(tensorsOf(path)).toEqual(tensors);
});

test('float32 is exact to the bit, NaN and negative zero included', () => {
  const values = Float32Array.of(Number.NaN, -0, 1e-45, 3.4e38);
  writeFileSync(path, encodeSafetensors(new Map([['x', { shape: [4], values }]])));
  const back = tensorsOf(path).get('x')!.values;
  expect(Buffer.from(back.buffer)).toEqual(Buffer.from(values.buffer));
});

test('the data begins at a multiple of 8', () => {
  for (const name of ['a', 'ab', 'abc', 'abcd']) {
    const bytes = encodeSafetensors(new Map([[name, { shape: [1], values: Float32Array.of(1) }]]));
    expect((bytes.length - 4) % 8).toBe(0);
  }
});

test('a shape that does not fit its values is not written', async () => {
  const wrong: NamedTensors = new Map([['w', { shape: [2, 2], values: new Float32Array(3) }]]);
  expect(await failure(() => encodeSafetensors(wrong))).toMatchObject({ code: 'BAD_INPUT' });
});

function withHeader(header: unknown, dataBytes: number): Uint8Array {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  return Buffer.concat([length, json, Buffer.alloc(dataBytes)]);
}
const f32 = (begin: number, end: number, shape = [(end - begin) / 4]) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});

test.each([
  ['overlapping tensors', withHeader({ a: f32(0, 8), b: f32(4, 12) }, 12), 'CORRUPT', 'overlap'],
  ['a tensor beyond the end', withHeader({ a: f32(0, 16) }, 12), 'CORRUPT', 'a ends'],
  ['a size that its shape denies', withHeader({ a: f32(0, 8, [3]) }, 8), 'CORRUPT', '[3]'],
  ['offsets in reverse', withHeader({ a: f32(8, 0, [2]) }, 8), 'CORRUPT', 'a '],
  ['a negative shape', withHeader({ a: f32(0, 8, [-2]) }, 8), 'CORRUPT', 'malformed'],
  ['a header that is no JSON', withHeader('{"a":', 8), 'CORRUPT', 'JSON'],
  ['a header that is a list', withHeader([], 8), 'CORRUPT', 'JSON'],
  ['metadata that is not a table of strings', withHeader({ __metadata__: { a: 1 } }, 0), 'CORRUPT', '__metadata__'],
  [
    'a header longer than the file',
    Buffer.concat([Buffer.from([255, 255, 0, 0, 0, 0, 0, 0]), Buffer.alloc(9)]),
    'CORRUPT',
    '65535',
  ],
  ['a file of 3 bytes', Buffer.alloc(3), 'CORRUPT', 'truncated'],
  ['integers', withHeader({ a: { dtype: 'I64', shape: [1], data_offsets: [0, 8] } }, 8), 'UNSUPPORTED', 'I64'],
] satisfies [string, Uint8Array, string, string][])(
  '%s is refused, from memory and from disk',
  async (_, bytes, code, text) => {
    writeFileSync(path, bytes);
    const found = await failure(() => readSafetensors(path));
    expect(found.code).toBe(code);
    expect(found.message).toContain(text);
  },
);
