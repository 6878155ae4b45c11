// Cards at Stripe, in the fields of its own script: a card's number goes from there to Stripe and never to the shop.
// Knows neither the cart nor the page.

const SCRIPT = "https://js.stripe.com/clover/stripe.js";

let loading = null;
let elements = null;

// A reason why a card cannot be used: the message is for the shopper.
export class Problem extends Error {}

// Show the fields for a card in `container`, for the cart in `data`.
export async function show(container, data) {
  const stripe = await load(data.stripe.publishable_key);
  if (elements || !container.checkVisibility()) return; // closed in the meantime
  elements = stripe.elements({
    mode: "payment",
    amount: units(data),
    currency: data.currency.toLowerCase(),
    captureMethod: data.stripe.capture_method,
    paymentMethodTypes: ["card"],
    paymentMethodCreation: "manual",
    appearance: appearance(),
  });
  const fields = elements.create("payment");
  fields.on("ready", () => fields.focus());
  fields.mount(container);
}

// Remove the fields, with what was typed.
export function hide() {
  elements?.getElement("payment").destroy();
  elements = null;
}

// The fields show what the card is charged with now, and that it is kept.
export function update(data, isKept) {
  elements?.update({ amount: units(data), setupFutureUsage: isKept ? "off_session" : null });
}

// Hand what was typed to Stripe, and return the name that it gives the card.
export async function collect(key) {
  const stripe = await load(key);
  const submitted = await elements.submit();
  if (submitted.error) throw new Problem(submitted.error.message);
  const { paymentMethod, error } = await stripe.createPaymentMethod({ elements });
  if (error) throw new Problem(error.message);
  return paymentMethod.id;
}

// Have the shopper do what their bank asks for. Resolves when that is done, and not if the bank opens its own page.
export async function approve({ type, client_secret, next_action, payment_method }, key) {
  if (!key) {
    location.assign(next_action.redirect_to_url.url);
    return new Promise(() => {});
  }
  const stripe = await load(key);
  const { error } = await (type === "confirm"
    ? stripe.confirmCardPayment(client_secret, { payment_method })
    : stripe.handleNextAction({ clientSecret: client_secret }));
  // The server reports a card that the bank has refused.
  if (error && error.payment_intent?.status !== "requires_payment_method") throw new Problem(error.message);
}

// Stripe's script is fetched when it is first needed: the shop works without it.
function load(key) {
  loading ??= new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement("script"), { src: SCRIPT });
    script.addEventListener("load", () => resolve(globalThis.Stripe(key)));
    script.addEventListener("error", () => {
      loading = null;
      reject(new Problem("Stripe cannot be reached. Check your connection, then try again, or pay in another way."));
    });
    document.head.append(script);
  });
  return loading;
}

// Stripe counts in the smallest unit of the currency. It does not accept zero, which is what an empty cart costs.
function units({ grand_total, currency }) {
  const { maximumFractionDigits } = new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions();
  return Math.max(1, Math.round(Number(grand_total) * 10 ** maximumFractionDigits));
}

function appearance() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    theme: matchMedia("(prefers-color-scheme: dark)").matches ? "night" : "stripe",
    variables: {
      colorPrimary: colour("accent"),
      colorBackground: colour("card"),
      colorText: colour("ink"),
      colorTextSecondary: colour("soft"),
      colorDanger: colour("bad"),
      borderRadius: "8px",
    },
  };
}
