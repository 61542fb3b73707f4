// Puts NVIDIA's own libraries where the GPU build of TensorFlow looks for them: beside its folder, as a Python site has them.
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';

/** Of the wheel's METADATA: what `tensorflow[and-cuda]` would install, as pip takes it. */
export function cudaRequirements(metadata: string): string[] {
  return [...metadata.matchAll(/^Requires-Dist: (nvidia-\S+) ?(\S*); extra == ['"]and-cuda['"]/gm)].map(
    ([, name, versions]) => `${name}${versions!.replace(/[()]/g, '')}`,
  );
}

/** `run` starts a program; the libraries' run path is `$ORIGIN/../nvidia/<part>/lib`, so `native/nvidia` it must be. */
export async function installCuda(
  native: string,
  requirements: readonly string[],
  run: (command: string, args: string[]) => Promise<string>,
): Promise<void> {
  const part = path.join(native, `nvidia.part-${process.pid}`);
  try {
    await mkdir(part, { recursive: true });
    const options = [
      '--no-deps',
      '--only-binary=:all:',
      '--no-compile',
      '--no-cache-dir',
      '--disable-pip-version-check',
    ];
    await run('python3', ['-m', 'pip', 'install', '-q', ...options, '--target', part, ...requirements]);
    await rm(path.join(native, 'nvidia'), { recursive: true, force: true });
    await rename(path.join(part, 'nvidia'), path.join(native, 'nvidia'));
  } finally {
    await rm(part, { recursive: true, force: true });
  }
}
