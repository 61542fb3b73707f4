// What an admin may write on a version: its id, tags and note, as page, server and command line check them.
import { z } from 'zod';

/** One path segment that is not hidden, as an artifact's directory must be. */
export const VersionName = z
  .string()
  .trim()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, 'must have letters, digits, . _ - and begin with a letter or digit');

export const MOST_TAGS = 12;
export const LONGEST_TAG = 40;

/** Lower case, so that two spellings are one tag. */
export const VersionTag = z
  .string()
  .trim()
  .transform((text) => text.normalize('NFC').toLowerCase())
  .pipe(
    z
      .string()
      .max(LONGEST_TAG)
      .regex(/^[\p{L}\p{N}][\p{L}\p{M}\p{N}._-]*$/u, 'must have letters, digits, . _ - and no space'),
  );

/** What the list of versions can be narrowed to. */
export const VERSION_STATES = ['accepted', 'rejected', 'imported', 'retired'] as const;
export type VersionState = (typeof VERSION_STATES)[number];
