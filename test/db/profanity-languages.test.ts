// A profanity rule that was stored with a preset names its languages after the migration.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { eq, sql } from 'drizzle-orm';
import { expect, it } from 'vitest';
import { RuleSet } from '@/core/constraints/rules';
import { closeDatabase, getDatabase } from '@/db/client';
import { setting } from '@/db/schema';
import { writeSetting } from '@/db/settings';
import { createTestDatabase } from './database';

const FOLDER = path.join(import.meta.dirname, '../../drizzle');
const file = readdirSync(FOLDER).find((name) => name.endsWith('_profanity_languages.sql'))!;

it('english becomes en, none becomes no language, and the rest of the rules stays', async () => {
  const { url, drop } = await createTestDatabase();
  const db = getDatabase(url);
  try {
    const rule = (id: string, settings: object) => ({ id, kind: 'profanity', ...settings });
    const rules = [rule('a', { preset: 'english' }), rule('b', { preset: 'none', words: ['pizzazz'] }), rule('c', {})];
    await writeSetting(db, 'constraints', { version: 3, rules });
    await db.execute(sql.raw(readFileSync(path.join(FOLDER, file), 'utf8')));
    const [row] = await db.select().from(setting).where(eq(setting.key, 'constraints'));
    expect(RuleSet.parse(row!.value)).toMatchObject({
      version: 3,
      rules: [
        { id: 'a', languages: ['en'] },
        { id: 'b', languages: [], words: ['pizzazz'] },
        { id: 'c', languages: ['en', 'ja'] },
      ],
    });
  } finally {
    await closeDatabase(url);
    await drop();
  }
});
