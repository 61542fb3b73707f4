// Signatures of webhooks against an independent implementation, and when a failed delivery is sent again.
import { Webhook } from 'standardwebhooks';
import { expect, it } from 'vitest';
import { newWebhookSecret, signatureHeaders, waitAfter } from '@/core/webhooks/delivery';

const delivery = { id: 'msg_1', at: new Date(), body: '{"type":"test","data":{"subject":"日本"}}' };

it('a signature is one that the library of the specification accepts, for this body and secret alone', () => {
  const secret = newWebhookSecret();
  const headers = signatureHeaders(secret, delivery);
  expect(new Webhook(secret).verify(delivery.body, headers)).toEqual(JSON.parse(delivery.body));
  expect(() => new Webhook(secret).verify(`${delivery.body} `, headers)).toThrow();
  expect(() => new Webhook(newWebhookSecret()).verify(delivery.body, headers)).toThrow();
});

it('the wait after each failure grows to a day, and after the ninth there is no further try', () => {
  const waits = Array.from({ length: 9 }, (_, i) => waitAfter(i + 1, 0)!);
  expect(waits).toEqual([...waits].sort((a, b) => a - b));
  expect([waits[0], waits.at(-1)]).toEqual([5, 86_400]);
  expect(waitAfter(1, 0.999)!).toBeLessThan(6.01);
  expect(waitAfter(10, 0)).toBeNull();
});
