// Asking the service. Where it wants a token, the page asks for it once and keeps it in this tab.

import { byId, show } from "./elements.js";

const KEPT = "frenkel-token";

export class Refused extends Error {
  constructor(status, error) {
    super(error.message);
    this.status = status;
    this.code = error.code;
    this.field = error.field;
  }
}

let asking = null; // one dialog for all questions that wait for the token

export async function post(path, body, signal) {
  const content = { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" }, signal };
  return answered(path, content);
}

export async function get(path, signal) {
  return answered(path, { headers: {}, signal });
}

export function hasToken() {
  return sessionStorage.getItem(KEPT) !== null;
}

async function answered(path, content) {
  for (let wrong = false; ; wrong = true) {
    const token = sessionStorage.getItem(KEPT);
    const headers = token ? { ...content.headers, Authorization: `Bearer ${token}` } : content.headers;
    let response;
    try {
      response = await fetch(path, { ...content, headers });
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Refused(0, { code: "unreachable", message: "the service does not answer; is it still running?", field: null });
    }
    if (response.status === 401) {
      if (sessionStorage.getItem(KEPT) === token) {
        sessionStorage.removeItem(KEPT);
        await tokenAsked(wrong && token !== null);
      }
      continue;
    }
    const body = await response.json();
    if (!response.ok) throw new Refused(response.status, body.error);
    return body;
  }
}

function tokenAsked(wrong) {
  asking ??= new Promise((resolve, reject) => {
    const dialog = byId("token-dialog");
    show(byId("token-fault"), wrong);
    byId("token").value = "";
    const closed = () => {
      const token = byId("token").value.trim();
      asking = null;
      if (token) {
        sessionStorage.setItem(KEPT, token);
        resolve();
      } else reject(new Refused(401, { code: "unauthorized", message: "this service answers with a token only", field: null }));
    };
    dialog.addEventListener("close", closed, { once: true });
    dialog.showModal();
  });
  return asking;
}
