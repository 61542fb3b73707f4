// Declares the table of API requests that may be sent again, and of their answers.
import { index, integer, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { apiKey } from './api';
import { createdAt } from './columns';
import { conversation } from './conversation';

/** The request and answers behind a key that the caller chose; deleted together with the answers. */
export const idempotencyKey = pgTable(
  'idempotency_key',
  {
    apiKeyId: uuid('api_key_id')
      .notNull()
      .references(() => apiKey.id, { onDelete: 'cascade' }),
    key: text('key').notNull(),
    /** The fingerprint of the first request. */
    fingerprint: text('fingerprint').notNull(),
    conversationId: uuid('conversation_id')
      .notNull()
      .references(() => conversation.id, { onDelete: 'cascade' }),
    /** In the order of the choices. */
    generationIds: uuid('generation_ids').array().notNull(),
    promptTokens: integer('prompt_tokens').notNull(),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.apiKeyId, t.key] }), index('idempotency_key_conversation').on(t.conversationId)],
);
