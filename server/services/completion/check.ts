// Checks what a program sends for a person against the rules: every turn of a person, because requests repeat them.
import { AttuneError } from '@/core/errors';
import type { CheckedInput } from '@/server/constraints/input-rules';
import type { RuleHit } from '@/server/constraints/rule-hit';
import type { Product } from '@/server/services/product';
import type { InputCheck } from '@/server/services/rule/input';
import { checkIds, type Prompt, turnsOf } from './prompt';

export interface CheckedPrompt {
  /** As the model gets it. */
  prompt: Prompt;
  inputs: CheckedInput[];
  /** By the text of the turn. */
  hitsIn: Map<string, RuleHit[]>;
}

export async function checkPrompt(product: Product, check: InputCheck, prompt: Prompt): Promise<CheckedPrompt> {
  const { param } = prompt;
  if ('messages' in prompt) {
    const inputs: CheckedInput[] = [];
    const messages = await Promise.all(
      prompt.messages.map(async (message, index) => {
        if (message.role !== 'user') return message;
        const checked = await check(message.content, `${param}[${index}].content`);
        inputs.push(checked);
        return { ...message, content: checked.text };
      }),
    );
    return withHits({ param, messages }, inputs);
  }
  if ('text' in prompt) {
    const checked = await check(prompt.text, param);
    return withHits({ param, text: checked.text }, [checked]);
  }
  checkIds(prompt.ids, product.base.weights.config.vocabSize, param);
  const checked = await check(turnsOf(product, prompt)[0]!.content, param);
  return withHits(prompt, [{ ...checked, refusal: checked.refusal ?? unmaskable(checked, param) }]);
}

/** What stands for a mask in token ids would be another prompt. */
function unmaskable({ hits }: CheckedInput, param: string): AttuneError | null {
  if (!hits.some(({ action }) => action === 'mask')) return null;
  return new AttuneError('CONSTRAINT', 'A content rule hides a part of this prompt. Send it as text.', { param });
}

const withHits = (prompt: Prompt, inputs: CheckedInput[]): CheckedPrompt => ({
  ...{ prompt, inputs },
  hitsIn: new Map(inputs.map(({ text, hits }) => [text, hits])),
});
