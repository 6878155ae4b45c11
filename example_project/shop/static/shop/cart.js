// The cart as the server tells it, and the ways to change it. Knows nothing of the page.
//
// `GET /_cart/` is the whole truth. Every write asks for it in its answer, so that one round trip is enough.

import { send } from "./requests.js";

const ATTEMPT = "checkout-attempt";

// These statuses mean that no order was made, and that the same request would never make one.
const FINAL = [400, 404, 409, 412, 413, 415, 422];

// Dispatches "change" when there is something new in `data`, and "busy" when `busy` changes.
export class Cart extends EventTarget {
  busy = 0;
  #etag;
  #last = Promise.resolve();

  constructor(url, data, etag) {
    super();
    this.url = url;
    this.data = data;
    this.#etag = etag;
  }

  load() {
    return this.#inTurn(() => this.#load());
  }

  write(method, url, body) {
    return this.#inTurn(async () => {
      const response = await send(method, url, { Prefer: "return=cart" }, body);
      if (response.headers.has("Preference-Applied")) this.#take(await response.json(), response);
      else await this.#load();
    });
  }

  // A checkout that was requested and whose outcome is unknown: the answer was lost.
  get isUndecided() {
    return this.#attempt !== null && this.data.pending_checkout === null;
  }

  // Order what is in the cart. `mayProceed` is called when all earlier changes have been written.
  //
  // With the same key every retry is the same checkout, so the key is kept until there is an answer.
  // `If-Match` says which cart the shopper saw, prices included, so it is kept with the key.
  checkout(mayProceed, body = undefined) {
    return this.#inTurn(async () => {
      if (!mayProceed()) return null;
      const attempt = this.#attempt ?? { key: crypto.randomUUID(), etag: this.#etag };
      this.#attempt = attempt;
      const headers = { "Idempotency-Key": attempt.key, "If-Match": attempt.etag };
      try {
        const response = await send("POST", this.data.checkout_url, headers, body);
        const answer = { status: response.status, body: await response.json() };
        this.forgetCheckout();
        if (answer.status === 202) await this.#load();
        return answer;
      } catch (refusal) {
        if (FINAL.includes(refusal.status)) this.forgetCheckout();
        throw refusal;
      }
    });
  }

  forgetCheckout() {
    sessionStorage.removeItem(ATTEMPT);
  }

  get #attempt() {
    return JSON.parse(sessionStorage.getItem(ATTEMPT));
  }

  set #attempt(attempt) {
    sessionStorage.setItem(ATTEMPT, JSON.stringify(attempt));
  }

  // One after the other: two changes of one quantity must arrive in the order in which they were made.
  #inTurn(work) {
    const turn = this.#last.then(async () => {
      try {
        return await work();
      } finally {
        this.#busy(-1);
      }
    });
    this.#busy(1);
    this.#last = turn.catch(() => {});
    return turn;
  }

  #busy(change) {
    this.busy += change;
    this.dispatchEvent(new Event("busy"));
  }

  async #load() {
    const response = await send("GET", this.url, {});
    this.#take(await response.json(), response);
  }

  #take(data, response) {
    if (data.generated_at < this.data.generated_at) return; // a newer answer has arrived before
    this.data = data;
    this.#etag = response.headers.get("ETag");
    this.dispatchEvent(new Event("change"));
  }
}

// What a shopper agrees to by ordering, as text to compare. It leaves out how many bottles of a wine are left: that
// changes with every order of other shoppers, and the cart's ETag with it.
export function termsOf({ items, delivery_addresses, payment_methods, email, grand_total }) {
  const lines = items.map(({ url, data, total }) => [url, data.wine.id, data.quantity, total]);
  const chosen = [...delivery_addresses, ...payment_methods].filter(({ selected }) => selected);
  return JSON.stringify([lines, chosen, email, grand_total]);
}
