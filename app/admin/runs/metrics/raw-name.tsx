// The trainer's own name of a figure, small, for people who look it up elsewhere.
import type { Curve } from './curves';

export function RawName({ curve: { name, alsoNamed } }: { curve: Curve }) {
  return <code className="block text-[0.6875rem] [overflow-wrap:anywhere]">{[name, ...alsoNamed].join(' = ')}</code>;
}
