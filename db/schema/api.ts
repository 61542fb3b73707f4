// Declares the tables of the API's keys, usage and limits.
import {
  bigint,
  boolean,
  date,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uuid,
  varchar,
} from 'drizzle-orm/pg-core';
import { createdAt, userId } from './columns';

/** A bearer key of the OpenAI-compatible API. The key itself is shown once and never stored. */
export const apiKey = pgTable(
  'api_key',
  {
    id: uuid('id').primaryKey().defaultRandom(),
    userId: userId(),
    name: text('name').notNull(),
    /** The key's first characters, so that a person can tell keys apart. */
    prefix: text('prefix').notNull(),
    sha256: text('sha256').notNull().unique(),
    /** The consent of conversations that its requests create. */
    allowTraining: boolean('allow_training').notNull(),
    createdAt: createdAt(),
    lastUsedAt: timestamp('last_used_at', { withTimezone: true }),
    revokedAt: timestamp('revoked_at', { withTimezone: true }),
  },
  (t) => [index('api_key_user').on(t.userId, t.createdAt)],
);

/** What a person used on a day (UTC), through the chat or through a key. */
export const usage = pgTable(
  'usage',
  {
    userId: userId(),
    /** `chat`, or the id of a key. */
    source: text('source').notNull(),
    day: date('day').notNull(),
    requests: integer('requests').notNull().default(0),
    promptTokens: bigint('prompt_tokens', { mode: 'number' }).notNull().default(0),
    completionTokens: bigint('completion_tokens', { mode: 'number' }).notNull().default(0),
  },
  (t) => [primaryKey({ columns: [t.userId, t.source, t.day] })],
);

/** Requests and tokens in the current minute; columns and types are those of rate-limiter-flexible. */
export const rateLimit = pgTable('rate_limit', {
  key: varchar('key', { length: 255 }).primaryKey(),
  points: integer('points').notNull().default(0),
  /** Milliseconds since 1970. */
  expire: bigint('expire', { mode: 'number' }),
});
