// Replaces APIs that browsers offer only on https and localhost, so that the product works over http on a network.
// No other file of the pages may use such an API; test/unit/app/secure-context.test.ts checks that.

/** A random version 4 UUID; crypto.randomUUID is missing over http. */
export function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** Rejects if the browser refuses. */
export function copyText(text: string): Promise<void> {
  return navigator.clipboard.writeText(text);
}

/** Copies a selected text field, the way from before navigator.clipboard. */
async function copyBySelection(text: string): Promise<void> {
  const focused = document.activeElement;
  const field = document.createElement('textarea');
  field.value = text;
  field.setAttribute('aria-hidden', 'true');
  field.style.cssText = 'position:fixed;top:0;opacity:0';
  // Placed next to the focused element, because an open dialog takes the focus back from anything outside it.
  (focused?.parentElement ?? document.body).append(field);
  field.select();
  const isCopied = document.execCommand('copy');
  field.remove();
  if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  if (!isCopied) throw new Error('The browser did not copy the text.');
}

// Defined on the navigator, because the library's copy button for code blocks looks there.
if (typeof navigator !== 'undefined' && typeof document !== 'undefined' && !navigator.clipboard) {
  Object.defineProperty(navigator, 'clipboard', { value: { writeText: copyBySelection }, configurable: true });
}

const offersNotifications = () => 'Notification' in window && window.isSecureContext;

/** Whether this browser shows notifications of this site. */
export const mayNotify = () => offersNotifications() && Notification.permission === 'granted';

/** To be called on a click: browsers ignore or punish a question that no one asked for. */
export async function askToNotify(): Promise<void> {
  if (offersNotifications() && Notification.permission === 'default') await Notification.requestPermission();
}

/** Does nothing where it is not allowed. */
export function notify(title: string, body: string, onClick: () => void): void {
  if (!mayNotify()) return;
  const notification = new Notification(title, { body, tag: title });
  notification.onclick = () => {
    window.focus();
    onClick();
  };
}
