// What the page shows: the cart, the errors of a form, and notices. It sends no requests.

import { keptFor, shortageOf } from "./stock.js";
import { describe, firstMessage, kept, money, orderTitle, shortage, summary, whatOfOrder, wineName } from "./words.js";

// What the shopper is doing, as far as the cart does not have it.
export const page = { openForms: new Set(), declined: "", isPlacing: false };

const stepNames = { items: "Wines", delivery: "Delivery", payment: "Payment", review: "Review" };
const stepStates = { done: "done", current: "to do now", todo: "to do" };

export function $(selector, root = document) {
  return root.querySelector(selector);
}

export function showCart({ data, busy }) {
  showList($("#items"), data.items, "line-template", (element, item) => showLine(element, item, data, busy));
  showTotals(data);
  showChoices("address", $("#addresses"), data.delivery_addresses, busy);
  showChoices("payment_method", $("#payment-methods"), data.payment_methods, busy);
  showForm("address-form", data.delivery_addresses.length === 0);
  showForm("card-form", data.payment_methods.length === 0 && !page.openForms.has("stripe-form"));
  showForm("stripe-form", false);
  $("#wallet-form").hidden = data.payment_methods.some(({ type }) => type === "PretendWallet");
  showEmail(data.email);
  showReasons(data.incomplete_reasons);
  showSteps(data.checkout_steps);
  showCounts(data.items);
  $("#cart-link [data-summary]").textContent = summary(data);
  $("#checkout").textContent = checkoutLabel(data);
  $("#checkout").setAttribute("aria-disabled", page.isPlacing);
}

// Make `list` show `entries`. An entry keeps its element, so that the focus stays where it is.
function showList(list, entries, template, show) {
  const known = new Map([...list.children].map((element) => [element.dataset.url, element]));
  entries.forEach((entry, position) => {
    const element = known.get(entry.url) ?? $(`#${template}`).content.firstElementChild.cloneNode(true);
    known.delete(entry.url);
    element.dataset.url = entry.url;
    if (list.children[position] !== element) list.insertBefore(element, list.children[position] ?? null);
    show(element, entry);
  });
  for (const element of known.values()) element.remove();
}

// The orders that wait for their payment. While the cart is empty there is nothing else to do.
export function showPayments({ all, waiting }, { items }) {
  showList($("#waiting"), all, "waiting-template", showPayment);
  $("#payments").hidden = all.length === 0;
  $("#cart").classList.toggle("only-waits", waiting.length > 0 && items.length === 0);
}

function showPayment(element, entry) {
  const { order, url, state, action, isBusy, isPending, isDuplicate, href } = entry;
  const isPaid = state === "placed";
  const isElsewhere = !isPaid && Boolean(action?.key);
  const reference = $("input", element);
  $("h3", element).textContent = orderTitle(entry);
  $("[data-said]", element).textContent = whatOfOrder(entry);
  $("dl", element).hidden = !isElsewhere;
  $("[data-pay]", element).hidden = !isElsewhere;
  $("form", element).hidden = !isElsewhere;
  if (isElsewhere) {
    $("[data-amount]", element).textContent = money(action.amount, action.currency);
    $("[data-key]", element).textContent = action.key;
    $("[data-pay]", element).href = action.url;
    reference.id = `reference-${order}`;
    reference.setAttribute("aria-describedby", `${reference.id}-error`);
    $("label", element).htmlFor = reference.id;
    $(".error", element).id = `${reference.id}-error`;
  }
  $("[data-order]", element).hidden = !isPaid;
  if (href) $("[data-order]", element).href = href;
  $("[data-action=goOn]", element).hidden = isPaid || isElsewhere;
  $("[data-action=goOn]", element).textContent = isPending ? "Look again now" : "Go on with the payment";
  $("[data-action=orderAgain]", element).hidden = !isDuplicate;
  $("[data-action=giveUp]", element).hidden = isPaid || state === "unknown";
  $("[data-action=forget]", element).hidden = !isPaid;
  for (const button of element.querySelectorAll("button")) {
    button.dataset.checkout = url;
    button.setAttribute("aria-disabled", Boolean(isBusy));
  }
}

// Put the focus on an order that waits, so that screen readers say what to do.
export function leadToPayment(url) {
  const element = elementAt($("#waiting"), url);
  if (element) $("h3", element).focus();
}

