// Tries a rule out before it is saved: on its examples, and on what people wrote and were answered.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { judgeText } from '@/core/constraints/judge-text';
import { noVerdictOf } from '@/core/constraints/kinds/http';
import { compileRule, type Rule } from '@/core/constraints/rules';
import { NO_CONTEXT, type Span } from '@/core/constraints/scanner';
import type { NoVerdict } from '@/core/errors';
import type { Product } from '@/server/services/product';
import { excerptOf } from './excerpt';
import { findRule } from './list';
import { readAnswersBehind, readMessagesBehind } from './read-text';
import type { PreviewView, TrialView } from './views';

/** Texts of a preview; a rule that asks something else gets fewer. */
const MOST_TEXTS = { text: 5000, verdict: 200 };
const PREVIEW_MS = 10_000;
const PAGE = 250;
const MOST_SHOWN = 5;
/** Examples are judged side by side. */
const AT_ONCE = 20;

/** null if the rule gave no verdict. */
const spansIn = (...asked: Parameters<typeof judgeText>): Promise<Span[] | null> =>
  judgeText(...asked).catch(() => null);

/** What the rule finds in each of its examples, and in one more text. */
export async function tryRule(
  { tools }: Product,
  { rule, text }: { rule: Rule; text: string },
  signal: AbortSignal,
): Promise<TrialView> {
  const compiled = compileRule(rule);
  const texts = [...rule.examples.map((example) => example.text), text];
  const found: (Span[] | null)[] = [];
  const reasons: (NoVerdict | null)[] = texts.map(() => null);
  const judge = (one: string, at: number) =>
    judgeText(compiled, { text: one, context: NO_CONTEXT }, tools, signal).catch((error: unknown) => {
      if (rule.kind === 'http') reasons[at] = noVerdictOf(error);
      return null;
    });
  for (let i = 0; i < texts.length; i += AT_ONCE) {
    const some = texts.slice(i, i + AT_ONCE);
    found.push(...(await Promise.all(some.map((one, at) => judge(one, i + at)))));
    await nextTurn();
  }
  return { examples: found.slice(0, -1), reasons: reasons.slice(0, -1), text: found.at(-1)! };
}

/** How often the rule, as it is now and as it would be, hits the newest texts that admins may read. */
export async function previewRule(product: Product, rule: Rule, signal: AbortSignal): Promise<PreviewView> {
  const deadline = AbortSignal.timeout(PREVIEW_MS);
  const ends = AbortSignal.any([signal, deadline]);
  const former = await findRule(product.db, rule.id);
  const now = former && compileRule(former);
  const then = compileRule(rule);
  const most = [now, then].every((one) => !one || 'scan' in one) ? MOST_TEXTS.text : MOST_TEXTS.verdict;
  const isInput = rule.output === 'off' && rule.input !== 'off';
  const readPage = isInput ? readMessagesBehind : readAnswersBehind;
  const view: PreviewView = {
    what: isInput ? 'messages' : 'answers',
    ...{ texts: 0, before: now ? 0 : null, after: 0, failed: 0, isComplete: false, added: [], removed: [] },
  };
  let cursor: string | null = null;
  while (view.texts < most && !ends.aborted) {
    const page: Awaited<ReturnType<typeof readPage>> = await readPage(
      product,
      cursor,
      Math.min(PAGE, most - view.texts),
    );
    for (const one of page) {
      if (ends.aborted) return view;
      const was = now ? await spansIn(now, one, product.tools, ends) : [];
      const is = await spansIn(then, one, product.tools, ends);
      if (ends.aborted) return view;
      view.texts++;
      if (!was || !is) {
        view.failed++;
        continue;
      }
      if (view.before !== null && was.length > 0) view.before++;
      if (is.length > 0) view.after++;
      if (is.length > 0 && was.length === 0 && view.added.length < MOST_SHOWN)
        view.added.push(excerptOf(one.text, is[0]!));
      if (is.length === 0 && was.length > 0 && view.removed.length < MOST_SHOWN)
        view.removed.push(excerptOf(one.text, was[0]!));
    }
    const last = page.at(-1);
    if (!last || page.length < Math.min(PAGE, most)) {
      view.isComplete = true;
      return view;
    }
    cursor = last.cursor;
    await nextTurn();
  }
  view.isComplete = !ends.aborted;
  return view;
}
