// Makes the pattern with which Postgres finds a text inside another, whatever characters the text has.

export const patternOf = (text: string) => `%${text.trim().replace(/[\\%_]/g, '\\$&')}%`;
