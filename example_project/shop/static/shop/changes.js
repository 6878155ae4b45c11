// What each click and each form changes in the cart.

import { Cart } from "./cart.js";
import { Refusal } from "./requests.js";
import { $, clearErrors, complain, isFilledIn, lead, page, say, showCart, showErrors } from "./show.js";
import { shortageOf, shortages } from "./stock.js";
import * as stripe from "./stripe.js";
import { clock, describe, messages, sentence, summary, whatNext } from "./words.js";

export const panel = $("#cart");
const written = $("#cart-data");
export const cart = new Cart(panel.dataset.url, JSON.parse(written.textContent), written.dataset.etag);

// A real provider's script takes the card's number here and hands back such a token: the number never reaches the shop.
const collect = {
  PretendCard: async (form) => ({ card_token: form.elements.card_token.value }),
  StripeCard: async ({ elements: { payment_method, reusable } }) => ({
    payment_method: stripeKey() ? await stripe.collect(stripeKey()) : payment_method.value,
    reusable: Boolean(reusable?.checked),
  }),
};

const saved = {
  address: "The address is saved.",
  payment_method: "The payment method is selected.",
  adjustment: "The coupon is applied.",
};

// Empty where the shop uses Stripe's double.
export function stripeKey() {
  return cart.data.stripe.publishable_key;
}

export function complainOf(problem) {
  if (!(problem instanceof stripe.Problem)) throw problem;
  complain(problem.message);
}

export function reload() {
  return cart.load().then(() => true, () => false);
}

let told = messages(shortages(cart.data));

// What the cart has too little of, if that has changed since the shopper was last told; otherwise empty.
export function newShortage() {
  const before = told;
  told = messages(shortages(cart.data));
  return told === before ? "" : told;
}

// Write, and tell the shopper the result. Resolves to whether it was done.
async function change(method, url, body, done, form = null) {
  try {
    await cart.write(method, url, body);
    $("#problem").hidden = true;
    const short = newShortage();
    if (short) complain(short);
    else say(done());
    return true;
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal;
    if ([404, 409].includes(refusal.status)) {
      await reload();
      newShortage();
    }
    if (form && refusal.status === 400) showErrors(form, refusal.body);
    else complain(sentence(refusal));
    return false;
  }
}

export function addWine({ add, type, wine }, isSoldOut) {
  if (isSoldOut) return complain(`${wine} is sold out.`);
  const body = { type, data: { wine: Number(add), quantity: 1 } };
  return change("POST", cart.data.new_item_url, body, () => `${wine} is in your cart: ${summary(cart.data)}.`);
}

// Resolves to whether it was done.
export async function setQuantity(line, quantity) {
  const input = $("input", line);
  input.value = quantity;
  if (!input.checkValidity()) {
    input.value = line.dataset.quantity;
    complain(`Choose between ${input.min} and ${input.max} bottles.`);
    return false;
  }
  const body = { data: { quantity: Number(input.value) } };
  const isDone = await change("PATCH", line.dataset.url, body, () => `Your cart: ${summary(cart.data)}.`);
  if (!isDone && !cart.busy) input.value = line.dataset.quantity;
  return isDone;
}

// Lower the line to what is left of its wine.
export async function takeWhatIsLeft(line) {
  if (await setQuantity(line, shortageOf(line.dataset.url, cart.data).available)) $("input", line).focus();
}

// Every write to a cart extends the time for which its rare wines are kept, also one that changes nothing.
export async function keepLonger(line) {
  const body = { data: { quantity: Number(line.dataset.quantity) } };
  const name = $(".what a", line).textContent;
  const done = () => `${name} is kept for you until ${clock(cart.data.expires_at)}.`;
  if (await change("PATCH", line.dataset.url, body, done)) $("input", line).focus();
}

export async function removeLine(line) {
  const neighbour = line.nextElementSibling ?? line.previousElementSibling;
  const name = $(".what a", line).textContent;
  const done = () => `${name} was removed. Your cart: ${summary(cart.data)}.`;
  if (!(await change("DELETE", line.dataset.url, undefined, done))) return;
  if (neighbour) $("[data-action=remove]", neighbour).focus();
  else $("#cart-heading").focus();
}

export async function removeCoupon(url) {
  const done = () => `The coupon was removed. Your cart: ${summary(cart.data)}.`;
  if (await change("DELETE", url, undefined, done)) $("#coupon").focus();
}

export async function saveEmail(form) {
  if (!isFilledIn(form)) return;
  const email = form.elements.email.value || null;
  if (email === cart.data.email) return;
  const done = () => `The e-mail address is ${email ? "saved" : "removed"}. ${whatNext(cart.data)}`;
  await change("PATCH", cart.url, { email }, done, form);
}

const saving = new Set();

// A second click is not a second card.
export async function saveOnce(form) {
  if (saving.has(form)) return;
  saving.add(form);
  try {
    await saveForm(form);
  } catch (problem) {
    complainOf(problem);
  } finally {
    saving.delete(form);
  }
}

async function saveForm(form) {
  if (!isFilledIn(form)) return;
  const { kind, type, url } = form.dataset;
  const data = collect[type] ? await collect[type](form) : Object.fromEntries(new FormData(form));
  const done = () => `${saved[kind]} ${whatNext(cart.data)}`;
  if (kind === "payment_method") page.declined = "";
  const isSaved = url
    ? await change("PATCH", url, { data }, done, form)
    : await change("POST", cart.data[`new_${kind}_url`], { type, data }, done, form);
  if (!isSaved) return;
  closeForm(form);
  ($(`input[name=${kind}]:checked`) ?? $("input", form)).focus();
}

export function openForm(form, { url = "", data = {} } = {}) {
  for (const other of panel.querySelectorAll(`form[data-kind=${form.dataset.kind}]`)) closeForm(other);
  page.openForms.add(form.id);
  form.dataset.url = url;
  for (const [name, value] of Object.entries(data)) form.elements[name].value = value;
  $("h4", form).textContent = url ? form.dataset.editTitle : form.dataset.title;
  showCart(cart);
  $("input, select", form)?.focus();
  if (form.contains($("#payment-element"))) showStripe(form);
}

export function closeForm(form) {
  page.openForms.delete(form.id);
  form.reset();
  clearErrors(form);
  form.dataset.url = "";
  if (form.contains($("#payment-element"))) stripe.hide();
  showCart(cart);
}

async function showStripe(form) {
  try {
    await stripe.show($("#payment-element"), cart.data);
  } catch (problem) {
    closeForm(form);
    $(`[data-opens=${form.id}]`).focus();
    complainOf(problem);
  }
}

export function updateStripe() {
  stripe.update(cart.data, $("#stripe-form [name=reusable]")?.checked);
}

export function choose(radio) {
  const { url } = radio.closest("[data-url]").dataset;
  if (radio.name === "payment_method") page.declined = "";
  change("PATCH", url, { selected: true }, () => `Chosen: ${inOneLine(url)}.`);
}

export async function deleteChoice(choice) {
  const { field } = choice.closest("[data-field]").dataset;
  const text = inOneLine(choice.dataset.url);
  const done = () => `Deleted: ${text}. ${whatNext(cart.data)}`;
  if (await change("DELETE", choice.dataset.url, undefined, done)) lead(field);
}

export function choiceAt(url) {
  return [...cart.data.delivery_addresses, ...cart.data.payment_methods].find((entry) => entry.url === url);
}

function inOneLine(url) {
  return describe(choiceAt(url) ?? { type: "" }).replace("\n", ", ");
}
