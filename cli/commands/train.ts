// `attune train`: holds its usage text, and loads the training code only when it is called.

export const usage = `attune train --data FILE.jsonl… --out DIR [--preset NAME] [--config JSON] [--seed N] [--parent DIR] [--model PATH]

--data    one or more JSONL files; a line is {chosen, rejected} with dialogues as in HH-RLHF, {prompt, chosen, rejected},
          {prompt, completion, label}, {prompt, completion}, {messages} as in TRL, {prompt}, or a row of a snapshot
--out     the run's folder: checkpoints, curves (metrics.jsonl, tensorboard), the version under artifacts, result.json
--preset  tiny, demo-cpu, cpu or gpu; the defaults without one
--config  fields over the preset: JSON, or a file that holds it
--seed    seeds every stage
--parent  an artifact's directory to train on from; the base alone without one
--model   a GGUF file or a folder with safetensors; ATTUNE_MODEL or the downloaded base without one`;

export async function run(args: string[]): Promise<number> {
  const { train } = await import('@/cli/train/run');
  return train(args, usage);
}
