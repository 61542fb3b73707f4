// `attune admin-link`: a new link that signs an admin in, whether the product runs or not.
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
EMAIL  the admin's address; the first admin, made where there is none, without it`;

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
    if (!holder)
      console.error('Attune does not run over this folder now: start it within the hour, then open the link.');
  } finally {
    await database.stop();
  }
  return 0;
}
