// `npm start` and `npm run dev`: brings the product up, prints its address, and ends everything when told to.
import pc from 'picocolors';
import { AttuneError, toAttuneError } from '@/core/errors';
import { printable } from '@/core/text/printable';
import { startProduct } from './bring-up';
import { env } from './env';
import { watchNpm } from './npm';

const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

const write = (line: string) => process.stdout.write(`${line}\n`);

async function main(): Promise<void> {
  // From the first moment, so that a signal also ends a start in progress.
  const stopping = new AbortController();
  let exitCode = 0;
  for (const [signal, code] of Object.entries(SIGNALS)) {
    process.on(signal, () => {
      exitCode = code;
      stopping.abort(new AttuneError('CANCELLED', `Ended by ${signal}.`));
    });
  }
  watchNpm(() => stopping.abort(new AttuneError('CANCELLED', 'npm has ended.')));
  // A closed terminal must not prevent the rest from ending.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  // Files that the product writes are readable only by its user.
  process.umask(0o077);

  write(pc.bold('\nAttune'));
  try {
    const product = await startProduct({
      dataFolder: env.dataFolder,
      sharedFolder: env.dataFolder,
      port: env.PORT,
      model: env.ATTUNE_MODEL,
      databaseUrl: env.DATABASE_URL,
      dev: process.argv.includes('--dev'),
      threads: env.ATTUNE_ENGINE_THREADS,
      write,
      signal: stopping.signal,
    });
    try {
      await announce(product);
      await Promise.race([product.ended, untilAborted(stopping.signal)]);
      write('\nEnding …');
    } finally {
      await product.stop();
    }
    process.exit(0);
  } catch (error) {
    if (stopping.signal.aborted) process.exit(exitCode);
    throw error;
  }
}

async function announce(product: Awaited<ReturnType<typeof startProduct>>): Promise<void> {
  const address = env.ATTUNE_URL ?? product.url;
  const { hasPassword, link } = await product.adminAccess();
  write(`\n  ${pc.bold('Chat')}    ${pc.underline(address)}`);
  if (hasPassword)
    write(`  ${pc.bold('Admin')}   ${pc.underline(`${address}/admin`)}  (password lost: npx attune admin-link)`);
  else
    write(
      `  ${pc.bold('Admin')}   ${pc.underline(link)}  (signs in once, within an hour; more: npx attune admin-link)`,
    );
  write(`  Ctrl-C ends everything; the data stays in ${env.dataFolder}\n`);
}

const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) =>
    signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true }),
  );

main().catch((thrown: unknown) => {
  const error = toAttuneError(thrown);
  // A bug in Attune is shown with its stack; any other error with only its sentence.
  const stack = error.code === 'INTERNAL' && thrown instanceof Error ? `\n${thrown.stack}` : '';
  process.stderr.write(`\n${pc.red('Attune did not start:')} ${printable(`${error.message}${stack}`)}\n`);
  process.exit(1);
});
