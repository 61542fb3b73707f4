// Runs the process that counts figures for a web process: one request after the other, until its parent is gone.
import { toAttuneError } from '@/core/errors';
import { getDatabase } from '@/db/client';
import { keepFigure } from './services/statistics/figures';
import type { CountReply, CountRequest } from './services/statistics/kept/calculator';

let turn = Promise.resolve();

process.on('message', (request: CountRequest) => {
  turn = turn.then(() => answer(request));
});
process.on('disconnect', () => process.exit(0));

async function answer({ id, databaseUrl, runs, name, input }: CountRequest): Promise<void> {
  const reply = (error: string | null) => process.send?.({ id, error } satisfies CountReply);
  try {
    await keepFigure({ db: getDatabase(databaseUrl), runs }, name, input);
    reply(null);
  } catch (error) {
    reply(toAttuneError(error).message);
  }
}
