// Keeps the rules of a run's first attempt, so that they apply to the whole run.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { DEFAULT_RULES, RuleSet } from '@/core/constraints/rules';
import { writeDurably } from '@/core/durable-file';
import type { RunHome } from '../store';

export async function freezeRules(home: RunHome): Promise<RuleSet> {
  const file = path.join(home.folder, 'rules.json');
  if (existsSync(file)) return readFrozen(JSON.parse(await readFile(file, 'utf8')));
  const rules = RuleSet.default(DEFAULT_RULES).parse(await home.rules());
  await writeDurably(file, JSON.stringify(rules));
  return rules;
}

/** In a run of an earlier release, a profanity rule names a preset in place of its languages. */
function readFrozen(frozen: { version: unknown; rules: { preset?: unknown }[] }): RuleSet {
  const rules = frozen.rules.map(({ preset, ...rule }) =>
    preset === undefined ? rule : { ...rule, languages: preset === 'english' ? ['en'] : [] },
  );
  return RuleSet.parse({ ...frozen, rules });
}
