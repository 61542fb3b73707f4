// Puts NVIDIA's libraries where the GPU build of TensorFlow looks for them: next to its folder, as in site-packages.
import { mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';

/** The requirements that `tensorflow[and-cuda]` would install, from the wheel's METADATA and in pip's form. */
export function cudaRequirements(metadata: string): string[] {
  return [...metadata.matchAll(/^Requires-Dist: (nvidia-\S+) ?(\S*); extra == ['"]and-cuda['"]/gm)].map(
    ([, name, versions]) => `${name}${versions!.replace(/[()]/g, '')}`,
  );
}

/**
 * `run` starts a program. The folder must be `native/nvidia`, because the run path is `$ORIGIN/../nvidia/<part>/lib`.
 */
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
