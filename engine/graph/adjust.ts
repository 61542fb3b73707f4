// Adds biases and penalties to the logits inside the graph, and keeps the history that the penalties read.
import { applyIf } from './operations';
import type { Graph } from './writer';

/** A history cell is this value if the prompt contains the token, plus 1 for each time that the completion does. */
export const IN_PROMPT = 0.5;

export interface AdjustInputs {
  logits: string; // [N, V]
  /** float32 [N, V], or [N, 1] when no row has a penalty. */
  history: string;
  penalty: string; // float32 [N, 1]
  presence: string; // float32 [N, 1]
  frequency: string; // float32 [N, 1]
  hasPenalty: string; // bool scalar
  /** int64 [N, M]: the tokens that each row biases, padded with token 0 and a bias of 0. */
  biasIds: string;
  biases: string; // float32 [N, M]
  hasBias: string; // bool scalar
}

/** Bias, repetition penalty, then presence and frequency penalties: the order of transformers and vLLM. [N, V] */
export function adjust(graph: Graph, inputs: AdjustInputs): string {
  const biased = applyIf(graph, inputs.hasBias, inputs.logits, (branch) =>
    branch.op('ScatterElements', [inputs.logits, inputs.biasIds, inputs.biases], { axis: 1, reduction: 'add' }),
  );
  return applyIf(graph, inputs.hasPenalty, biased, (branch) => penalise(branch, biased, inputs));
}

/**
 * Keskar et al. 2019 over prompt and completion: a seen token's positive logit is divided by the penalty, a negative
 * one multiplied. OpenAI over the completion: logit - presence * (count > 0) - frequency * count.
 */
function penalise(graph: Graph, logits: string, { history, penalty, presence, frequency }: AdjustInputs): string {
  const zero = graph.constant('float32', [0]);
  const isPositive = graph.op('Greater', [logits, zero]);
  const divided = graph.op('Div', [logits, penalty]);
  const lowered = graph.op('Where', [isPositive, divided, graph.op('Mul', [logits, penalty])]);
  const repeated = graph.op('Where', [graph.op('Greater', [history, zero]), lowered, logits]);
  const counts = graph.op('Floor', [history]); // without the prompt's part
  const isPresent = graph.op('Min', [counts, graph.constant('float32', [1])]);
  const paid = graph.op('Add', [graph.op('Mul', [isPresent, presence]), graph.op('Mul', [counts, frequency])]);
  return graph.op('Sub', [repeated, paid]);
}

/** The history with one more token per row. token int64 [N, 1] */
export function remember(graph: Graph, history: string, token: string): string {
  const width = graph.op('Shape', [history], { start: 1, end: 2 });
  const ones = graph.op('Expand', [graph.constant('float32', [1], [1, 1]), graph.op('Shape', [token])]);
  const place = graph.op('Mod', [token, width]);
  return graph.op('ScatterElements', [history, place, ones], { axis: 1, reduction: 'add' });
}
