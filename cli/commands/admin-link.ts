// `attune admin-link`: prints a new link that signs an admin in, whether or not the product runs.
import { parseArgs } from 'node:util';
import { findDatabase } from '@/cli/database';
import { localUrl } from '@/core/env';
import { AttuneError } from '@/core/errors';
import { findHolder } from '@/core/process/folder-lock';
import { env } from '@/product/env';
import { productLock } from '@/product/folders';
import { authSecret } from '@/product/processes';
import { openAdminAccess } from '@/product/setup/admin-link';

export const usage = `attune admin-link [EMAIL]

Prints a link that signs an admin in once, within an hour.
EMAIL  the admin's address; without it, the first admin, who is created if there is none`;

export async function run(args: string[]): Promise<number> {
  const { positionals } = parseArgs({ args, allowPositionals: true, options: {} });
  const [email, ...others] = positionals;
  if (others.length > 0) throw new AttuneError('BAD_INPUT', `Name one admin.\n\n${usage}`);
  const { dataFolder } = env;
  const holder = findHolder(productLock(dataFolder));
  const database = await findDatabase(holder !== null);
  try {
    const { link } = await openAdminAccess({
      databaseUrl: database.url,
      url: env.ATTUNE_URL ?? holder?.url ?? localUrl(env),
      secret: authSecret(dataFolder),
      email,
    });
    console.log(link);
    if (!holder) console.error('Attune is not running on this folder: start it within the hour, then open the link.');
  } finally {
    await database.stop();
  }
  return 0;
}
