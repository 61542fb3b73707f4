// Personal data is found in every disguise named, numbers of other things are not, and streams equal the whole.
import { describe, expect, it } from 'vitest';
import { compilePersonalData, PersonalDataRule } from '@/core/constraints/kinds/personal-data';
import { expectLinearTime, expectReadsMegabyte, expectStreamIsWhole, hitsOf } from './check-rule';

const finding = (settings: object) =>
  compilePersonalData(PersonalDataRule.parse({ id: 'p', kind: 'personal-data', ...settings }));
const all = finding({});

describe('what is personal', () => {
  it.each([
    // e-mail
    ['Write to jane.doe+news@mail.example.co.uk, please.', 'jane.doe+news@mail.example.co.uk'],
    ['連絡先はtaro@example.jpです', 'taro@example.jp'],
    ['連絡先はｔａｒｏ＠ｅｘａｍｐｌｅ．ｊｐです', 'ｔａｒｏ＠ｅｘａｍｐｌｅ．ｊｐ'],
    ['j\u200bane@exa\u200bmple.com', 'j\u200bane@exa\u200bmple.com'],
    ['I am jane at example dot com', 'jane at example dot com'],
    ['I am jane dot doe at mail dot example dot org', 'jane dot doe at mail dot example dot org'],
    ['jane (at) example (dot) com', 'jane (at) example (dot) com'],
    ['jane[at]example.com', 'jane[at]example.com'],
    ['jane @ example . com', 'jane @ example . com'],
    ['taroアットexampleドットjp', 'taroアットexampleドットjp'],
    // telephone
    ['Call (415) 555-2671 now', '(415) 555-2671'],
    ['my number: 415.555.2671', '415.555.2671'],
    ['+1 415-555-2671', '+1 415-555-2671'],
    ['+44 20 7946 0958 after six', '+44 20 7946 0958'],
    ['ring 020 7946 0958', '020 7946 0958'],
    ['携帯は090-1234-5678です', '090-1234-5678'],
    ['０３ー１２３４ー５６７８へ', '０３ー１２３４ー５６７８'],
    ['call 4 1 5 5 5 5 2 6 7 1', '4 1 5 5 5 5 2 6 7 1'],
    ['call 4155552671', '4155552671'],
    ['09012345678', '09012345678'],
    ['+4\u200b91701234567', '+4\u200b91701234567'],
    // card
    ['4111 1111 1111 1111', '4111 1111 1111 1111'],
    ['card 5500-0055-5555-5559, exp 12/30', '5500-0055-5555-5559'],
    ['amex 378282246310005.', '378282246310005'],
    ['４１１１１１１１１１１１１１１１', '４１１１１１１１１１１１１１１１'],
    ['4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1', '4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1'],
    // IBAN
    ['IBAN DE89 3704 0044 0532 0130 00 please', 'DE89 3704 0044 0532 0130 00'],
    ['gb82west12345698765432', 'gb82west12345698765432'],
    ['FR14-2004-1010-0505-0001-3M02-606', 'FR14-2004-1010-0505-0001-3M02-606'],
    // address of a machine
    ['from 203.0.113.77.', '203.0.113.77'],
    ['at 81[.]2[.]69[.]142', '81[.]2[.]69[.]142'],
    ['2a00:1450:4009:81f::200e is up', '2a00:1450:4009:81f::200e'],
    // postal address
    ['I live at 742 Evergreen Terrace, Springfield', '742 Evergreen Terrace, Springfield'],
    ['1600 Pennsylvania Avenue NW, Washington, DC 20500', '1600 Pennsylvania Avenue NW, Washington, DC 20500'],
    ['221B Baker Street, London NW1 6XE', '221B Baker Street, London NW1 6XE'],
    ['住所は東京都千代田区丸の内1丁目9番1号です', '東京都千代田区丸の内1丁目9番1号'],
    ['〒100-0005 東京都千代田区丸の内１−９−１', '〒100-0005 東京都千代田区丸の内１−９−１'],
  ])('%j holds %j', (text, hit) => {
    expect(hitsOf(all, text)).toEqual([hit]);
  });
});

