'use client';

// Everything that a person can say about one answer, each kind saved on its own.
import type { MessageData } from '@/app/chat/conversation/types';
import type { Say } from '@/app/chat/conversation/use-feedback';
import { type GivenControl, useGiven } from './use-given';

export interface AnswerFeedback {
  thumb: GivenControl<'thumb'>;
  /** The same thumb: its reasons and comment are undone on their own. */
  comment: GivenControl<'thumb'>;
  rating: GivenControl<'rating'>;
  flaws: GivenControl<'flaws'>;
  correction: GivenControl<'correction'>;
}

export function useAnswerFeedback(message: MessageData, say: Say): AnswerFeedback {
  const { given } = message;
  return {
    thumb: useGiven<'thumb'>(given.thumb, (next) => say(message, 'thumb', next)),
    comment: useGiven<'thumb'>(given.thumb, (next) => say(message, 'thumb', next)),
    rating: useGiven<'rating'>(given.rating, (next) => say(message, 'rating', next)),
    flaws: useGiven<'flaws'>(given.flaws, (next) => say(message, 'flaws', next)),
    correction: useGiven<'correction'>(given.correction, (next) => say(message, 'correction', next)),
  };
}
