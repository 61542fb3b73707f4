// NVIDIA's libraries for the GPU build: which ones the wheel requires, and where they are installed.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cudaRequirements, installCuda } from '@/product/setup/cuda';
import { temporaryFolder } from '@/test/unit/core/files';

test('reads what tensorflow[and-cuda] would install from the metadata of the wheel', () => {
  const metadata = [
    'Requires-Dist: numpy>=1.26.0',
    'Provides-Extra: and-cuda',
    'Requires-Dist: nvidia-cublas-cu12<13.0,>=12.5.3.2; extra == "and-cuda"',
    "Requires-Dist: nvidia-nccl-cu12 (<3.0,>=2.27.7); extra == 'and-cuda'",
    'Requires-Dist: tensorflow-io; extra == "gcs"',
  ].join('\n');
  expect(cudaRequirements(metadata)).toEqual(['nvidia-cublas-cu12<13.0,>=12.5.3.2', 'nvidia-nccl-cu12<3.0,>=2.27.7']);
});

test('installs them in native/nvidia in place of earlier ones, and leaves nothing new if pip fails', async () => {
  const native = temporaryFolder();
  mkdirSync(join(native, 'nvidia', 'old'), { recursive: true });
  const pip = (fails: boolean) => async (command: string, args: string[]) => {
    expect([command, ...args.slice(0, 3)]).toEqual(['python3', '-m', 'pip', 'install']);
    expect(args.at(-1)).toBe('nvidia-cublas-cu12<13');
    const library = join(args[args.indexOf('--target') + 1]!, 'nvidia', 'cublas', 'lib');
    mkdirSync(library, { recursive: true });
    writeFileSync(join(library, 'libcublas.so.12'), 'it');
    if (fails) throw new Error('No space left on device');
    return '';
  };
  await expect(installCuda(native, ['nvidia-cublas-cu12<13'], pip(true))).rejects.toThrow('No space left');
  expect(readdirSync(native)).toEqual(['nvidia']);
  expect(existsSync(join(native, 'nvidia', 'old'))).toBe(true);
  await installCuda(native, ['nvidia-cublas-cu12<13'], pip(false));
  expect(readdirSync(join(native, 'nvidia'))).toEqual(['cublas']);
  expect(readFileSync(join(native, 'nvidia', 'cublas', 'lib', 'libcublas.so.12'), 'utf8')).toBe('it');
});
