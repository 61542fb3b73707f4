// Chooses the system user for Postgres, which refuses to run as root.
import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { AttuneError } from '@/core/errors';

export interface Identity {
  uid: number;
  gid: number;
}

/** null is the current user; for root it is the system user `postgres`, which is created if it is missing. */
export function postgresIdentity(): Identity | null {
  if (process.getuid?.() !== 0) return null;
  const idOf = (flag: string) =>
    Number(execFileSync('id', [flag, 'postgres'], { stdio: ['ignore', 'pipe', 'ignore'] }));
  try {
    return { uid: idOf('-u'), gid: idOf('-g') };
  } catch {
    try {
      execFileSync('useradd', ['--system', '--user-group', '--no-create-home', 'postgres'], { stdio: 'ignore' });
      return { uid: idOf('-u'), gid: idOf('-g') };
    } catch (cause) {
      throw new AttuneError(
        'UNSUPPORTED',
        'Postgres does not run as root and the user "postgres" could not be made; run Attune as another user, or set DATABASE_URL.',
        { cause },
      );
    }
  }
}

/** Throws unless another user can reach these paths. */
export function assertReachable(paths: string[]): void {
  for (const start of paths) {
    for (let at = path.dirname(start); at !== path.dirname(at); at = path.dirname(at)) {
      if (existsSync(at) && (statSync(at).mode & 0o001) === 0) {
        throw new AttuneError(
          'UNSUPPORTED',
          `As root, Postgres runs as the user "postgres", who cannot enter ${at}; run Attune as another user or place it elsewhere.`,
        );
      }
    }
  }
}
