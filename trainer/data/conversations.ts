// Finds which prompts of files belong to one conversation: those that share a prompt, a line, a name, or a beginning.
import { sha256 } from '@/core/hash';
import { normaliseText } from '@/core/text/text';

/** Names under which a prompt is known; two prompts that share one are of the same conversation. */
export interface Placed {
  names: readonly string[];
  /** Keys of the dialogue up to each turn that asks; the last one is the prompt itself. */
  dialogue: readonly string[];
}

/** A key for the dialogue up to each turn of a user; whitespace and the encoding of characters make no difference. */
export function dialogueKeys(turns: readonly { role: string; content: string }[]): string[] {
  const keys: string[] = [];
  let key = '';
  for (const { role, content } of turns) {
    key = sha256(JSON.stringify([key, role, normaliseText(content)]));
    if (role === 'user') keys.push(key);
  }
  return keys;
}

/** The conversation of each prompt, under a name that does not depend on their order. */
export function conversationsOf(placed: readonly Placed[]): string[] {
  const parents = new Map<string, string>();
  const rootOf = (name: string): string => {
    let root = name;
    while ((parents.get(root) ?? root) !== root) root = parents.get(root)!;
    for (let at = name; at !== root; ) {
      const next = parents.get(at)!;
      parents.set(at, root);
      at = next;
    }
    return root;
  };
  const join = (a: string, b: string) => {
    const [first, second] = [rootOf(a), rootOf(b)].sort() as [string, string];
    parents.set(first, first).set(second, first);
  };
  const asked = new Set(placed.map(({ dialogue }) => dialogue.at(-1)));
  for (const { names, dialogue } of placed) {
    // An earlier turn counts only if it is also a prompt: many conversations begin with the same "Hi".
    const all = [...names, ...dialogue.filter((key) => asked.has(key))];
    for (const name of all) join(all[0]!, name);
  }
  return placed.map(({ names, dialogue }) => rootOf(names[0] ?? dialogue.at(-1)!));
}
