// Runs an engine process as a child that dies with its parent.
import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { AttuneError } from '@/core/errors';
import { LEASH } from '@/core/process/supervise';
import { EngineClient, type EngineClientOptions } from './client';
import { type EngineProcessOptions, engineEnvironment } from './env';

export interface SpawnEngineOptions extends EngineProcessOptions {
  /** Starts the process again whenever it dies. Without this, its death fails the requests under way. */
  restart?: boolean;
  /** Repository root. */
  root?: string;
  client?: EngineClientOptions;
  /** Receives the process's output in lines or pieces of lines. */
  log?: (text: string) => void;
}

export interface SpawnedEngine {
  client: EngineClient;
  /** The current process. */
  child(): ChildProcess;
  close(): Promise<void>;
}

const RESTART_MS = { first: 50, most: 5000 };
/** A process that lived this long is not in a crash loop. */
const HEALTHY_MS = 10_000;

/** Resolves once the engine answers; throws UNAVAILABLE with the end of its output if it dies first. */
export async function spawnEngine(options: SpawnEngineOptions): Promise<SpawnedEngine> {
  const client = new EngineClient(options.socketPath, { deadlineMs: 120_000, ...options.client });
  let isClosing = false;
  let output = '';
  let restartMs = RESTART_MS.first;
  let timer: NodeJS.Timeout | null = null;

  const start = (): ChildProcess => {
    const started = Date.now();
    const root = options.root ?? process.cwd();
    const child = spawn(process.execPath, [...LEASH, '--import', 'tsx', path.join(root, 'engine', 'process.ts')], {
      cwd: root,
      env: engineEnvironment(options),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const collect = (chunk: Buffer) => {
      output = (output + chunk).slice(-4000);
      options.log?.(String(chunk));
    };
    child.stdout!.on('data', collect);
    child.stderr!.on('data', collect);
    child.once('exit', (code, signal) => {
      if (isClosing) return;
      if (!options.restart)
        return client.close(`The engine process ended (${signal ?? `exit code ${code}`}). ${output.trim()}`);
      if (Date.now() - started > HEALTHY_MS) restartMs = RESTART_MS.first;
      timer = setTimeout(() => {
        current = start();
      }, restartMs);
      restartMs = Math.min(restartMs * 2, RESTART_MS.most);
    });
    return child;
  };

  let current = start();
  const close = async () => {
    isClosing = true;
    if (timer) clearTimeout(timer);
    client.close();
    await end(current);
  };
  try {
    const { pid } = await client.status();
    if (pid !== current.pid) {
      const { socketPath } = options;
      throw new AttuneError('CONFLICT', `The engine process ${pid} answers on ${socketPath}. Stop it, or use another.`);
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { client, child: () => current, close };
}

/** Asks the process to end, and kills it if it does not. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const kill = setTimeout(() => child.kill('SIGKILL'), 5000);
  await exited;
  clearTimeout(kill);
}
