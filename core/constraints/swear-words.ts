// obscenity's list of English swear words, narrowed so that it matches no ordinary word of English or a related language.
import { DataSet, englishDataset, parseRawPattern } from 'obscenity';
import { STRICT } from './lists/english-exceptions';
import type { Level } from './lists/languages';

/**
 * obscenity looks for these inside or at the beginning of any word, which hits "cumpleaños", "assez", "Kanal" and
 * "analysis". Here each is a word with its forms; `|` is the edge of a word. Only b, e, g, l, o
 * and s may be doubled: the matcher treats any other pair as one letter.
 */
const WHOLE_WORDS: Record<string, string[]> = {
  anal: ['|anal|', '|anally|'],
  anus: ['|anus|', '|anuses|'],
  arse: ['|arse|', '|arses|', '|arsed|', '|arsehole'],
  ass: ['|ass|', '|asses|', '|asshole', '|asshat', '|assfuck', '|asswipe', '|assface', '|assclown', '|asslick'],
  bestiality: ['|bestiality|'],
  chink: ['|chink|', '|chinks|', '|chinky|'],
  cum: ['|cum|', '|cums|', '|cuming|', '|cumshot', '|cumslut', '|cumdump'],
  dick: ['|dck|', '|dick|', '|dicks|', '|dickhead', '|dickface', '|dickwad', '|bigdick'],
  dyke: ['|dyke|', '|dykes|'],
  fag: ['|fag|', '|fags|', '|faggy|', '|faggot', 'fggot'],
  felch: ['|felch'],
  fuck: ['fuck', '|fuk|', '|fuc|', '|fck|', '|fcking|', '|fcked|', '|fcker', '|fvck', '|phuck', '|fxck', '|fawk|'],
  fisting: ['|fisting|'],
  handjob: ['handjob', 'hndjob'],
  hooker: ['|hooker|', '|hookers|'],
  incest: ['|incest|', '|incestuous'],
  kike: ['|kike|', '|kikes|'],
  negro: ['|negro|', '|negroes|', '|negros|', '|negroid'],
  nigger: ['nigger', '|ngger', 'nigga', '|ngga', '|nig|', '|nigs|'],
  orgasm: ['|orgasm', '|gasm|'],
  orgy: ['|orgy|', '|orgies|'],
  porn: ['|prn|', '|porn'],
  rape: ['|rape|', '|rapes|', '|raped|', '|rapist|', '|rapists|'],
  retard: ['|retard|', '|retards|', '|retarded|'],
  semen: ['|s[s]e[e]me[e]n|'],
  slut: ['|slut'],
  turd: ['|turd|', '|turds|'],
  vagina: ['|vagina', '|v[?]gina'],
  wank: ['|wank|', '|wanks|', '|wanked|', '|wanking|', '|wanker'],
  whore: ['|whore', '|who[o]res[s]|', '|whoring|'],
};

/** Words or beginnings of words, in lower case, in which the rest of the list matches nothing. */
const ORDINARY_WORDS: readonly string[] = [
  ...['nebbich', 'booboo', 'boo-boo', 'booby', 'boobies', 'chink in', 'chinks in'],
  ...['cockpit', 'cockscomb', 'cockshy', 'cockshies', 'cockspur', 'cocksure', 'cockswain', 'cuckold', 'cum laude'],
  ...['moby dick', 'moby-dick', 'dick van dyke', 'abo blood'],
  ...[
    'dick vandyke',
    'dick butkus',
    'dick cavett',
    'dick cheney',
    'dick clark',
    'dick diamond',
    'dick enberg',
    'dick lane',
  ],
  ...[
    'dick tracy',
    'dick vermeil',
    'dick york',
    'dick grayson',
    'dick wolf',
    'dick dale',
    'dick and jane',
    'andy dick',
  ],
  ...["who're", 'who’re', 'van dyke', "bonner's", 'bonner’s', "shi'ite", 'shi’ite', 'shiite', "niger's", 'niger’s'],
  ...['philip k dick', 'philip k. dick', "van dyke's", 'van dyke’s', 'vandyke', 'bonner'],
  ...['honky tonk', 'honky-tonk', 'honkey tonk', 'jack of ', 'jerk of ', 'sour puss', 'cum on feel', '.cum.'],
  ...['fukien', 'fuku', 'niggard', 'rio negro', 'pissar', 'pissoir', 'assess', 'knobbed', 'pollack'],
  ...[
    'pussycat',
    'pussy cat',
    'pussyfoot',
    'pussy willow',
    'pussy riot',
    'pussy galore',
    'rape seed',
    'en retard',
    'du retard',
    'de retard',
    'le retard',
  ],
  ...['un retard', 'sans retard', 'mishit', 'shiit', 'blue tit', 'great tit', 'coal tit', 'marsh tit', 'tit for tat'],
  ...['tit-for-tat', 'peniston', 'penisla', 'penisol', 'peñíscola', 'retard de', 'snigger', 'annal', 'rapped', 'rappe'],
  ...['and hoes', 'garden hoes', 'hand hoes', 'hoes and', 'hoes or', 'or hoes', 'hoes, ', "hoe's", 'hoe’s'],
  ...['pissalad', 'pissenlit', 'cuntir'],
];

export function englishSwearWords(level: Level) {
  const left = new Set(level === 'vulgar' ? STRICT : []);
  const words = new DataSet<{ originalWord: string }>()
    .addAll(englishDataset)
    .removePhrasesIf(({ metadata }) => Object.hasOwn(WHOLE_WORDS, metadata?.originalWord ?? ''));
  for (const [originalWord, patterns] of Object.entries(WHOLE_WORDS)) {
    words.addPhrase((phrase) =>
      patterns.reduce(
        (built, pattern) => built.addPattern(parseRawPattern(pattern)),
        phrase.setMetadata({ originalWord }),
      ),
    );
  }
  words.removePhrasesIf(({ metadata }) => left.has(metadata?.originalWord ?? ''));
  const { blacklistedTerms, whitelistedTerms = [] } = words.build();
  return { blacklistedTerms, whitelistedTerms: [...whitelistedTerms, ...ORDINARY_WORDS] };
}
