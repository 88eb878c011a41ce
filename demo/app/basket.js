// The basket's count and sum, the voucher button that nobody wired, and the delivery button that throws.

/** A basket that holds quantities by slug and shows its total at once. */
export class Basket {
  #lines = new Map();

  /** Adds `step` pieces of a good, never below none; gives the good's new quantity. */
  add(good, step) {
    const quantity = Math.max(0, (this.#lines.get(good.slug)?.quantity ?? 0) + step);
    this.#lines.set(good.slug, { quantity, price: good.price });
    this.#show();
    return quantity;
  }

  #show() {
    let count = 0;
    let sum = 0;
    for (const line of this.#lines.values()) {
      count += line.quantity;
      sum += line.quantity * line.price;
    }
    document.getElementById('basket-count').textContent = count;
    document.getElementById('basket-sum').textContent = `€${sum}`;
    document.getElementById('basket-line').textContent =
      count === 0 ? 'Nothing in it yet' : `${count} ${count === 1 ? 'thing' : 'things'}`;
  }
}

/** Wires the delivery button to the bug it is there to have. The voucher button stays dead. */
export function startCounter() {
  document.getElementById('estimate-delivery').addEventListener('click', () => {
    throw new Error('The delivery rates were not loaded');
  });
}
