// `npm test`: the static checks of `npm run verify`, then every vitest project; ends with all results counted.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataPaths } from '@/core/paths';
import { env } from '@/product/env';
import { runStep } from '@/product/setup/steps';
import { setupTensorflow } from '@/product/setup/tensorflow';
import { findWeights } from '@/product/setup/weights';

interface JsonReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  success: boolean;
  testResults: { name: string; status: string; message: string }[];
}

/** Sets up what it can: tests of a missing part are skipped with a printed reason, and the others still run. */
async function setUp(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  await runStep('TensorFlow', async (progress) => {
    const { directory } = await setupTensorflow({
      cacheDirectory: env.dataFolder,
      onProgress: (_part, fraction) => progress(fraction, 1, 'part'),
    });
    return { value: null, summary: directory };
  }).catch(() => null);
  await runStep('Weights', async (progress) => {
    const value = await findWeights({
      model: env.ATTUNE_MODEL,
      modelsFolder: dataPaths(env.dataFolder).models,
      hubUrl: env.HF_ENDPOINT,
      hubToken: env.HF_TOKEN,
      progress,
    });
    found.ATTUNE_MODEL = value.path;
    return { value, summary: value.summary };
  }).catch(() => null);
  return found;
}

/** The checks of `npm run verify` that are not vitest tests; each counts as one in the results. */
const STATIC_CHECKS = ['lint', 'typecheck', 'imports', 'unused'];

function run(command: string, args: string[], environment: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((resolve) => {
    spawn(command, args, { stdio: 'inherit', env: environment }).on('close', (exit) => resolve(exit ?? 1));
  });
}

async function failedChecks(): Promise<string[]> {
  const failed: string[] = [];
  for (const name of STATIC_CHECKS) {
    if (await run('npm', ['run', '--silent', name], process.env)) failed.push(name);
  }
  return failed;
}

async function main(): Promise<number> {
  const given = process.argv.slice(2);
  const isWhole = given.length === 0;
  const failed = isWhole ? await failedChecks() : [];
  const checked = isWhole ? STATIC_CHECKS.length - failed.length : 0;
  const found = await setUp();
  const folder = await mkdtemp(join(tmpdir(), 'attune-test-'));
  const output = join(folder, 'results.json');
  try {
    const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${output}`, ...given];
    const vitest = join(import.meta.dirname, '../node_modules/vitest/vitest.mjs');
    const code = await run(process.execPath, [vitest, ...args], { ...process.env, ...found });
    const report = JSON.parse(await readFile(output, 'utf8')) as JsonReport;
    const skipped = report.numPendingTests + report.numTodoTests;
    // A file that did not even load adds no tests to the count, so it counts as one failure.
    const broken = report.testResults.filter((file) => file.status === 'failed' && file.message).length;
    if (failed.length) console.log(`\nFailed before the tests: npm run ${failed.join(', npm run ')}`);
    const failures = report.numFailedTests + broken + failed.length;
    console.log(`\n${report.numPassedTests + checked} passed, ${failures} failed, ${skipped} skipped`);
    return failures ? 1 : code;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
