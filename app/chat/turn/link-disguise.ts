// Finds links that show one address and lead to another.

/** Text that reads as an address: with a scheme, or a name with a top-level domain; also an e-mail address. */
const ADDRESS =
  /\b[a-z][a-z0-9+.-]*:\/\/[^\s<>"]+|(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?\.)+[\p{L}]{2,}(?::\d+)?(?:[/?#][^\s<>"]*)?/giu;

/** Invisible characters, which would hide an address from the expression. */
const INVISIBLE = /\p{Cf}/gu;
const TRAILING = /[).,;:!?'’”\]]+$/u;
const FILE_ENDING = /^[^/?#:]+\.(?:md|txt|ts|tsx|js|py|json|html?|css|sh|rs|go|java|csv|pdf|png|jpe?g)$/iu;

const parse = (address: string): URL | null => {
  try {
    return new URL(address);
  } catch {
    return null;
  }
};

const nameOf = ({ hostname }: URL) => hostname.replace(/^www\./, '');
const pathOf = ({ pathname, search, hash }: URL) => `${pathname.replace(/\/$/, '')}${search}${hash}`;

function leadsElsewhere(shown: string, target: URL): boolean {
  const text = shown.replace(TRAILING, '');
  const hasScheme = /^[a-z][a-z0-9+.-]*:/i.test(text) && !/^[^/]+:\d/.test(text);
  // A file name is not an address, unless the target makes it one.
  if (!hasScheme && FILE_ENDING.test(text)) return false;
  const url = parse(hasScheme ? text : `${target.protocol}//${text}`);
  if (!url) return false;
  if (nameOf(url) !== nameOf(target) || (url.port !== target.port && (hasScheme || url.port !== ''))) return true;
  // A bare host name may link to any page of its own site.
  return pathOf(url) !== '' && pathOf(url) !== pathOf(target);
}

/** True if a link's text contains an address other than its target, or the target hides its host behind a user name. */
export function isDisguised(text: string, href: string): boolean {
  const target = parse(href);
  if (!target) return false;
  if (target.protocol === 'mailto:') {
    const mailbox = target.pathname.toLowerCase();
    const words = text
      .replace(INVISIBLE, '')
      .toLowerCase()
      .split(/[\s<>]+/);
    return words.map((word) => word.replace(TRAILING, '')).some((word) => word !== mailbox && /@|\w\.\w/.test(word));
  }
  if (target.username !== '' || target.password !== '') return true;
  const shown = text.normalize('NFKC').replace(INVISIBLE, '').match(ADDRESS) ?? [];
  return shown.some((address) => leadsElsewhere(address, target));
}
