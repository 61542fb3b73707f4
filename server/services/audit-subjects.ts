// Finds the names of what entries of the audit log are about.
import { desc, eq, inArray } from 'drizzle-orm';
import type { Executor } from '@/db/client';
import { apiKey, experiment, judge, promptSet, ruleVersion, user } from '@/db/schema';

interface Entry {
  action: string;
  subject: string;
}
type Named = { id: string; name: string | null };

/** By what the subject is the id of: the first part of the action, or `set`. */
const READERS: Record<string, (db: Executor, ids: string[]) => Promise<Named[]>> = {
  account: readPeople,
  password: readPeople,
  rater: readPeople,
  user: readPeople,
  api_key: (db, ids) => db.select({ id: apiKey.id, name: apiKey.name }).from(apiKey).where(inArray(apiKey.id, ids)),
  experiment: (db, ids) =>
    db.select({ id: experiment.id, name: experiment.name }).from(experiment).where(inArray(experiment.id, ids)),
  judge: (db, ids) =>
    db
      .select({ id: judge.id, name: user.name })
      .from(judge)
      .innerJoin(user, eq(user.id, judge.userId))
      .where(inArray(judge.id, ids)),
  set: (db, ids) =>
    db.select({ id: promptSet.id, name: promptSet.name }).from(promptSet).where(inArray(promptSet.id, ids)),
  rule: async (db, ids) => {
    const rows = await db
      .selectDistinctOn([ruleVersion.ruleId], { id: ruleVersion.ruleId, settings: ruleVersion.settings })
      .from(ruleVersion)
      .where(inArray(ruleVersion.ruleId, ids))
      .orderBy(ruleVersion.ruleId, desc(ruleVersion.version));
    return rows.map(({ id, settings }) => ({ id, name: typeof settings.name === 'string' ? settings.name : null }));
  },
};

function readPeople(db: Executor, ids: string[]): Promise<Named[]> {
  return db.select({ id: user.id, name: user.name }).from(user).where(inArray(user.id, ids));
}

const OF_SETS = ['rating.upload', 'feedback.import'];
const kindOf = (action: string) => (OF_SETS.includes(action) ? 'set' : action.split('.', 1)[0]!);

/** The names that are known, in the order of the entries; null for what has none, or is gone. */
export async function nameSubjects(db: Executor, entries: readonly Entry[]): Promise<(string | null)[]> {
  const names = new Map<string, string>();
  for (const [kind, read] of Object.entries(READERS)) {
    const ids = entries.filter(({ action }) => kindOf(action) === kind).map(({ subject }) => subject);
    if (ids.length === 0) continue;
    for (const { id, name } of await read(db, [...new Set(ids)])) if (name) names.set(`${kind} ${id}`, name);
  }
  return entries.map(({ action, subject }) => names.get(`${kindOf(action)} ${subject}`) ?? null);
}
