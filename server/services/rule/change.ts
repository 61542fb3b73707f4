// Changes rules: the only writer of their versions. Every change is guarded by the version that it expects.
import { isDeepStrictEqual } from 'node:util';
import { and, desc, eq, sql } from 'drizzle-orm';
import type { AuditAction } from '@/core/audit-actions';
import { HARM } from '@/core/config/constraints';
import { RULE_LIMITS } from '@/core/constraints/rule';
import { compileRule, MOST_RULES, Rule } from '@/core/constraints/rules';
import { findSpans } from '@/core/constraints/scanner';
import { CHANNELS } from '@/core/contract';
import { AttuneError } from '@/core/errors';
import { recordAudit } from '@/db/audit';
import type { Executor } from '@/db/client';
import { readRuleSetVersion } from '@/db/rules';
import { ruleVersion } from '@/db/schema';
import type { Product } from '@/server/services/product';
import { checkCharacters } from '@/server/services/text';
import { checkAnswered, checkAsked } from './check-asked';
import { examplesOf, forgetRemoved, withSources } from './example-source';
import { cutAround, type Part } from './excerpt';
import { ruleOf } from './list';
import type { FalseMarkView } from './views';

type Row = typeof ruleVersion.$inferSelect;
export interface RuleChange {
  id: string;
  version: number;
  /** The version of the whole set in which the change holds. */
  setVersion: number;
}

interface RuleToSave {
  rule: Rule;
  /** null if the rule is new. */
  expectedVersion: number | null;
  /** A server that the rule asks must give a verdict before it is saved. */
  needsVerdict?: boolean;
}

/** What does not differ is not written. */
export async function saveRule(
  product: Product,
  actorId: string,
  { rule, expectedVersion, needsVerdict = true }: RuleToSave,
  signal: AbortSignal,
): Promise<RuleChange> {
  const { id, version: _, ...settings } = rule;
  checkTexts(settings);
  compileRule(rule);
  await checkAsked(product, rule);
  if (needsVerdict) await checkAnswered(product, rule, signal);
  return product.db.transaction(async (tx) => {
    const former = await hold(tx, id);
    if (expectedVersion === null && former)
      throw new AttuneError('CONFLICT', `There is, or was, a rule "${id}". Choose another id.`, { param: 'id' });
    if (!former && id === HARM)
      throw new AttuneError('BAD_INPUT', `"${HARM}" is what training charges by the cost model. Choose another id.`, {
        param: 'id',
      });
    if (expectedVersion !== null) expectCurrent(former, id, expectedVersion);
    const examples = await withSources(tx, id, settings.examples, examplesOf(former));
    const next = { ...settings, examples };
    const was = former && !former.isRemoved ? ruleOf(former) : null;
    if (was && isDeepStrictEqual(was, { ...next, id, version: was.version }))
      return { id, version: was.version, setVersion: await readRuleSetVersion(tx) };
    if (!former || former.isRemoved) await checkRoom(tx);
    const action = former ? 'rule.change' : 'rule.add';
    const change = await append(tx, actorId, action, { ruleId: id, settings: next, isRemoved: false }, former);
    await forgetRemoved(tx, id, examplesOf(former), examples);
    return change;
  });
}

export async function removeRule(
  { db }: Product,
  actorId: string,
  { id, expectedVersion }: { id: string; expectedVersion: number },
): Promise<RuleChange> {
  return db.transaction(async (tx) => {
    const former = await hold(tx, id);
    expectCurrent(former, id, expectedVersion);
    return append(tx, actorId, 'rule.remove', { ...former, isRemoved: true }, former);
  });
}

/** The old settings become a new version, also of a rule that was removed. */
export async function restoreRule(
  product: Product,
  actorId: string,
  { id, version, expectedVersion }: { id: string; version: number; expectedVersion: number },
): Promise<RuleChange> {
  return product.db.transaction(async (tx) => {
    const former = await hold(tx, id);
    if (!former) throw new AttuneError('NOT_FOUND', `There is no rule "${id}".`);
    if (former.version !== expectedVersion) throw outdated(id, former.version, expectedVersion);
    const [old] = await tx
      .select()
      .from(ruleVersion)
      .where(and(eq(ruleVersion.ruleId, id), eq(ruleVersion.version, version)));
    if (!old) throw new AttuneError('NOT_FOUND', `Rule "${id}" has no version ${version}.`);
    await checkAsked(product, parse(old));
    if (former.isRemoved) await checkRoom(tx);
    return append(tx, actorId, 'rule.restore', { ...old, isRemoved: false }, former, { restored: version });
  });
}

