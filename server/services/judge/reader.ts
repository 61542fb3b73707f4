// What every judge can do, whichever model it is: compare two answers in one order, rate one, write a text.
import type { ChatMessage } from '@/core/base/base';
import { AttuneError } from '@/core/errors';
import type { Principle } from '@/core/judging/constitution';
import { comparePrompt, type Dialogue } from '@/core/judging/prompts';
import type { BothOrders, OrderVerdict } from '@/core/judging/verdict';

export type Reading = Omit<OrderVerdict, 'isLeftFirst'>;

/** Methods return null if the model gave no verdict, and throw TOO_LONG if the text does not fit. */
export interface JudgeReader {
  compare(messages: ChatMessage[], signal: AbortSignal): Promise<Reading | null>;
  rate(messages: ChatMessage[], signal: AbortSignal): Promise<{ expected: number; words: string } | null>;
  write(messages: ChatMessage[], maxTokens: number, signal: AbortSignal): Promise<string>;
  /** The price of all calls since the last time it was asked. */
  takePrice(): number;
}

/** Why a judge cannot go on; the worker shows it and stops. */
export class JudgeTrouble extends Error {
  override readonly name = 'JudgeTrouble';
  constructor(
    readonly trouble: 'budget' | 'calls' | 'endpoint' | 'refused' | 'engine' | 'key' | 'unmeasured',
    options?: ErrorOptions,
  ) {
    super(`a judge stopped: ${trouble}`, options);
  }
}

export interface Pair {
  dialogue: Dialogue;
  left: string;
  right: string;
}

export async function compareBothOrders(
  reader: JudgeReader,
  principles: readonly Principle[],
  { dialogue, left, right }: Pair,
  signal: AbortSignal,
): Promise<BothOrders | null> {
  const first = await reader.compare(comparePrompt(principles, dialogue, left, right), signal);
  const second = first && (await reader.compare(comparePrompt(principles, dialogue, right, left), signal));
  if (!second) return null;
  return [
    { isLeftFirst: true, ...first },
    { isLeftFirst: false, ...second },
  ];
}

/** Null where the text does not fit; other errors go on. */
export async function unlessTooLong<T>(work: Promise<T>): Promise<T | 'too_long'> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof AttuneError && error.code === 'TOO_LONG') return 'too_long';
    throw error;
  }
}
