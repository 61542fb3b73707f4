// What is known of an answer that has ended: times and numbers, and no words of people.
import type { GenerationStatus } from '@/server/services/views';

export interface EndedAnswer {
  generationId: string;
  versionId: string;
  status: Exclude<GenerationStatus, 'running'>;
  createdAt: Date;
  firstTokenMs: number | null;
  durationMs: number;
  promptTokens: number;
  completionTokens: number;
  /** Rules that found something in it. */
  hits: number;
  /** When its message came, and when the rules had passed it; null for answers that were begun elsewhere. */
  received: { at: Date; checkedAt: Date } | null;
}
