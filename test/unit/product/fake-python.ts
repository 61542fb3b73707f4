// Puts a python3 first in PATH that acts as pip, so that real processes run; all else goes to the real python3.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach } from 'vitest';

export interface FakePython {
  /** Sets what `pip download` does: shell code in which $folder is the folder after -d. */
  pip(shell: string): void;
  /** Leaves a PATH without any python3. */
  hide(): void;
  /** The arguments of each `pip download` so far. */
  calls(): string[];
}

/** Restores PATH after each test. */
export function fakePython(folder: string): FakePython {
  const path = process.env.PATH!;
  const real = execFileSync('which', ['python3'], { encoding: 'utf8' }).trim();
  const log = join(folder, 'calls');
  afterEach(() => {
    process.env.PATH = path;
  });
  const write = (name: string, shell: string) => {
    const file = join(folder, name);
    writeFileSync(file, `#!/bin/sh\n${shell}\n`);
    chmodSync(file, 0o755);
  };
  mkdirSync(folder, { recursive: true });
  // Commands that the TensorFlow step runs before its download.
  write('nvidia-smi', 'exit 1');
  write('c++', 'exit 0');
  return {
    pip(shell) {
      write(
        'python3',
        `if [ "$1 $2 $3" != "-m pip download" ]; then exec "${real}" "$@"; fi
echo "$*" >> "${log}"
while [ "$1" != -d ]; do shift; done
folder="$2"
${shell}`,
      );
      process.env.PATH = `${folder}${delimiter}${path}`;
    },
    hide() {
      process.env.PATH = join(folder, 'empty');
    },
    calls: () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []),
  };
}
