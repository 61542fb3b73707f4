// Answers of a candidate and its parent to the same public questions, for people who want to see what changed.
import type { ExampleAnswers } from '@/core/artifact/manifest';
import { judge } from '@/core/constraints/judge';
import { EXAMPLE_QUESTIONS } from '@/core/gates/example-questions';
import { hash32 } from '@/core/rng';
import { costsOf } from '@/trainer/math/constraint';
import { type Run, serveAdapter } from '@/trainer/runs/context';
import { judgingOf, sampleCompletions } from './answers/sample';

/** Tokens of an example; a longer answer is cut, because 40 answers are sampled for people's eyes alone. */
const MAX_TOKENS = 64;

/** An answer that breaks a rule is left out with its question: the page is public. */
export async function sampleExamples(run: Run, versionId: string): Promise<ExampleAnswers[]> {
  const engine = await run.engine();
  const { rules } = run;
  const { decode, endIds } = judgingOf(run);
  const prompts = EXAMPLE_QUESTIONS.map((content) =>
    Int32Array.from(run.base.renderPrompt([{ role: 'user', content }])),
  );
  const sampling = {
    count: prompts.length,
    maxTokens: MAX_TOKENS,
    seed: hash32(run.policyConfig.seed, 7),
    signal: run.sink.signal,
  };
  const answersOf = async (id: string) => {
    const { completions } = await sampleCompletions(engine, id, prompts, sampling);
    return completions.map(({ completionIds }) =>
      storable(decode([...completionIds].filter((token) => !endIds.includes(token)))).trim(),
    );
  };
  const after = await answersOf(versionId);
  const before = await answersOf(await serveAdapter(engine, 'parent', run.parent));
  const asking = new Set(rules.rules.filter(({ kind }) => kind === 'classifier').map(({ id }) => id));
  const classified = run.constraints.filter(({ name }) => asking.has(name));
  const examples: ExampleAnswers[] = [];
  for (const [i, question] of EXAMPLE_QUESTIONS.entries()) {
    const answers = { before: before[i]!, after: after[i]! };
    const texts = Object.values(answers);
    if (texts.some((text) => judge(rules, text).hits.length > 0)) continue;
    const completed = texts.map((text) => ({ promptIds: prompts[i]!, completionIds: new Int32Array(), text }));
    const costs = [...(await costsOf(classified, completed)).values()];
    if (costs.every((own) => own.every((cost) => cost === 0))) examples.push({ question, ...answers });
  }
  return examples;
}

/** Postgres holds no NUL in its JSON. */
const storable = (text: string) => text.replaceAll('\0', '\uFFFD');