describe('what is not personal', () => {
  it.each([
    ...['Order 2025550143 has shipped', 'version 10.0.19045.3803', 'v1.2.3.4', 'python 3.11.7', 'see section 1.2.3.4'],
    ...[
      'on 2024-05-06 at 12:30:45',
      '05/06/2024',
      'from 1998-2004',
      '$1,234,567.89',
      'π is 3.14159265358979',
      '0.123456789',
    ],
    ...[
      '1 2 3 4 5 6 7 8 9 10 11 12',
      '0 1 2 3 4 5 6 7 8 9',
      '0000000000',
      'ISBN 978-3-16-148410-0',
      '4111 1111 1111 1112',
    ],
    ...['1234 5678 9012 3456', 'order #4111111111111111111111', 'meet at example.com', 'look at that dot on the map'],
    ...[
      'icon@2x.png',
      'npm install zod@4.6.7',
      '@jane said so',
      'a@b',
      'std::vector and bad::cafe',
      '127.0.0.1',
      '::1',
    ],
    ...[
      '00:1A:2B:3C:4D:5E',
      'DE89 3704 0044 0532 0130 01',
      'the year 2024 was good',
      'room 404',
      '1999年12月31日',
      '3 Musketeers',
    ],
    ...[
      '5 Ways to win',
      'in 1945 the Way was long',
      '京都府の人口',
      '10,000円',
      'the score was 21-14-7',
      '999.999.999.999',
    ],
    ...[
      '',
      'He lived in Tokyo.',
      '今日はいい天気ですね。',
      '2 + 2 = 4',
      '6.02214076e23',
      'IPv4 has 4 294 967 296 addresses',
    ],
  ])('%j', (text) => {
    expect(hitsOf(all, text)).toEqual([]);
  });
});

it('finds only what it is told to', () => {
  const text = 'jane@example.com, 4111 1111 1111 1111, 203.0.113.77';
  expect(hitsOf(finding({ find: ['payment-card'] }), text)).toEqual(['4111 1111 1111 1111']);
});

it('finds national numbers of the countries named alone', () => {
  expect(hitsOf(finding({ find: ['phone'], countries: ['ES'] }), 'llama al 612 34 56 78')).toEqual(['612 34 56 78']);
  expect(hitsOf(finding({ find: ['phone'], countries: ['US'] }), 'ring 020 7946 0958')).toEqual([]);
});

describe('names of people', () => {
  const names = finding({ find: ['person-name'] });
  it.each([
    ['I spoke with Sarah Johnson yesterday. She was late.', ['Sarah Johnson']],
    ["This is Michael Brown's desk.", ['Michael Brown']],
    ['The weather in London is fine. Will it rain in May?', []],
    ['no capitals at all', []],
  ])('%j has %j', (text, hits) => {
    expect(hitsOf(names, text)).toEqual(hits);
  });

  it('are found in streams as in the whole, in linear time', () => {
    expectStreamIsWhole(names, [
      'Sarah Johnson',
      'Mr. Smith',
      'Michael',
      'Brown',
      'said.',
      'Jane Doe is here.',
      'met',
      'Dr. King',
    ]);
    expectLinearTime(names, ['John Smith ', 'Johnsmith']);
  });
});

it('a stream equals the whole', () => {
  expectStreamIsWhole(all, [
    ...[
      'jane@example.com',
      'jane',
      '@',
      'example',
      '.com',
      ' dot ',
      'com',
      '(at)',
      '415',
      '555-2671',
      '+1',
      '(415)',
      '2671',
    ],
    ...[
      '4111 1111',
      '1111 1111',
      '4111111111111111',
      'DE89',
      '3704 0044 0532 0130 00',
      '203.0',
      '.113.77',
      '::1',
      '2a00:',
    ],
    ...['742 Evergreen', 'Terrace', 'Street', '東京都', '千代田区', '1丁目', '090-1234-5678', '０９０'],
  ]);
});

it('ordinary text is held back by a word at most', () => {
  const scanner = all.scan({ input: null, systemPrompt: null });
  scanner.push('The quick brown fox jumps over 13 lazy dogs, twice a day, and then went home');
  expect(scanner.decided).toBeGreaterThanOrEqual(
    'The quick brown fox jumps over 13 lazy dogs, twice a day, and then went '.length,
  );
});

it('time is linear, whatever the numbers are', () => {
  expectLinearTime(all, ['12 34 ', '415 555 2671 ', 'a@a.aa', '1 A St ']);
  expectReadsMegabyte(all, '020 7946 0958 4111 1111 1111 1111 a@b.co 1.2.3.4 ');
});
