// Reads a JSON object that a person typed.

/** null when the text is not JSON, or JSON but no object. */
export function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    // Half-typed JSON is a normal state of the field, which says so itself.
    return null;
  }
}
