// The rule sets that this process has read: the current one is looked up for each answer, so that a change holds at once.
import type { RuleSet } from '@/core/constraints/rules';
import type { Executor } from '@/db/client';
import { readRuleSetVersion, readRules } from '@/db/rules';

/** Sets in memory: answers that run, and repeated requests, still need an earlier one. */
const MOST_SETS = 8;

export class RuleBook {
  private readonly sets = new Map<number, Promise<RuleSet>>();

  constructor(private readonly db: Executor) {}

  async current(): Promise<RuleSet> {
    return this.at(await readRuleSetVersion(this.db));
  }

  /** The set as it was at this version, which never changes. */
  at(version: number): Promise<RuleSet> {
    const known = this.sets.get(version);
    if (known) return known;
    const read = readRules(this.db, version);
    this.sets.set(version, read);
    read.catch(() => this.sets.delete(version));
    for (const oldest of this.sets.keys()) {
      if (this.sets.size <= MOST_SETS) break;
      this.sets.delete(oldest);
    }
    return read;
  }
}
