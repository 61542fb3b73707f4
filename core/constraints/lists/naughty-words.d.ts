// The type of the package naughty-words, which has none.
declare module 'naughty-words' {
  const lists: Record<string, string[]>;
  export default lists;
}
