// Declares a frozen base as every process uses it: weights, tokenizer and chat template, from one file or folder.
import type { ModelWeights } from './weights';

export interface ChatMessage {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

export interface Tokenizer {
  readonly vocabSize: number;
  /**
   * Text to ids; special tokens in the text are NOT parsed unless `special` is true. Malformed UTF-16 becomes U+FFFD.
   */
  encode(text: string, options?: { special?: boolean }): number[];
  /** Exact inverse, special tokens included. */
  decode(ids: readonly number[]): string;
  /**
   * Bytes to text across token boundaries: push returns only complete characters; end gives U+FFFD for one that is cut
   * off.
   */
  stream(): { push(id: number): string; end(): string };
  /** The bytes that a token stands for; they may be part of a character. */
  bytesOf(id: number): Uint8Array;
  isSpecial(id: number): boolean;
}

export interface Base {
  /** For example `smollm2-135m-instruct`. */
  id: string;
  /** The hash of the weight file: model.safetensors, or the GGUF. */
  sha256: string;
  weights: ModelWeights;
  tokenizer: Tokenizer;
  /** What this base was trained to see before a text: its bos token, or nothing. Chat templates add it themselves. */
  textStart: readonly number[];
  /** The messages in the model's own chat template as ids, ending where the assistant's answer begins. */
  renderPrompt(messages: readonly ChatMessage[]): number[];
}
