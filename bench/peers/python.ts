// Makes the virtual environment of a bench's Python peers on first use, and runs their programs.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AttuneError } from '@/core/errors';

/** Which peers there are: requirements-NAME.txt lists each one's packages. */
const PEERS: Record<PeerName, { interpreter?: string; options?: string[] }> = {
  /** About 6 GB and two minutes, because torch includes its CUDA parts. */
  train: {},
  /** Its list is complete; crowd-kit itself would also ask for transformers, which none of the models here needs. */
  crowd: { options: ['--no-deps'] },
  /** About 600 MB. */
  constraints: {},
  /** Filters of swear words. */
  words: {},
  /** Built for Python up to 3.10; from its source it would need Boost and a compiler. */
  confseq: { interpreter: 'python3.10', options: ['--only-binary=:all:'] },
  /** Asks for 3.12 or later. */
  expectation: { interpreter: 'python3.12' },
};
type PeerName = 'train' | 'crowd' | 'constraints' | 'words' | 'confseq' | 'expectation';

export const benchFolder = (dataFolder: string) => join(dataFolder, 'bench');

/** The interpreter of an environment that has exactly the listed packages. */
export async function setupPeerPython(
  peers: PeerName,
  dataFolder: string,
  log: (text: string) => void,
): Promise<string> {
  const requirements = join(import.meta.dirname, `requirements-${peers}.txt`);
  const venv = join(benchFolder(dataFolder), `venv-${peers}`);
  const python = join(venv, 'bin', 'python');
  const installed = join(venv, 'requirements.txt');
  if (existsSync(installed) && readFileSync(installed, 'utf8') === readFileSync(requirements, 'utf8')) return python;
  log(`Making the peers' virtual environment in ${venv}`);
  await rm(venv, { recursive: true, force: true });
  await mkdir(benchFolder(dataFolder), { recursive: true });
  const { interpreter = 'python3', options = [] } = PEERS[peers];
  await runPython(interpreter, ['-m', 'venv', venv]);
  await runPython(python, ['-m', 'pip', 'install', '-q', ...options, '-r', requirements]);
  await cp(requirements, installed); // last: it marks a complete environment
  return python;
}

/** Resolves with what the program printed; `input` is what it reads. */
export function runPython(python: string, args: string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(python, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    child.stdout.on('data', (data) => (output += data));
    child.stderr.on('data', (data) => (errors = (errors + data).slice(-4000)));
    child.on('error', (cause) => {
      reject(new AttuneError('UNAVAILABLE', `${python} could not be run. Install Python 3 with venv.`, { cause }));
    });
    child.on('close', (code) => {
      if (code === 0) return resolve(output);
      reject(new AttuneError('UNAVAILABLE', `${python} ${args.slice(0, 3).join(' ')} failed: ${errors.trim()}`));
    });
    child.stdin.on('error', () => {}); // the program ended without reading; its exit code says why
    child.stdin.end(input);
  });
}
