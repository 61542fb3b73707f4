// `attune train-classifier`: holds its usage text, and loads the fitting code only when it is called.

export const usage = `attune train-classifier FILE.jsonl… --out DIR [--test FILE.jsonl]

FILE    a line is {"text": "…", "labels": ["toxic", …]}; a text without a label is an example of none;
        with "weight": N it counts as N lines, so that a small set is not lost beside a large one
--out   the classifier's folder, which must not exist: weights, labels, and for each label a threshold; content rules
        find it by its name if it is in classifiers/ of the data folder
--test  rows that are measured and not fitted on`;

export async function run(args: string[]): Promise<number> {
  const { trainClassifier } = await import('@/cli/classifier/train-classifier');
  return trainClassifier(args, usage);
}
