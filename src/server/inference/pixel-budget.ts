// Bounds the memory for pictures: those worked on at the same time have at most so many pixels together.
export class PixelBudget {
  readonly #limit: number;
  readonly #waiting: { readonly pixels: number; readonly go: () => void }[] = [];
  #used = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Runs `work` when there is room, first come, first served. A picture over the limit runs alone. */
  async run<T>(pixels: number, work: () => Promise<T>): Promise<T> {
    const taken = Math.min(pixels, this.#limit);
    await new Promise<void>((go) => {
      this.#waiting.push({ pixels: taken, go });
      this.#admit();
    });
    try {
      return await work();
    } finally {
      this.#used -= taken;
      this.#admit();
    }
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next; next = this.#waiting[0]) {
      if (this.#used + next.pixels > this.#limit) return;
      this.#waiting.shift();
      this.#used += next.pixels;
      next.go();
    }
  }
}