function showLine(line, { data: { wine, quantity }, total, url }, cart, busy) {
  const { currency } = cart;
  const name = wineName(wine);
  const input = $("input", line);
  $("img", line).src = wine.images.thumb_url;
  $(".what a", line).textContent = name;
  $(".what a", line).href = wine.url;
  $(".what p", line).textContent = `${wine.merchant.name}, ${money(wine.unit_price, currency)} each`;
  $(".amount", line).textContent = money(total, currency);
  $("[data-action=remove] span", line).textContent = ` ${name}`;
  $("[role=group]", line).setAttribute("aria-label", `Bottles of ${name}`);
  input.setAttribute("aria-label", `Number of bottles of ${name}`);
  // While a change is sent or typed, the line shows what the shopper wants rather than what the server last said.
  if (!busy && (document.activeElement !== input || line.dataset.quantity !== String(quantity))) input.value = quantity;
  line.dataset.quantity = quantity;
  $("[data-action=less]", line).setAttribute("aria-disabled", Number(input.value) <= Number(input.min));
  $("[data-action=more]", line).setAttribute("aria-disabled", Number(input.value) >= Number(input.max));
  showShortage(line, name, shortageOf(url, cart));
  showKept(line, name, wine, cart);
}

// Beside a line: that less is left than it asks for, and a button that takes what is left.
function showShortage(line, name, short) {
  const reason = $("[data-short] .reason", line);
  const take = $("[data-action=take]", line);
  $("[data-short]", line).hidden = !short;
  reason.id = `short-${line.dataset.url.replace(/\D/g, "")}`;
  reason.textContent = short ? shortage(short.available) : "";
  take.hidden = !short?.available;
  const ofWhat = make("span", { className: "visually-hidden", textContent: ` of ${name}` });
  take.replaceChildren(`Take ${short?.available}`, ofWhat);
  $("input", line).setAttribute("aria-describedby", reason.id);
}

// Beside a line of a rare wine: until when it is kept and, after that time, a button that keeps it again.
function showKept(line, name, wine, cart) {
  const isKept = keptFor(cart) > 0;
  $("[data-kept]", line).hidden = !wine.is_kept_in_cart || !$("[data-short]", line).hidden;
  $("[data-kept] .hint", line).textContent = kept(cart.expires_at, isKept);
  $("[data-action=keep]", line).hidden = isKept;
  $("[data-action=keep] span", line).textContent = ` ${name}`;
}

// What other shoppers buy shows on the page too, not only in the cart.
export function showStock(wines, cart) {
  for (const [id, { left, scarcity }] of Object.entries(wines)) {
    const isMine = cart.items.some(({ data, url }) => data.wine?.id === Number(id) && !shortageOf(url, cart));
    for (const note of document.querySelectorAll(`[data-scarcity="${id}"]`)) note.textContent = scarcity;
    for (const count of document.querySelectorAll(`[data-left="${id}"]`)) count.textContent = left ?? "Plenty";
    for (const button of document.querySelectorAll(`[data-add="${id}"]`)) {
      if (left === 0) button.setAttribute("aria-disabled", "true");
      else button.removeAttribute("aria-disabled");
      $("[data-label]", button).textContent = left !== 0 ? "Add to cart" : isMine ? "No more left" : "Sold out";
    }
  }
}

function showTotals({ items, adjustments, charges, subtotal, grand_total, currency }) {
  const added = charges.filter((charge) => !charge.included);
  const included = charges.filter((charge) => charge.included);
  const rows = [
    ["Wines", subtotal],
    ...adjustments.map(({ data, total, url }) => [`Coupon ${data.code}`, total, "", removeButton(data.code, url)]),
    ...added.map(({ label, total }) => [label, total]),
    ["Total", grand_total, "grand"],
    ...included.map(({ label, total }) => [`including ${label} of`, total, "included"]),
  ];
  const focused = $("#totals :focus")?.dataset.url;
  $("#totals").replaceChildren(...(items.length ? rows : []).map(([label, amount, className = "", ...more]) => {
    const row = make("div", { className });
    row.append(make("dt", { textContent: label }, ...more), make("dd", { textContent: money(amount, currency) }));
    return row;
  }));
  if (focused) $(`#totals [data-url="${focused}"]`)?.focus();
}

function removeButton(code, url) {
  const button = make("button", { type: "button", className: "as-link", textContent: "Remove" });
  Object.assign(button.dataset, { action: "removeCoupon", url });
  button.append(make("span", { className: "visually-hidden", textContent: ` coupon ${code}` }));
  return button;
}

function showChoices(kind, list, entries, busy) {
  showList(list, entries, "choice-template", (choice, entry) => {
    const text = describe(entry);
    $("input", choice).name = kind;
    if (!busy) $("input", choice).checked = entry.selected;
    $("[data-text]", choice).textContent = text;
    $("[data-action=edit]", choice).hidden = kind !== "address";
    for (const what of choice.querySelectorAll("button span")) what.textContent = ` ${text.replace("\n", ", ")}`;
  });
}

function showForm(id, isNeeded) {
  const isOpen = isNeeded || page.openForms.has(id);
  const opener = $(`[data-opens=${id}]`);
  $(`#${id}`).hidden = !isOpen;
  opener.hidden = isOpen;
  opener.setAttribute("aria-expanded", isOpen);
  $(`[data-closes=${id}]`).hidden = isNeeded;
}

