// English words and phrases that the kept lists lack and that have no meaning but a vulgar or hateful one.
import { listOf } from './list';

export const ADDED = listOf(`
  anal assassin, anal astronaut, ball sucking, ball-sucking, beestiality, booty buffer, booty-buffer, brown piper,
  brown-piper, brownpiper, buddha head, bullet vibrator, bum bandit, bum boy, bum chum, bum driller, bum pilot,
  bum robber, bum-chum, bum-driller, bum-robber, bumboy, bumchum, bumdriller, bumhole, bumhole engineer, bumrobber,
  butt pilot, butt robber, butt-robber, buttrobber, camel jockey, cock ring, cock rings, cum dumpster, cum guzzler,
  dickgirl, dickgirls, double penetration, dune coon, fagbomb, finger bang, finger banged, finger banging, fudgepacker,
  gang bang, gang banged, gang banging, golden shower, golden showers, hoes, jungle bunny, masturb8, mayonnaise monkey,
  mayonnaise monkeys, mayonnaise monkies, muff diving, nicca, niccas, nipple clamp, nipple clamps, painslut,
  pillow biter, porch monkey, rag head, rag heads, ring raider, ringraider, rug muncher, rusty trombone, sand monkey,
  shirt lifter, throbbing boner, tribbing, twatwaffle, wagon burner, wagon-burner, wet back, wet backs, zipperhead
`);
