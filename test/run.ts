// `npm test`: sets up what the tests need, runs every vitest project, and ends with the counts of the real results.
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

/** What a machine lacks makes its tests skip with a printed reason; it does not stop the others. */
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

async function main(): Promise<number> {
  const found = await setUp();
  const folder = await mkdtemp(join(tmpdir(), 'attune-test-'));
  const output = join(folder, 'results.json');
  try {
    const args = [
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${output}`,
      ...process.argv.slice(2),
    ];
    const code = await new Promise<number>((resolve) => {
      spawn(process.execPath, [join(import.meta.dirname, '../node_modules/vitest/vitest.mjs'), ...args], {
        stdio: 'inherit',
        env: { ...process.env, ...found },
      }).on('close', (exit) => resolve(exit ?? 1));
    });
    const report = JSON.parse(await readFile(output, 'utf8')) as JsonReport;
    const skipped = report.numPendingTests + report.numTodoTests;
    // A file that did not even load has no tests in the count: each is one failure.
    const broken = report.testResults.filter((file) => file.status === 'failed' && file.message).length;
    console.log(`\n${report.numPassedTests} passed, ${report.numFailedTests + broken} failed, ${skipped} skipped`);
    return code;
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
