// The last visible characters of a text and where each stood, by number from the text's first.

export class RecentCharacters {
  /** Characters read. */
  count = 0;
  /** Rings that grow up to their size, because most texts are shorter. */
  private readonly codePoints: number[] = [];
  /** Where each began, doubled, and 1 more if it has two UTF-16 units. */
  private readonly spots: number[] = [];

  constructor(private readonly size: number) {}

  add(codePoint: number, begin: number, units: number): void {
    const spot = 2 * begin + units - 1;
    if (this.codePoints.length < this.size) {
      this.codePoints.push(codePoint);
      this.spots.push(spot);
    } else {
      const place = this.count % this.size;
      this.codePoints[place] = codePoint;
      this.spots[place] = spot;
    }
    this.count++;
  }

  codePointOf(character: number): number {
    return this.codePoints[character % this.size]!;
  }

  beginOf(character: number): number {
    return Math.floor(this.spots[character % this.size]! / 2);
  }

  endOf(character: number): number {
    const spot = this.spots[character % this.size]!;
    return Math.floor(spot / 2) + 1 + (spot % 2);
  }

  /** As much of these characters as is still known. */
  textOf(first: number, end: number): string {
    let text = '';
    for (let character = Math.max(first, 0, this.count - this.size); character < end; character++)
      text += String.fromCodePoint(this.codePointOf(character));
    return text;
  }
}
