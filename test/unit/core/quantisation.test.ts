// ggml's blocks and half-width floats against values by hand, and round-tripped.
import { expect, test } from 'vitest';
import { bfloat16ToFloat32, float32ToBfloat16, float32ToHalf, halfTable, halfToFloat32 } from '@/core/formats/half';
import { dequantise, ENCODINGS, isBlockEncoding } from '@/core/formats/quantisation';
import blocks from '../../fixtures/bases/blocks.json';

const HALF_ONE = [0x00, 0x3c]; // 1.0
const HALF_MINUS_TWO = [0x00, 0xc0]; // -2.0

test('Q4_1: low nibble j, high nibble j + 16, w = d q + m', () => {
  const codes = Array.from({ length: 16 }, (_, j) => j | ((15 - j) << 4));
  const out = dequantise('Q4_1', Uint8Array.from([...HALF_ONE, ...HALF_MINUS_TWO, ...codes]));
  expect([...out]).toEqual(Array.from({ length: 32 }, (_, i) => (i < 16 ? i : 31 - i) - 2));
});

test('Q4_0: w = d (q - 8)', () => {
  const out = dequantise('Q4_0', Uint8Array.from([...HALF_MINUS_TWO, ...new Array<number>(16).fill(0xf0)]));
  expect([...out]).toEqual(Array.from({ length: 32 }, (_, i) => (i < 16 ? 16 : -14)));
});

test('Q8_0: signed codes', () => {
  const codes = Array.from({ length: 32 }, (_, j) => j * 8 - 128);
  const out = dequantise('Q8_0', Uint8Array.from([...HALF_MINUS_TWO, ...codes.map((q) => q & 255)]));
  expect([...out]).toEqual(codes.map((q) => -2 * q));
});

test.each(ENCODINGS.filter(isBlockEncoding))(
  '%s decodes random blocks to exactly the values of the package gguf',
  (name) => {
    const fresh = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));
    const { bytes, values } = blocks[name];
    const expected = new Float32Array(fresh(values).buffer);
    expect(new Set(expected).size).toBeGreaterThan(30); // three blocks with at least 16 codes
    const plusZero = (x: number) => x + 0; // treats -0 as 0
    expect(dequantise(name, fresh(bytes)).map(plusZero)).toEqual(expected.map(plusZero));
  },
);

test('all 65536 halves survive the conversion to float32 and back, NaN as NaN', () => {
  const halves = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const back = float32ToHalf(halfToFloat32(halves));
  for (let i = 0; i < 65536; i++) {
    if (Number.isNaN(halfTable()[i])) expect(back[i]! & 0x7fff).toBeGreaterThan(0x7c00);
    else if (back[i] !== i) expect(back[i]).toBe(i);
  }
});

test('halves round to nearest even: 2049 and 2051 lie between 2048, 2050 and 2052; 65520 is infinite', () => {
  const out = halfToFloat32(float32ToHalf(Float32Array.of(2049, 2051, 65519, 65520, 2 ** -25, 1.5 * 2 ** -24)));
  expect([...out]).toEqual([2048, 2052, 65504, Number.POSITIVE_INFINITY, 0, 2 ** -23]);
});

test('bfloat16 keeps the upper half, rounded to nearest even', () => {
  const out = bfloat16ToFloat32(float32ToBfloat16(Float32Array.of(1, -3.5, 257, 259, Number.NaN)));
  expect([...out]).toEqual([1, -3.5, 256, 260, Number.NaN]); // bfloat16 has 8 bits: steps of 2 above 256
});
