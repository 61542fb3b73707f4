// Misspelt settings are refused at every depth, with the name that was meant.
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { POLICY_CONFIGS } from '@/core/config/policy';
import { PipelineConfig, parseConfig } from '@/core/config/presets';
import { describeUnknownKeys, nearestName } from '@/core/text/unknown-keys';

const refusal = (config: Record<string, unknown>): string => {
  try {
    parseConfig(config);
  } catch (error) {
    return (error as Error).message;
  }
  return 'accepted';
};

describe('settings of a run', () => {
  it('with misspelt keys are refused with each key, its place and the known one', () => {
    const message = refusal({ preset: 'tiny', ppo: { iteratoins: 2 }, rewardmodel: { epochs: 1 } });
    expect(message).toContain('ppo: "iteratoins" is not known; did you mean "iterations"?');
    expect(message).toContain('"rewardmodel" is not known; did you mean "rewardModel"?');
  });

  it.each([
    [{ presett: 'tiny' }, /"presett" .* "preset"/],
    [{ sed: 1 }, /"sed" .* "seed"/],
    [{ rewardModel: { probe: { fold: 3 } } }, /rewardModel\.probe: "fold" .* "folds"/],
    [{ rewardModel: { lora: { rnak: 3 } } }, /rewardModel\.lora: "rnak" .* "rank"/],
    [{ grpo: { adaptiveKl: { target_kl_per_sequence: 6, horizn: 1 } } }, /grpo\.adaptiveKl: "horizn" .* "horizon"/],
    [{ sft: { lora: {} } }, /sft: "lora" is not known; known are learningRate/],
    [{ seed: 1, sft: 5 }, /sft: .*expected object/],
    [JSON.parse('{"__proto__": {"a": 1}}'), /"__proto__" is not known/],
    [{ ppo: { iterations: 'two' } }, /ppo\.iterations: .*expected number/],
  ])('%j is refused', (config, message) => {
    expect(refusal(config)).toMatch(message);
  });

  it('accept no unknown key at any depth', () => {
    const accepting: string[] = [];
    const look = (schema: z.ZodType, path: string): void => {
      const { def } = schema._zod as unknown as { def: { innerType?: z.ZodType; element?: z.ZodType } };
      if (schema instanceof z.ZodObject) {
        if (!(schema._zod.def.catchall instanceof z.ZodNever)) accepting.push(path);
        for (const [name, field] of Object.entries(schema.shape)) look(field as z.ZodType, `${path}.${name}`);
      }
      for (const inner of [def.innerType, def.element]) if (inner) look(inner, path);
    };
    look(PipelineConfig, 'run');
    for (const [name, schema] of Object.entries(POLICY_CONFIGS)) look(schema, name);
    expect(accepting).toEqual([]);
  });
});

describe('the nearest name', () => {
  it('is found despite swapped, missing and wrong letters, case and dashes, but not if nothing is near', () => {
    const known = ['iterations', 'rewardModel', 'gateAnswers', 'online-dpo'];
    expect(
      ['itertaions', 'iteration', 'reward_model', 'gateanswer', 'onlineDpo'].map((name) => nearestName(name, known)),
    ).toEqual(['iterations', 'iterations', 'rewardModel', 'gateAnswers', 'online-dpo']);
    expect(nearestName('temperature', known)).toBeNull();
    expect(describeUnknownKeys(['x'], ['abc', 'def'])).toBe('"x" is not known; known are abc, def.');
  });
});
