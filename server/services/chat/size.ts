// Says how much room a message to the model has, and how much of it a text takes.
import type { Settings } from '@/core/settings';
import { fitAnswer, type MessageSize, measureMessage } from '../generation/prompt';
import type { Product } from '../product';
import { readSettings } from '../settings';

/** How long a message to the model may be. */
export async function limits(product: Product): Promise<{ messageTokens: number }> {
  return { messageTokens: measure(product, await readSettings(product.db), '').limit };
}

/** How much room `text` would take as a message. */
export async function measureText(product: Product, text: string): Promise<MessageSize> {
  return measure(product, await readSettings(product.db), text);
}

export function measure({ base, maxContext }: Product, settings: Settings, text: string): MessageSize {
  const budget = maxContext - fitAnswer(settings.sampling.maxTokens, maxContext);
  return measureMessage(base, settings.systemPrompt, text, budget);
}
