// `npm start` and `npm run dev`: brings the product up, prints where it is, and ends it all at Ctrl-C.
import pc from 'picocolors';
import { AttuneError } from '@/core/errors';
import { startProduct } from './bring-up';
import { env } from './env';

const write = (line: string) => process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  write(pc.bold('\nAttune'));
  const product = await startProduct({
    dataFolder: env.dataFolder,
    sharedFolder: env.dataFolder,
    port: env.PORT,
    model: env.ATTUNE_MODEL,
    databaseUrl: env.DATABASE_URL,
    dev: process.argv.includes('--dev'),
    threads: env.ATTUNE_ENGINE_THREADS,
    write,
  });
  write(`\n  ${pc.bold('Chat')}    ${pc.underline(product.url)}`);
  const link = await product.adminLink();
  if (link) write(`  ${pc.bold('Admin')}   ${pc.underline(link)}  (signs in once, within an hour)`);
  write(`  Ctrl-C ends everything; the data stays in ${env.dataFolder}\n`);

  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    write('\nEnding …');
    await product.stop();
    process.exit(0);
  };
  process.on('SIGINT', () => void stop());
  process.on('SIGTERM', () => void stop());
}

main().catch((error: unknown) => {
  const message =
    error instanceof AttuneError
      ? error.message
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error);
  process.stderr.write(`\n${pc.red('Attune did not start:')} ${message}\n`);
  process.exit(1);
});
