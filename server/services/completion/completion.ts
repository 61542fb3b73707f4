// The result of a completion request: its answers, written or being written.
import type { RunningGeneration } from '@/server/services/generation/running-generation';

export interface Completion {
  versionId: string;
  conversationId: string;
  promptTokens: number;
  createdAt: Date;
  /** The choices of the first prompt, then those of the next. */
  answers: RunningGeneration[];
  /** The answers were asked for by an earlier request. */
  isRepeated: boolean;
}
