// The orders that wait for their payment. The server decides what becomes of them: this only asks. Knows nothing of the
// page.

import { Refusal, send } from "./requests.js";

const WAITING = "waiting-checkouts";
const KEPT = ["url", "order", "state", "payment_method", "expires_at", "confirm_url", "cancel_url"];

// Seconds between two requests for an order: longer each time, since a shopper who has waited long can wait a bit more.
const PAUSES = [1, 1, 2, 3, 5, 8, 13, 20];

// Dispatches "change" when there is something new to show, and "decided", with the URL of the checkout as `detail`,
// when the server knows how one of them ended.
export class Payments extends EventTarget {
  #entries = new Map((JSON.parse(localStorage.getItem(WAITING)) ?? []).map((entry) => [entry.url, entry]));

  constructor() {
    super();
    for (const url of this.#entries.keys()) this.#watch(url);
  }

  get all() {
    return [...this.#entries.values()];
  }

  get waiting() {
    return this.all.filter(({ state }) => state !== "placed");
  }

  get(url) {
    return this.#entries.get(url);
  }

  // Store what the server says of a checkout, and what the page needs to know of it.
  note(checkout, more = {}) {
    const { url } = checkout;
    const isNew = !this.#entries.has(url);
    this.#entries.set(url, { ...this.#entries.get(url), ...checkout, ...more });
    this.#keep();
    if (isNew) this.#watch(url);
  }

  forget(url) {
    this.#entries.delete(url);
    this.#keep();
  }

  // Have the server ask the provider, and send what the shopper brought from the provider's page.
  confirm({ confirm_url }, data = undefined) {
    return this.#post(confirm_url, data && { data });
  }

  cancel({ cancel_url }) {
    return this.#post(cancel_url);
  }

  async #post(url, body = undefined) {
    const response = await send("POST", url, {}, body);
    return { status: response.status, body: await response.json() };
  }

  // What an order waits for is not stored: it is requested again.
  #keep() {
    localStorage.setItem(WAITING, JSON.stringify(this.waiting, KEPT));
    this.dispatchEvent(new Event("change"));
  }

  async #watch(url) {
    for (let looks = 0; ; looks += 1) {
      await new Promise((resolve) => setTimeout(resolve, 1000 * (PAUSES[looks] ?? PAUSES.at(-1))));
      if (!this.#entries.has(url)) return;
      const { state } = await this.#look(url);
      if (!this.#entries.has(url) || this.get(url).state === "placed") return;
      // Dispatched again after the next request, in case the page is busy now.
      if (state === "placed" || state === "cancelled") this.dispatchEvent(new CustomEvent("decided", { detail: url }));
      else if (state !== this.get(url).state) this.note({ url, state });
    }
  }

  async #look(url) {
    try {
      return await (await send("GET", url)).json();
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      if (refusal.status === 404) this.forget(url);
      return this.get(url) ?? {};
    }
  }
}
