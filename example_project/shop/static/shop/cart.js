// The cart as the server tells it, and the ways to change it. Knows nothing of the page.
//
// `GET /_cart/` is the whole truth. Every write asks for it in its answer, so that one round trip is enough.

const ATTEMPT = "checkout-attempt";
const PATIENCE = 30_000;

// The statuses that say for certain that no order was made, and that the same request would never make one.
const FINAL = [400, 404, 409, 412, 413, 415, 422];

// Whatever is not a success: `status` is that of the answer, 0 when there was none.
export class Refusal extends Error {
  constructor(status, body = null, retryAfter = null) {
    super(`The cart answered ${status}`);
    Object.assign(this, { status, body, retryAfter });
  }
}

// Tells its listeners "change" when there is something new in `data`, and "busy" when `busy` turns.
export class Cart extends EventTarget {
  busy = 0;
  #etag = null;
  #last = Promise.resolve();

  constructor(url, data) {
    super();
    this.url = url;
    this.data = data;
  }

  load() {
    return this.#inTurn(() => this.#load());
  }

  write(method, url, body) {
    return this.#inTurn(async () => {
      const response = await this.#send(method, url, { Prefer: "return=cart" }, body);
      if (response.headers.has("Preference-Applied")) this.#take(await response.json(), response);
      else await this.#load();
    });
  }

  // A checkout that was asked for and whose outcome is not known: the answer was lost, or is not final.
  get isUndecided() {
    return this.#attempt !== null;
  }

  // Order what is in the cart. `mayProceed` is asked when everything before has been written.
  //
  // The key makes the checkout the same one however often it is asked for, so it is kept until the outcome is final;
  // `If-Match` makes it the cart that was shown, prices included, so it is kept with the key.
  checkout(mayProceed) {
    return this.#inTurn(async () => {
      if (this.#etag === null) await this.#load();
      if (!mayProceed()) return null;
      const attempt = this.#attempt ?? { key: crypto.randomUUID(), etag: this.#etag };
      this.#attempt = attempt;
      const headers = { "Idempotency-Key": attempt.key, "If-Match": attempt.etag };
      try {
        const response = await this.#send("POST", this.data.checkout_url, headers);
        const answer = { status: response.status, body: await response.json(), retryAfter: retryAfter(response) };
        if (answer.status === 202) await this.#load();
        this.#attempt = answer.status === 202 ? { ...attempt, isWaiting: true } : null;
        return answer;
      } catch (refusal) {
        if (FINAL.includes(refusal.status)) this.#attempt = null;
        throw refusal;
      }
    });
  }

  get #attempt() {
    const attempt = JSON.parse(sessionStorage.getItem(ATTEMPT));
    // An order that waits has taken the items along: what is in the cart since then is another order.
    return attempt?.isWaiting && this.data.items.length ? null : attempt;
  }

  set #attempt(attempt) {
    if (attempt === null) sessionStorage.removeItem(ATTEMPT);
    else sessionStorage.setItem(ATTEMPT, JSON.stringify(attempt));
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
    const response = await this.#send("GET", this.url, {});
    this.#take(await response.json(), response);
  }

  #take(data, response) {
    if (data.generated_at < this.data.generated_at) return; // overtaken on its way by a newer one
    this.data = data;
    this.#etag = response.headers.get("ETag");
    this.dispatchEvent(new Event("change"));
  }

  async #send(method, url, headers, body) {
    headers = { Accept: "application/json", ...headers };
    if (method !== "GET") headers["X-CSRFToken"] = cookie("csrftoken");
    if (body !== undefined) headers["Content-Type"] = "application/json";
    let response;
    try {
      response = await fetch(url, {
        method,
        headers,
        body: body && JSON.stringify(body),
        signal: AbortSignal.timeout(PATIENCE),
      });
    } catch {
      throw new Refusal(0);
    }
    if (response.ok) return response;
    throw new Refusal(response.status, await response.json().catch(() => null), retryAfter(response));
  }
}

function retryAfter(response) {
  const seconds = Number(response.headers.get("Retry-After"));
  return Number.isFinite(seconds) && seconds > 0 ? seconds : null;
}

function cookie(name) {
  const found = document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}
