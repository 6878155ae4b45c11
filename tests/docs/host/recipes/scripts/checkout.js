// Checking out, with the steps that a payment needs in between. Knows nothing of the page.

const WAITING = "checkout-waiting";
const WAITS = [1, 1, 2, 3, 5, 8, 10];

// Order what is in the cart. Retry a checkout with the same `key`.
export async function checkOut(cart, key) {
  return settle(await send("POST", cart.checkout_url, undefined, { "Idempotency-Key": key }));
}

// Go on after a reload, or on the page that the provider sends the shopper back to. Null: nothing is in flight.
export async function resume(cart) {
  const url = sessionStorage.getItem(WAITING) ?? cart.pending_checkout?.confirm_url;
  return url ? settle(await send("POST", url)) : null;
}

// Give the provider's answer to the server, such as the reference of a payment made elsewhere.
export async function report(checkout, data) {
  return settle(await send("POST", checkout.confirm_url, { data }));
}

// Cancel the checkout. Do not wait for the result with resume(): that would ask for the payment again.
export async function giveUp(checkout) {
  return forgetIfOver(await send("POST", checkout.cancel_url));
}

// Wait until the shopper or the staff have to act, or the checkout is over.
async function settle(answer) {
  for (const seconds of WAITS) {
    if (answer.status !== 202) break;
    const { reason, checkout } = answer.body;
    sessionStorage.setItem(WAITING, checkout.confirm_url);
    if (reason === "action_required" || answer.body.duplicate || checkout.state === "unknown") return answer;
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    answer = await send("POST", checkout.confirm_url);
  }
  return forgetIfOver(answer);
}

function forgetIfOver(answer) {
  if ([200, 404, 422].includes(answer.status)) sessionStorage.removeItem(WAITING);
  return answer;
}

export async function send(method, url, body = undefined, headers = {}) {
  const response = await fetch(url, {
    method,
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken(), ...headers },
    body: body && JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

function csrfToken() {
  return document.cookie.match(/(?:^|; )csrftoken=([^;]*)/)?.[1] ?? "";
}
