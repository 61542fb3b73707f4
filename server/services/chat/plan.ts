// Plans the answers to a message: whose version and settings each has, and the prompt that it continues.
import type { ChatMessage } from '@/core/base/base';
import type { SettingsChange } from '@/core/rollout/layers';
import { Sampling } from '@/core/sampling';
import type { Assignment } from '@/server/rollout/assign';
import type { AnswerPlan } from '../generation/answer';
import { buildPrompt, fitAnswer } from '../generation/prompt';
import { drawSeed, type Product } from '../product';
import type { Serving } from '../settings';
import type { MessageRow } from './path';

/** `path` ends with the person's message. Answers with the same system prompt have the same prompt. */
export function planAnswers(
  product: Product,
  settings: Serving,
  path: MessageRow[],
  arms: Assignment[],
  override: Partial<Sampling> = {},
): AnswerPlan[] {
  const context = product.maxContext;
  const messages = path
    .map(({ role, content }): ChatMessage => ({ role, content }))
    .filter(({ content }) => content !== '');
  const chosen = arms.map((arm, index) => {
    const change: SettingsChange = Object.assign({}, ...arm.settings.map((one) => one.change));
    const { systemPrompt = settings.systemPrompt, ...sampling } = change;
    const asked = { ...settings.sampling, ...sampling, ...override };
    const seed = index === 0 && override.seed !== undefined ? override.seed : drawSeed(product);
    const maxTokens = fitAnswer(asked.maxTokens, context);
    return { systemPrompt, answer: { arm, sampling: Sampling.parse({ ...asked, maxTokens, seed }) } };
  });
  const room = context - Math.max(...chosen.map(({ answer }) => answer.sampling.maxTokens));
  const plans: AnswerPlan[] = [];
  for (const { systemPrompt, answer } of chosen) {
    const same = plans.find((plan) => plan.systemPrompt === systemPrompt);
    if (same) same.answers.push(answer);
    else {
      const promptIds = buildPrompt(product.base, systemPrompt, messages, room);
      plans.push({ parent: path.at(-1)!, promptIds, systemPrompt, answers: [answer] });
    }
  }
  return plans;
}
