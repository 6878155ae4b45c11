// Cards through Stripe: the form, the bank's questions to the shopper, and saved cards. Knows nothing of the page.
// `stripe` is what Stripe(cart.stripe.publishable_key) returned, `cart` is the object of GET /_cart/.

import { resume, send } from "./checkout.js";

// Show the form in `place`, an element or a selector. Stripe's own frame takes the number.
export function mountForm(stripe, cart, place) {
  const elements = stripe.elements({
    mode: "payment",
    amount: inMinorUnits(cart.grand_total, cart.currency),
    currency: cart.currency.toLowerCase(),
    captureMethod: cart.stripe.capture_method,
    paymentMethodTypes: ["card"],
    paymentMethodCreation: "manual",
  });
  elements.create("payment").mount(place);
  return elements;
}

// Send the card that was typed in, which selects it in the cart. `remember` says whether it is kept for next time.
export async function addCard(stripe, elements, cart, remember = false) {
  const incomplete = await submit(elements, remember);
  if (incomplete) return refusal(incomplete);
  const { error, paymentMethod } = await stripe.createPaymentMethod({ elements });
  return error ? refusal(error) : keep(cart, { payment_method: paymentMethod.id, reusable: remember });
}

// The same with a confirmation token, which also holds what the shopper chose beside the card.
// It is made of a form without paymentMethodCreation.
export async function addConfirmationToken(stripe, elements, cart, remember = false) {
  const incomplete = await submit(elements, remember);
  if (incomplete) return refusal(incomplete);
  const { error, confirmationToken } = await stripe.createConfirmationToken({ elements });
  return error ? refusal(error) : keep(cart, { confirmation_token: confirmationToken.id, reusable: remember });
}

// Do what the answer 202 to a checkout asks for, then ask the server for the result. Null: the browser leaves the page.
export async function authenticate(stripe, { info, checkout }) {
  const page = info.next_action?.redirect_to_url?.url;
  if (page) {
    location.assign(page);
    return null;
  }
  const step =
    info.type === "confirm"
      ? stripe.confirmCardPayment(info.client_secret, { payment_method: info.payment_method })
      : stripe.handleNextAction({ clientSecret: info.client_secret });
  await step.catch(() => {}); // the server asks Stripe itself
  return resume({ pending_checkout: checkout });
}

// The cards of this shopper, to choose from.
export function savedCards(cart) {
  return cart.payment_methods.filter(({ type, data }) => type === "StripeCard" && data.reusable);
}

export function choose(card) {
  return send("PATCH", card.url, { selected: true }, { Prefer: "return=cart" });
}

// Remove a card from the list. Stripe forgets it too.
export function remove(card) {
  return send("DELETE", card.url, undefined, { Prefer: "return=cart" });
}

// Save a card without buying anything, in two steps: show the form ...
export async function mountSetupForm(stripe, cart, place) {
  const { status, body } = await send("POST", cart.stripe.setup_url);
  if (status !== 201) return null; // not signed in, or too often
  const elements = stripe.elements({ clientSecret: body.client_secret });
  elements.create("payment").mount(place);
  return elements;
}

// ... and save what was typed in. The bank asks the shopper in the page, or sends them back to `returnUrl`.
export async function saveCard(stripe, elements, cart, returnUrl) {
  const options = { elements, confirmParams: { return_url: returnUrl }, redirect: "if_required" };
  const { error, setupIntent } = await stripe.confirmSetup(options);
  return error ? refusal(error) : keep(cart, { payment_method: setupIntent.payment_method, reusable: true });
}

// On the page of `returnUrl`: save the card that the bank has agreed to. Null: the shopper does not come from a bank.
export async function saveReturnedCard(stripe, cart) {
  const clientSecret = new URLSearchParams(location.search).get("setup_intent_client_secret");
  if (!clientSecret) return null;
  const { error, setupIntent } = await stripe.retrieveSetupIntent(clientSecret);
  if (error) return refusal(error);
  if (setupIntent.status !== "succeeded") return refusal(setupIntent.last_setup_error ?? {});
  return keep(cart, { payment_method: setupIntent.payment_method, reusable: true });
}

// Let the form show what it lacks, and tell the shopper what becomes of a card that is kept.
async function submit(elements, remember) {
  elements.update({ setupFutureUsage: remember ? "off_session" : null });
  return (await elements.submit()).error;
}

function keep(cart, data) {
  return send("POST", cart.new_payment_method_url, { type: "StripeCard", data });
}

// A refusal of Stripe.js, in the shape of the server's.
function refusal({ message = "This card could not be used." }) {
  return { status: 400, body: { payment_method: [message] } };
}

// The amount as wallets show it. The server decides what is charged.
// Source: https://docs.stripe.com/currencies
const WITHOUT_DECIMALS = "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split(" ");
const WITH_THREE = "BHD JOD KWD OMR TND".split(" ");

export function inMinorUnits(total, currency) {
  const places = WITHOUT_DECIMALS.includes(currency) ? 0 : WITH_THREE.includes(currency) ? 3 : 2;
  const [whole, part = ""] = total.split(".");
  return Number(whole + part.padEnd(places, "0").slice(0, places));
}
