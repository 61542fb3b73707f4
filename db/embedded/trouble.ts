// Turns what the embedded Postgres's programs wrote into a sentence that says why it did not start.
import { AttuneError } from '@/core/errors';

export function explainPostgres(cause: unknown, said: readonly string[], directory: string): AttuneError {
  const text = said.join('\n');
  if (/No space left on device|ENOSPC/i.test(text)) {
    return new AttuneError('UNAVAILABLE', `The disk of ${directory} is full; free some space and start again.`, {
      cause,
    });
  }
  if (/Read-only file system|Permission denied/i.test(text)) {
    return new AttuneError('UNAVAILABLE', `${directory} cannot be written (${last(said)}); check its permissions.`, {
      cause,
    });
  }
  if (/Address already in use|could not bind/i.test(text)) {
    return new AttuneError('CONFLICT', `Another program took the database's port; start Attune again.`, { cause });
  }
  if (/database files are incompatible/i.test(text)) {
    return new AttuneError(
      'CORRUPT',
      `${directory} was made by another major version of Postgres; move it away and restore a backup.`,
      { cause },
    );
  }
  const reason = last(said) || (cause instanceof Error ? cause.message : String(cause));
  return new AttuneError(
    'UNAVAILABLE',
    `The database in ${directory} cannot be opened (${reason}). Nothing was changed or removed; move the folder away to begin with an empty one.`,
    { cause },
  );
}

const last = (said: readonly string[]) => said.slice(-2).join(' ');
