// Columns read older stored values with the current defaults.
import { describe, expect, it } from 'vitest';
import { Sampling } from '@/core/sampling';
import { generation } from '@/db/schema';

describe('a generation row', () => {
  it('from before a sampling setting existed is read with its default', () => {
    const stored = { temperature: 1, topK: 5, topP: 0.5, repetitionPenalty: 1.5, seed: 3, maxTokens: 9, stop: ['a'] };
    expect(generation.sampling.mapFromDriverValue(stored)).toEqual({
      ...stored,
      minP: 0,
      presencePenalty: 0,
      frequencyPenalty: 0,
      logitBias: {},
    });
  });

  it('keeps every sampling setting', () => {
    const sampling = Sampling.parse({ seed: 1, minP: 0.1, presencePenalty: 1, logitBias: { 7: -100 } });
    const stored = JSON.parse(generation.sampling.mapToDriverValue(sampling) as string);
    expect(generation.sampling.mapFromDriverValue(stored)).toEqual(sampling);
  });
});
