// A path that cannot be decoded is escaped, so that it names nothing.
import { expect, it } from 'vitest';
import { decodablePath } from '@/server/http/request-path';

it.each([
  ['/v1/models/%ff', '/v1/models/%25ff'],
  ['/c/%', '/c/%25'],
  ['/c/%c3%a9%e9?q=%ff', '/c/%25c3%25a9%25e9?q=%ff'],
  ['/c/%c3%a9?q=%ff', '/c/%c3%a9?q=%ff'],
  ['/', '/'],
])('%s is read as %s', (url, read) => {
  expect(decodablePath(url)).toBe(read);
  expect(() => decodeURIComponent(read.split('?')[0]!)).not.toThrow();
});
