// Declares the tables of imports: which files a set holds, and which people were named in them.
import { index, integer, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core';
import { user } from '../auth-schema';
import { createdAt } from './columns';
import { promptSet } from './conversation';

/** A file of a set. Until it is finished, its conversations have no consent, so that nothing half-imported is used. */
export const importedFile = pgTable(
  'imported_file',
  {
    promptSetId: uuid('prompt_set_id')
      .notNull()
      .references(() => promptSet.id, { onDelete: 'cascade' }),
    sha256: text('sha256').notNull(),
    name: text('name').notNull(),
    /** Lines that are in the database; an interrupted import continues after them. */
    linesDone: integer('lines_done').notNull().default(0),
    finishedAt: timestamp('finished_at', { withTimezone: true }),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.promptSetId, t.sha256] })],
);

/** A person who is named in a file: a user without a way to sign in, whose name is the file's name for them. */
export const importedPerson = pgTable(
  'imported_person',
  {
    userId: text('user_id')
      .primaryKey()
      .references(() => user.id, { onDelete: 'cascade' }),
    promptSetId: uuid('prompt_set_id')
      .notNull()
      .references(() => promptSet.id, { onDelete: 'cascade' }),
  },
  (t) => [index('imported_person_set').on(t.promptSetId)],
);
