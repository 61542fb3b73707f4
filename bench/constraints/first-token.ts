// How long an answer's first token waits for the next under the default rule: turns of people, cut by the base's tokenizer.
import { DEFAULT_RULES, textRules } from '@/core/constraints/rules';
import { NO_CONTEXT } from '@/core/constraints/scanner';
import { StreamFilter } from '@/core/constraints/stream-filter';
import { loadChosenBase } from '@/product/base';
import { turnsOfPeople } from './sets';

const TURNS = 20_000;
const COMMONEST = 20;

export async function measureFirstToken() {
  const { base } = await loadChosenBase();
  const rules = textRules(DEFAULT_RULES);
  const delays: number[] = [];
  const held = new Map<string, number>();
  const turns = turnsOfPeople().slice(0, TURNS);
  for (const turn of turns) {
    const tokens = Array.from(base.tokenizer.encode(turn), (id) => base.tokenizer.decode([id]));
    const filter = new StreamFilter(rules.map(({ compiled }) => compiled.scan(NO_CONTEXT)));
    const shownAt = tokens.findIndex((token) => filter.push(token) !== '');
    const delay = shownAt < 0 ? tokens.length : shownAt;
    delays.push(delay);
    if (delay > 0) held.set(tokens[0]!, (held.get(tokens[0]!) ?? 0) + 1);
  }
  delays.sort((a, b) => a - b);
  const quantile = (share: number) => delays[Math.floor(share * delays.length)];
  return {
    firstToken: {
      tokenizer: base.id,
      turns: turns.length,
      heldShare: delays.filter((delay) => delay > 0).length / turns.length,
      /** Tokens that came after the first before anything was shown. */
      delay: { p50: quantile(0.5), p99: quantile(0.99), most: delays.at(-1) },
      commonestHeld: Object.fromEntries([...held].sort((a, b) => b[1] - a[1]).slice(0, COMMONEST)),
    },
  };
}
