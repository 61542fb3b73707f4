// The stages of a run in their order, under the names that its progress and its curves carry.
export const RUN_STAGES = ['snapshot', 'sft', 'reward_model', 'ppo', 'export', 'parity', 'publish'] as const;
export type RunStage = (typeof RUN_STAGES)[number];
