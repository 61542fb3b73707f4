// What happens around the loop: the last answers that may be read, experiments, what rules found, and the raters.
import type { Product } from '@/server/services/product';
import { readRaters } from './raters';
import { readRuleRates } from './rule-rates';
import { readSamples } from './samples';
import { readTrials } from './trials';
import type { LiveView } from './views';

export async function live(product: Product): Promise<LiveView> {
  const { db } = product;
  const [samples, trials, rules, raters] = await Promise.all([
    readSamples(db),
    readTrials(db),
    readRuleRates(db),
    readRaters(product),
  ]);
  return { samples, trials, rules, raters };
}
