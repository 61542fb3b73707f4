// Keeps the rules of a run's first attempt, and the classifiers that they name, so that they apply to the whole run.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Classifiers, type RunExported } from '@/core/classifier/classifiers';
import { DEFAULT_RULES, RuleSet } from '@/core/constraints/rules';
import { writeDurably } from '@/core/durable-file';
import { AttuneError } from '@/core/errors';
import type { RunHome } from '../store';

export interface FrozenRules {
  rules: RuleSet;
  /** Those of the rules on answers, as they were when the run began. */
  classifiers: Classifiers;
}

/** Throws BAD_INPUT if a rule on answers names a classifier that `served` does not have. */
export async function freezeRules(home: RunHome, served: string, runExported: RunExported): Promise<FrozenRules> {
  const file = path.join(home.folder, 'rules.json');
  const folder = path.join(home.folder, 'classifiers');
  const isFrozen = existsSync(file);
  const rules = isFrozen
    ? readFrozen(file, await readFile(file, 'utf8'))
    : RuleSet.default(DEFAULT_RULES).parse(await home.rules());
  const source = new Classifiers(served, runExported);
  const classifiers = new Classifiers(folder, runExported);
  for (const rule of rules.rules) {
    if (rule.kind !== 'classifier' || rule.output === 'off') continue;
    await source.copyTo(rule.classifier, folder);
    await classifiers.checkLabels(rule.classifier, Object.keys(rule.thresholds));
  }
  if (!isFrozen) await writeDurably(file, JSON.stringify(rules));
  return { rules, classifiers };
}

/** In a run of an earlier release, a profanity rule names a preset in place of its languages. */
function readFrozen(file: string, text: string): RuleSet {
  try {
    const frozen = JSON.parse(text) as { version: unknown; rules: { preset?: unknown }[] };
    const rules = frozen.rules.map(({ preset, ...rule }) =>
      preset === undefined ? rule : { ...rule, languages: preset === 'english' ? ['en'] : [] },
    );
    return RuleSet.parse({ ...frozen, rules });
  } catch (cause) {
    throw new AttuneError('CORRUPT', `${file} holds no rules that can be read. Start the run anew.`, { cause });
  }
}
