// Makes a copy of the sources in which a test can plant a fault and run one of the commands of `npm run verify`.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../../..');

/** Copies every source file of the checkout, and links its packages. */
export function copySources(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'attune-house-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: ROOT });
  for (const file of listed.toString().split('\n')) {
    if (!/\.(tsx?|mjs|jsonc?|css)$/.test(file) || /^(bench\/results|drizzle)\//.test(file)) continue;
    cpSync(path.join(ROOT, file), path.join(folder, file));
  }
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
  return folder;
}

export function plant(folder: string, file: string, text: string): void {
  mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
  writeFileSync(path.join(folder, file), text);
}

/** Runs one of the scripts of package.json; returns its status and output, without colours. */
export function runScript(folder: string, script: string): { status: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync('npm', ['run', '--silent', script], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
    shell: process.platform === 'win32',
  });
  return { status, output: stdout + stderr };
}
