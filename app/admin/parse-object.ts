// Reads a JSON object that a person typed.

/** null when the text is not JSON, or is JSON but not an object. */
export function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    // Half-typed JSON is normal while typing, and the field shows it.
    return null;
  }
}
