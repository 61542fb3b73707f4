// The profanity rule beside other filters on labelled sets: precision, recall, F1 and time.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Profanity } from '@2toad/profanity';
import { englishDataset, englishRecommendedTransformers, RegExpMatcher } from 'obscenity';
import { runPython, setupPeerPython } from '@/bench/peers/python';
import { compileProfanity, ProfanityRule } from '@/core/constraints/profanity';
import { NO_CONTEXT } from '@/core/constraints/scanner';
import { env } from '@/product/env';
import { percent } from './row';
import { type LabelledText, SETS } from './sets';

/** Whether each text swears, and the time that it took. */
interface Verdicts {
  hits: boolean[];
  msPerTurn: number;
}

function timed(isHit: (text: string) => boolean, texts: readonly string[]): Verdicts {
  for (const text of texts) isHit(text); // warm
  const start = process.cpuUsage();
  const hits = texts.map(isHit);
  return { hits, msPerTurn: process.cpuUsage(start).user / 1000 / texts.length };
}

export function ruleOf(level: 'vulgar' | 'strict') {
  const rule = compileProfanity(ProfanityRule.parse({ id: 'p', kind: 'profanity', level }));
  return (text: string) => {
    const scanner = rule.scan(NO_CONTEXT);
    scanner.push(text);
    scanner.end();
    return scanner.found.length > 0;
  };
}

/** LDNOOBW's English words as a person would look for them: whole words, without regard to case. */
function plainListOf() {
  const file = createRequire(import.meta.url).resolve('naughty-words/en.json');
  const words: string[] = JSON.parse(readFileSync(file, 'utf8'));
  const escaped = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const any = new RegExp(`(?<![\\p{L}\\p{N}])(?:${escaped.join('|')})(?![\\p{L}\\p{N}])`, 'iu');
  return (text: string) => any.test(text);
}

/** alt-profanity-check's classifier. better-profanity is not here: it needs 8.6 ms for a short turn, minutes for a set. */
async function pythonVerdicts(texts: readonly string[]): Promise<Record<string, Verdicts>> {
  const python = await setupPeerPython('words', env.dataFolder, console.log);
  const program = join(import.meta.dirname, '../peers/words.py');
  return JSON.parse(await runPython(python, [program], JSON.stringify(texts)));
}

export function scoresOf(rows: readonly LabelledText[], hits: readonly boolean[]) {
  const count = (isHit: boolean, found: boolean) =>
    rows.filter((row, i) => row.isHit === isHit && hits[i] === found).length;
  const [found, falsely, missed] = [count(true, true), count(false, true), count(true, false)];
  const precision = found / Math.max(found + falsely, 1);
  const recall = found / (found + missed);
  const f1 = (2 * found) / (2 * found + falsely + missed);
  return { precision: percent(precision), recall: percent(recall), f1: percent(f1), found, falsely, missed };
}

export async function compareProfanity() {
  const obscenity = new RegExpMatcher({ ...englishDataset.build(), ...englishRecommendedTransformers });
  const toad = new Profanity();
  const plainList = plainListOf();
  const filters: Record<string, (text: string) => boolean> = {
    obscenity: (text) => obscenity.hasMatch(text),
    '@2toad/profanity': (text) => toad.exists(text),
    'word list (LDNOOBW)': plainList,
  };
  const rules = { profanity: ruleOf('vulgar'), 'profanity, strict': ruleOf('strict') };
  const rows = [];
  for (const [set, read] of Object.entries(SETS)) {
    const labelled = read();
    const texts = labelled.map(({ text }) => text);
    const peers: Record<string, Verdicts> = {
      ...Object.fromEntries(Object.entries(filters).map(([peer, isHit]) => [peer, timed(isHit, texts)])),
      ...(await pythonVerdicts(texts)),
    };
    for (const [rule, isHit] of Object.entries(rules)) {
      const ours = timed(isHit, texts);
      const scores = scoresOf(labelled, ours.hits);
      for (const [peer, verdicts] of Object.entries(peers)) {
        const theirs = scoresOf(labelled, verdicts.hits);
        rows.push({
          ...{
            set,
            rule,
            ...scores,
            msPerTurn: ours.msPerTurn,
            positives: scores.found + scores.missed,
            texts: texts.length,
          },
          ...{
            peer,
            peerF1: theirs.f1,
            peerPrecision: theirs.precision,
            peerRecall: theirs.recall,
            peerFound: theirs.found,
          },
          ...{ peerFalsely: theirs.falsely, peerMissed: theirs.missed, peerMsPerTurn: verdicts.msPerTurn },
        });
      }
    }
  }
  return rows;
}
