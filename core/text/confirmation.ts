// Defines what a person types to confirm that their account may be deleted: the page asks for it, the server checks it.

const WORD = 'delete';

/** A member's own address; a guest has none that they know. */
export const confirmationOf = ({ email, isAnonymous }: { email: string; isAnonymous: boolean }): string =>
  isAnonymous ? WORD : email;

/** Case and outer white space do not count. */
export const isConfirmed = (typed: string, asked: string): boolean =>
  typed.trim().toLowerCase() === asked.trim().toLowerCase();