function showEmail(email) {
  const field = $("#email");
  if (field && document.activeElement !== field && !field.hasAttribute("aria-invalid")) field.value = email ?? "";
}

// Each reason is shown beside what it is about, and all of them beside the button to order. A line shows its own.
function showReasons(reasons) {
  for (const part of document.querySelectorAll("#cart [data-field]")) {
    const own = reasons.filter(({ field, data }) => field === part.dataset.field && !data?.item);
    const said = own.map(({ message }) => message);
    if (part.dataset.field === "payment_method" && page.declined) said.push(page.declined);
    $(":scope > .reason", part).textContent = said.join(" ");
  }
  $("#reasons ul").replaceChildren(...reasons.map(({ field, message, data }) => {
    const link = make("a", { href: "#cart", textContent: message });
    Object.assign(link.dataset, { leadsTo: field, item: data?.item ?? "" });
    return make("li", {}, link);
  }));
  $("#reasons").hidden = reasons.length === 0;
}

function showSteps(steps) {
  $("#steps").replaceChildren(...steps.map(({ name, state }) => {
    const words = make("span", { className: "visually-hidden", textContent: `: ${stepStates[state] ?? state}` });
    const item = make("li", { textContent: stepNames[name] ?? name }, words);
    item.dataset.state = state;
    return item;
  }));
}

function showCounts(items) {
  for (const note of document.querySelectorAll("[data-in-cart]")) {
    const own = items.filter(({ data }) => data.wine?.id === Number(note.dataset.inCart));
    const bottles = own.reduce((sum, { data }) => sum + data.quantity, 0);
    note.hidden = bottles === 0;
    note.textContent = `${bottles} in your cart`;
  }
}

function checkoutLabel({ items, grand_total, currency }) {
  if (page.isPlacing) return "Placing the order…";
  return items.length ? `Place the order and pay ${money(grand_total, currency)}` : "Place the order";
}

// ------------------------------------------------------------------------------------------------------------ notices

let quiet;

// Show a success. It disappears after a while.
export function say(text) {
  complain("");
  $("#status").textContent = text;
  clearTimeout(quiet);
  quiet = setTimeout(() => say(""), 8000);
}

// Show a failure. It stays until the shopper dismisses it, or something succeeds.
export function complain(text) {
  clearTimeout(quiet);
  $("#status").textContent = "";
  const dismiss = make("button", { type: "button", className: "as-link", textContent: "Dismiss" });
  dismiss.dataset.action = "dismiss";
  $("#alert").replaceChildren(...(text ? [make("span", { textContent: text }), dismiss] : []));
}

// Show above the button why the order cannot be placed. Screen readers read it out, since it takes the focus.
export function showProblem(title, text) {
  const problem = $("#problem");
  problem.replaceChildren(make("strong", { textContent: title }), ` ${text}`);
  problem.hidden = false;
  problem.focus();
}

// Put the focus on the control for `field`, or for the line of the cart at `item`.
export function lead(field, item = "") {
  if (item) return leadToLine(item);
  const controls = document.querySelectorAll(`[data-field="${field}"] :is(input, select)`);
  const control = field === "items" ? null : [...controls].find((one) => one.checkVisibility());
  (control ?? $("#cart-heading")).focus();
}

function leadToLine(url) {
  const line = elementAt($("#items"), url);
  const take = $("[data-action=take]", line);
  (take.hidden ? $("[data-action=remove]", line) : take).focus();
}

function elementAt(list, url) {
  return [...list.children].find((element) => element.dataset.url === url);
}

// ------------------------------------------------------------------------------------------------------------ forms

export function setError(field, text) {
  const message = $(`#${field.getAttribute("aria-describedby")}`);
  message.textContent = text;
  message.hidden = !text;
  if (text) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
}

export function clearErrors(form) {
  for (const field of form.querySelectorAll(".field :is(input, select)")) setError(field, "");
}

// Show the server's errors: beside their fields, or as a notice where there is no such field.
export function showErrors(form, errors) {
  for (const [name, messages] of Object.entries(errors ?? {})) {
    const field = form.elements.namedItem(name);
    if (field) setError(field, firstMessage(messages));
    else complain(firstMessage(messages));
  }
  $("[aria-invalid]", form)?.focus();
}

// Show the errors that the browser can find alone. Returns whether there are none.
export function isFilledIn(form) {
  clearErrors(form);
  for (const field of form.querySelectorAll(".field :is(input, select)")) {
    field.value = field.value.trim();
    const { valid, valueMissing } = field.validity;
    const { missing, wrong } = field.dataset;
    if (!valid) setError(field, (valueMissing ? missing : wrong) ?? field.validationMessage);
  }
  $("[aria-invalid]", form)?.focus();
  return !$("[aria-invalid]", form);
}

function make(name, properties, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}
