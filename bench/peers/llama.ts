// llama.cpp as a child process: its virtual environment, built natively on first use, and the tasks that it answers.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { AttuneError } from '@/core/errors';

const PACKAGE = 'llama-cpp-python==0.3.36';

export interface PeerFigures {
  firstTokenMs: number;
  tokensPerSecond: number;
  peakBytes: number;
}

/** The Python interpreter that has llama.cpp; builds it if it is missing, which takes about seven minutes. */
function preparePeer(folder: string): string {
  const python = join(folder, 'bin', 'python');
  const isBuilt = () => {
    try {
      execFileSync(python, ['-c', 'import llama_cpp'], { stdio: 'ignore' });
      return true;
    } catch {
      return false; // missing, or an interrupted build
    }
  };
  if (existsSync(python) && isBuilt()) return python;
  console.log(`Building ${PACKAGE} from source in ${folder}: about seven minutes, once.`);
  execFileSync('python3', ['-m', 'venv', folder], { stdio: 'inherit' });
  // Built from source: the prebuilt wheel does not use all of this machine's CPU instructions.
  const options = ['install', '-q', '--no-binary', 'llama-cpp-python', PACKAGE];
  execFileSync(python, ['-m', 'pip', ...options], { stdio: 'inherit' });
  if (!isBuilt()) throw new AttuneError('UNAVAILABLE', `${PACKAGE} was built but does not load. Delete ${folder}.`);
  return python;
}

export class LlamaPeer {
  private readonly child: ChildProcess;
  private readonly lines: AsyncIterator<string>;

  constructor(folder: string, modelPath: string, threads: number) {
    const script = join(import.meta.dirname, 'llama.py');
    this.child = spawn(preparePeer(folder), [script, modelPath, String(threads)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.lines = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]();
  }

  /** Resolves once the model is loaded. */
  async start(): Promise<string> {
    return (JSON.parse(await this.line()) as { version: string }).version;
  }

  /** Greedy answers of `count` tokens, all streams at once. */
  async generate(prompts: number[][], count: number): Promise<PeerFigures> {
    this.child.stdin!.write(`${JSON.stringify({ prompts, count })}\n`);
    return JSON.parse(await this.line()) as PeerFigures;
  }

  close(): void {
    this.child.stdin!.end();
  }

  private async line(): Promise<string> {
    const { value, done } = await this.lines.next();
    if (done) throw new AttuneError('UNAVAILABLE', 'llama.cpp ended. Its message is above.');
    return value;
  }
}