/** Adds what a rule wrongly found, in its sentence, as a text that the rule must not hit. */
export async function addFalseHit(
  tx: Executor,
  actorId: string,
  { id: hitId, ruleId: id }: { id: string; ruleId: string },
  sentence: Part,
): Promise<Omit<FalseMarkView, 'ruleId'>> {
  const former = await hold(tx, id);
  const rule = former && !former.isRemoved ? ruleOf(former) : null;
  if (!former || !rule || sentence.text === '') return { example: 'none', version: null };
  const isLong = sentence.text.length > RULE_LIMITS.exampleText;
  const part = isLong ? cutAround(sentence, RULE_LIMITS.exampleText) : sentence;
  if (isLong && !isFound(rule, part)) return { example: 'long', version: null };
  const { text } = part;
  const example = isLong ? 'cut' : 'whole';
  if (rule.examples.some((one) => one.text === text && !one.isHit)) return { example: 'none', version: null };
  const examples = [...rule.examples.filter((one) => one.text !== text), { text, isHit: false, hitId }];
  if (examples.length > RULE_LIMITS.examples)
    throw new AttuneError('BAD_INPUT', `Rule "${id}" has ${RULE_LIMITS.examples} examples. Remove some first.`);
  const settings = { ...former.settings, examples };
  const { version } = await append(tx, actorId, 'rule.example', { ...former, settings }, former);
  return { example, version };
}

/** A rule that asks is not asked here: its hits are in sentences, which are short. */
function isFound(rule: Rule, { text, start, end }: Part): boolean {
  const compiled = compileRule(rule);
  return 'scan' in compiled && findSpans(compiled, text).some((span) => span.start < end && span.end > start);
}

/** Puts the settings from before a version in force again; false if the rule has changed since that version. */
export async function undoVersion(tx: Executor, actorId: string, id: string, version: number): Promise<boolean> {
  const last = await hold(tx, id);
  if (!last || last.version !== version || last.isRemoved) return false;
  const restored = version - 1;
  const [old] = await tx
    .select()
    .from(ruleVersion)
    .where(and(eq(ruleVersion.ruleId, id), eq(ruleVersion.version, restored)));
  if (!old) return false;
  await append(tx, actorId, 'rule.restore', { ...old, isRemoved: false }, last, { restored });
  await forgetRemoved(tx, id, examplesOf(last), examplesOf(old));
  return true;
}

/**
 * Makes changes take turns, because each one numbers the whole set. Take it before any row: whoever has it waits for no row,
 * and a deletion takes it last of all (trigger `hit_deleted`), so that none of them waits for the other for ever.
 */
export async function holdRules(tx: Executor): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('attune rules', 0))`);
}

/** Returns the newest version of the rule. */
async function hold(tx: Executor, id: string): Promise<Row | undefined> {
  await holdRules(tx);
  const [row] = await tx
    .select()
    .from(ruleVersion)
    .where(eq(ruleVersion.ruleId, id))
    .orderBy(desc(ruleVersion.version))
    .limit(1);
  return row;
}

function expectCurrent(former: Row | undefined, id: string, version: number): asserts former is Row {
  if (!former || former.isRemoved)
    throw new AttuneError('NOT_FOUND', `There is no rule "${id}"; it may have been removed.`);
  if (former.version !== version) throw outdated(id, former.version, version);
}

const outdated = (id: string, is: number, expected: number) =>
  new AttuneError('CONFLICT', `Rule "${id}" has version ${is} by now, not ${expected}; look again and decide again.`);

async function checkRoom(tx: Executor): Promise<void> {
  const rows = await tx
    .selectDistinctOn([ruleVersion.ruleId], { isRemoved: ruleVersion.isRemoved })
    .from(ruleVersion)
    .orderBy(ruleVersion.ruleId, desc(ruleVersion.version));
  const inForce = rows.filter(({ isRemoved }) => !isRemoved).length;
  if (inForce >= MOST_RULES)
    throw new AttuneError('BAD_INPUT', `There are ${inForce} rules and no room for more. Remove one first.`);
}

/** Throws if the product does not understand the settings. */
function parse({ ruleId, version, settings }: Pick<Row, 'ruleId' | 'version' | 'settings'>): Rule {
  const parsed = Rule.safeParse({ ...settings, id: ruleId, version });
  if (parsed.success) return parsed.data;
  throw new AttuneError('UNSUPPORTED', `Version ${version} of rule "${ruleId}" is of a form that is not read.`, {
    cause: parsed.error,
  });
}

async function append(
  tx: Executor,
  actorId: string,
  action: AuditAction,
  { ruleId, settings: given, isRemoved }: Pick<Row, 'ruleId' | 'settings' | 'isRemoved'>,
  former: Row | undefined,
  detail: Record<string, unknown> = {},
): Promise<RuleChange> {
  const version = (former?.version ?? 0) + 1;
  const examples = await withSources(tx, ruleId, examplesOf({ settings: given }), examplesOf(former));
  const settings = Array.isArray(given.examples) ? { ...given, examples } : given;
  // What is in force can always be read; a rule that cannot be can still be removed.
  if (!isRemoved) parse({ ruleId, version, settings });
  const setVersion = (await readRuleSetVersion(tx)) + 1;
  await tx.insert(ruleVersion).values({ ruleId, version, setVersion, settings, isRemoved, authorId: actorId });
  const changed = Object.keys(settings).filter((key) => !isDeepStrictEqual(settings[key], former?.settings[key]));
  await recordAudit(tx, actorId, action, ruleId, { version, ...(former && !isRemoved && { changed }), ...detail });
  await tx.execute(sql`select pg_notify(${CHANNELS.rules}, ${String(setVersion)})`);
  return { id: ruleId, version, setVersion };
}

function checkTexts(value: unknown): void {
  if (typeof value === 'string') checkCharacters(value, 'rule');
  else if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) checkTexts(part);
}
