// When the download fails, the set-up of native TensorFlow gives a sentence for each cause and leaves nothing behind.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { setupTensorflow } from '@/product/setup/tensorflow';
import { failure, temporaryFolder } from '@/test/unit/core/files';
import { fakePython } from './fake-python';

const root = temporaryFolder();
const python = fakePython(join(root, 'bin'));
let cacheDirectory: string;
let runs = 0;
beforeEach(() => {
  cacheDirectory = join(root, `run-${runs++}`);
});
const left = () => readdirSync(join(cacheDirectory, 'native'));

const PINNED = 'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl';

test.each([
  [
    'pip is missing',
    'echo "No module named pip" >&2; exit 1',
    'UNAVAILABLE',
    /^pip could not fetch tensorflow\S*==2\.21\.0 .*Install pip/,
  ],
  ['the disk is full', 'echo "OSError: [Errno 28] No space left on device" >&2; exit 2', 'UNAVAILABLE', /disk is full/],
  [
    'the index is silent',
    'echo "No matching distribution found" >&2; exit 1',
    'UNAVAILABLE',
    /index cannot be reached/,
  ],
  [
    'the wheel has other bytes',
    `echo other > "$folder/${PINNED}"`,
    'CORRUPT',
    /^tensorflow_cpu.* has sha256 .*, not 2b/,
  ],
  ['an unknown wheel is not an archive', 'echo other > "$folder/tensorflow.whl"', 'UNAVAILABLE', /arrived damaged/],
] as const)('%s', async (_name, shell, code, sentence) => {
  python.pip(shell);
  const error = await failure(() => setupTensorflow({ cacheDirectory }));
  expect(error.code).toBe(code);
  expect(error.message).toMatch(sentence);
  expect(left()).toEqual([]);
});

test('the wheel is requested for one Python version, whatever is installed, and kept out of pip’s cache', async () => {
  python.pip('exit 1');
  await failure(() => setupTensorflow({ cacheDirectory }));
  const call = python.calls().at(-1)!;
  expect(call).toContain('--no-cache-dir --python-version 3.11 --implementation cp --abi cp311');
  expect(call).toContain('--no-deps --only-binary=:all:');
});

test('the set-up is stopped by its signal, and the next one removes what a killed run left', async () => {
  mkdirSync(join(cacheDirectory, 'native', 'tensorflow-2.21.part-999999999'), { recursive: true });
  writeFileSync(join(cacheDirectory, 'native', 'tensorflow-2.21.part-999999999', 'half'), '');
  python.pip('exec sleep 30');
  const { code } = await failure(() => setupTensorflow({ cacheDirectory, signal: AbortSignal.timeout(300) }));
  expect(code).toBe('CANCELLED');
  expect(left()).toEqual([]);
});
