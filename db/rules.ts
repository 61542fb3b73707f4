// Reads the rules from the table of their versions; server/services/rule/change.ts writes it.
import { asc, max, sql } from 'drizzle-orm';
import { Rule, RuleSet } from '@/core/constraints/rules';
import { AttuneError } from '@/core/errors';
import type { Executor } from './client';
import { ruleVersion } from './schema';

/** The version of the rule set that holds now. */
export async function readRuleSetVersion(db: Executor): Promise<number> {
  const [row] = await db.select({ version: max(ruleVersion.setVersion) }).from(ruleVersion);
  return row!.version!;
}

/**
 * As the set was at `version`, or is now, without examples, because nothing that applies rules reads them. For a version
 * from before the table it is the oldest that is known. Throws CORRUPT that names a rule which cannot be read: without it
 * nothing may pass.
 */
export async function readRules(db: Executor, version: number | null = null): Promise<RuleSet> {
  const until =
    version === null
      ? undefined
      : sql`${ruleVersion.setVersion} <= greatest(${version}::integer, (select min(set_version) from ${ruleVersion}))`;
  const rows = await db
    .selectDistinctOn([ruleVersion.ruleId])
    .from(ruleVersion)
    .where(until)
    .orderBy(asc(ruleVersion.ruleId), sql`${ruleVersion.version} desc`);
  const rules = rows.flatMap(({ ruleId, version, settings, isRemoved }) =>
    isRemoved ? [] : [{ ...settings, examples: [], id: ruleId, version }],
  );
  const set = RuleSet.safeParse({
    version: version ?? Math.max(...rows.map(({ setVersion }) => setVersion)),
    rules,
  });
  if (set.success) return set.data;
  const bad = rules.find((rule) => !Rule.safeParse(rule).success);
  const what = bad ? `Rule "${bad.id}" (version ${bad.version})` : 'The set of rules';
  throw new AttuneError(
    'CORRUPT',
    `${what} cannot be read, so no message is answered and no run begins. An administrator can restore an earlier version of the rule or remove it, under /admin/rules.`,
    { cause: set.error },
  );
}
