// Reads the rules from the table of their versions; server/services/rule/change.ts writes it.
import { asc, max, sql } from 'drizzle-orm';
import { RuleSet } from '@/core/constraints/rules';
import type { Executor } from './client';
import { ruleVersion } from './schema';

/** The version of the rule set that holds now. */
export async function readRuleSetVersion(db: Executor): Promise<number> {
  const [row] = await db.select({ version: max(ruleVersion.setVersion) }).from(ruleVersion);
  return row!.version!;
}

/** As the set was at `version`, or is now. For a version from before the table it is the oldest that is known. */
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
  return RuleSet.parse({
    version: version ?? Math.max(...rows.map(({ setVersion }) => setVersion)),
    rules: rows.flatMap(({ ruleId, version, settings, isRemoved }) =>
      isRemoved ? [] : [{ ...settings, id: ruleId, version }],
    ),
  });
}
