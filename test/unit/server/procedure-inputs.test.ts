// What procedures accept: a field that no procedure reads is refused, so that a misspelt one never means a default.
import { expect, it } from 'vitest';
import { z } from 'zod';
import { appRouter } from '@/server/routers';

interface Procedure {
  _def: { inputs: z.ZodType[] };
}
const INPUTS = Object.entries(appRouter._def.procedures as unknown as Record<string, Procedure>).flatMap(
  ([path, { _def }]) => _def.inputs.map((input) => ({ path, input })),
);

/** The places of objects that drop or keep fields which they do not know. */
function looseObjects(schema: z.ZodType, place: string): string[] {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  const found: string[] = [];
  const walk = (node: unknown, at: string): void => {
    if (typeof node !== 'object' || node === null) return;
    const { type, properties, additionalProperties } = node as Record<string, unknown>;
    if (type === 'object' && properties !== undefined && additionalProperties !== false) found.push(at);
    for (const [key, inner] of Object.entries(node)) walk(inner, `${at}.${key}`);
  };
  walk(json, place);
  return found;
}

it('no procedure takes a field that it does not know, at any depth', () => {
  expect(INPUTS.length).toBeGreaterThan(40);
  expect(INPUTS.flatMap(({ path, input }) => looseObjects(input, path))).toEqual([]);
});

it('a loose object is found, wherever it is', () => {
  const loose = z.strictObject({ list: z.array(z.object({ a: z.string() }).nullable()) }).default({ list: [] });
  expect(looseObjects(loose, 'x')).toHaveLength(1);
});
