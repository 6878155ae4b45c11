// One request and its answer. Knows neither the cart nor the page.

const PATIENCE = 30_000;

// A request that failed: `status` is that of the answer, 0 without an answer.
export class Refusal extends Error {
  constructor(status, body = null, retryAfter = null) {
    super(`The shop answered ${status}`);
    Object.assign(this, { status, body, retryAfter });
  }
}

export async function send(method, url, headers = {}, body = undefined) {
  headers = { Accept: "application/json", ...headers };
  if (method !== "GET") headers["X-CSRFToken"] = cookie("csrftoken");
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(url, {
      method,
      headers,
      body: body && JSON.stringify(body),
      cache: "no-store", // the browser's copy may be older than the data in the page
      signal: AbortSignal.timeout(PATIENCE),
    });
  } catch {
    throw new Refusal(0);
  }
  if (response.ok) return response;
  throw new Refusal(response.status, await response.json().catch(() => null), retryAfter(response));
}

function retryAfter(response) {
  const seconds = Number(response.headers.get("Retry-After"));
  return Number.isFinite(seconds) && seconds > 0 ? seconds : null;
}

function cookie(name) {
  const found = document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}
